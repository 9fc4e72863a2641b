package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mathext"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// columnQuantiles are a column's values at evenly spaced shares of the training
// rows, ascending; none where there was no value.
type columnQuantiles struct {
	Name      string   `json:"name"`
	Quantiles []number `json:"quantiles"`
}

// quantileState is the fitted feature_scaler of the method quantile: it maps a
// value to its share of the training rows, as scikit-learn's
// QuantileTransformer without subsampling.
type quantileState struct {
	Method  string            `json:"method"`
	Output  string            `json:"output"`
	Columns []columnQuantiles `json:"columns"`
}

// reference is the share that the k-th of n quantiles stands for.
func reference(k, n int) float64 {
	if n == 1 {
		return 0
	}
	return float64(k) / float64(n-1)
}

// fitQuantiles learns columns' quantiles; all rows are looked at.
func fitQuantiles(ctx context.Context, columns []*table.Column, params scalerParams) (Transformer, error) {
	out := &quantileState{Method: "quantile", Output: params.OutputDistribution, Columns: make([]columnQuantiles, len(columns))}
	err := each(ctx, len(columns), func(i int) error {
		c := columns[i]
		if err := checkSummable(c); err != nil {
			return err
		}
		out.Columns[i].Name = c.Name()
		sorted := sortedPresent(c.Floats())
		if len(sorted) == 0 {
			return nil
		}
		n := max(1, min(params.NQuantiles, c.Len()))
		quantiles := make([]number, n)
		for k := range quantiles {
			quantiles[k] = number(quantile(sorted, reference(k, n)))
			if k > 0 { // rounding may have turned two neighbours round
				quantiles[k] = max(quantiles[k], quantiles[k-1])
			}
		}
		out.Columns[i].Quantiles = slices.Clip(quantiles)
		return nil
	})
	return out, err
}

// boundsThreshold is how near to an end of the distribution a value counts as
// the end, and how far from 0 and 1 the shares stay that become normal.
const boundsThreshold = 1e-7

// share of training rows below v. Of a run of equal quantiles it is the middle.
func (q columnQuantiles) share(v float64) float64 {
	n := len(q.Quantiles)
	after := sort.Search(n, func(k int) bool { return float64(q.Quantiles[k]) > v })
	from := sort.Search(n, func(k int) bool { return float64(q.Quantiles[k]) >= v })
	switch {
	case from == n:
		return 1
	case after == 0:
		return 0
	case from < after: // equal to at least one
		return (reference(from, n) + reference(after-1, n)) / 2
	}
	low, high := float64(q.Quantiles[after-1]), float64(q.Quantiles[after])
	return reference(after-1, n) + (reference(after, n)-reference(after-1, n))*((v-low)/(high-low))
}

func (q columnQuantiles) transform(v float64, normal bool) float64 {
	if math.IsNaN(v) || len(q.Quantiles) == 0 {
		return math.NaN()
	}
	low, high := float64(q.Quantiles[0]), float64(q.Quantiles[len(q.Quantiles)-1])
	margin := 0.0
	if normal {
		margin = boundsThreshold
	}
	share := q.share(v)
	switch { // the lower end wins where both are near, as with one value only
	case normal && v-margin < low || !normal && v == low:
		share = 0
	case normal && v+margin > high || !normal && v == high:
		share = 1
	}
	if !normal {
		return share
	}
	least := boundsThreshold - (math.Nextafter(1, 2) - 1)
	return mathext.NormalQuantile(min(max(share, least), 1-least))
}

// Transform maps values to shares or normal deviates.
func (s *quantileState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return in.mapNumbers(ctx, "feature_scaler", names, func(i int, v float64) float64 {
		return s.Columns[i].transform(v, s.Output == "normal")
	})
}

// MarshalJSON gives the state.
func (s *quantileState) MarshalJSON() ([]byte, error) {
	type plain quantileState
	return json.Marshal((*plain)(s))
}

func loadQuantiles(state json.RawMessage) (Transformer, error) {
	type plain quantileState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if s.Output != "uniform" && s.Output != "normal" {
		return nil, fmt.Errorf("unknown output %q", shorten(s.Output))
	}
	if err := checkNames(s.Columns, func(c columnQuantiles) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if !slices.IsSorted(c.Quantiles) || slices.ContainsFunc(c.Quantiles, func(q number) bool { return math.IsInf(float64(q), 0) }) {
			return nil, fmt.Errorf("column %q: the quantiles must be finite and ascending", shorten(c.Name))
		}
	}
	return (*quantileState)(&s), nil
}
