package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"mlops/runner/config"
	"mlops/runner/table"
)

// scalerParams are the parameters of feature_scaler.
type scalerParams struct {
	// Method of scaling: standard, (x − mean) / standard deviation.
	Method string `yaml:"method" enum:"standard"`
	// Columns to scale; not given: every numeric column that does not hold label
	// codes, whose distances mean nothing. A column of codes that is named is
	// scaled and no longer counts as categorical.
	Columns []string `yaml:"columns"`
}

type featureScaler struct {
	step   config.Step
	params scalerParams
}

func newFeatureScaler(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, scalerParams{Method: "standard"})
	if err != nil {
		return nil, err
	}
	return &featureScaler{step: step, params: params}, nil
}

// columnScale maps x to (x − Mean) / Scale.
type columnScale struct {
	Name  string `json:"name"`
	Mean  number `json:"mean"`
	Scale number `json:"scale"`
}

// scalerState is the fitted step.
type scalerState struct {
	Method  string        `json:"method"`
	Columns []columnScale `json:"columns"`
}

// Fit learns each column's mean and population standard deviation, as
// scikit-learn's StandardScaler does; the scale of a constant column is 1.
func (s *featureScaler) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns := slices.DeleteFunc(slices.Clone(in.Table.Columns()), func(c *table.Column) bool {
		return c.Kind() != table.Float64 || in.Categorical[c.Name()]
	})
	if s.params.Columns != nil {
		var err error
		if columns, err = pick(s.step, s.params.Columns, in.Table); err != nil {
			return nil, err
		}
		for i, c := range columns {
			if c.Kind() != table.Float64 {
				return nil, s.step.ErrorAt(fmt.Sprintf("columns[%d]", i), "column %q holds text; encode it before scaling, or leave it out", c.Name())
			}
		}
	}
	out := &scalerState{Method: s.params.Method, Columns: make([]columnScale, len(columns))}
	err := each(ctx, len(columns), func(i int) error {
		var err error
		out.Columns[i], err = fitScale(columns[i])
		return err
	})
	return out, err
}

func fitScale(c *table.Column) (columnScale, error) {
	out := columnScale{Name: c.Name(), Mean: 0, Scale: 1}
	if err := checkSummable(c); err != nil {
		return out, err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range c.Floats() {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case low > high: // no value
		return out, nil
	case low == high:
		out.Mean = number(plusZero(low))
		return out, nil
	}
	m := mean(c.Floats())
	squares, count := exactSum(c.Floats(), func(v float64) float64 { return (v - m) * (v - m) })
	variance := squares / float64(count)
	out.Mean = number(m)
	if deviation := math.Sqrt(variance); deviation > 0 { // 0 where squares underflow
		out.Scale = number(deviation)
	}
	return out, nil
}

// Transform scales.
func (s *scalerState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	scaled := make([]*table.Column, len(s.Columns))
	err := each(ctx, len(scaled), func(i int) error {
		c, err := column(in, s.Columns[i].Name)
		if err != nil {
			return err
		}
		if c.Kind() != table.Float64 {
			return &StateError{Part: "feature_scaler", Reason: fmt.Sprintf("column %q holds text", c.Name())}
		}
		shift, scale := float64(s.Columns[i].Mean), float64(s.Columns[i].Scale)
		values := make([]float64, c.Len())
		for j, v := range c.Floats() {
			values[j] = (v - shift) / scale
		}
		scaled[i] = table.NewFloat64(c.Name(), values, nil)
		return nil
	})
	if err != nil {
		return Frame{}, err
	}
	out, err := in.With(scaled...)
	if err != nil {
		return Frame{}, err
	}
	out.Categorical = maps.Clone(in.Categorical)
	for _, c := range s.Columns {
		delete(out.Categorical, c.Name)
	}
	return out, nil
}

// MarshalJSON gives the state.
func (s *scalerState) MarshalJSON() ([]byte, error) {
	type plain scalerState
	return json.Marshal((*plain)(s))
}

func loadFeatureScaler(state json.RawMessage) (Transformer, error) {
	type plain scalerState
	var s plain
	if err := strictJSON(state, &s); err != nil {
		return nil, err
	}
	if s.Method != "standard" {
		return nil, fmt.Errorf("unknown method %q", s.Method)
	}
	seen := map[string]bool{}
	for _, c := range s.Columns {
		if c.Name == "" || seen[c.Name] {
			return nil, fmt.Errorf("column %q is without a name or given twice", c.Name)
		}
		seen[c.Name] = true
		if !(c.Scale > 0) || math.IsInf(float64(c.Scale), 0) || math.IsInf(float64(c.Mean), 0) {
			return nil, fmt.Errorf("column %q: the scale must be above 0 and finite, the mean finite", c.Name)
		}
	}
	return (*scalerState)(&s), nil
}
