package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// clipParams are the parameters of outlier_clip.
type clipParams struct {
	// Method of finding the bounds: iqr, quartiles ∓ factor × their distance
	// (Tukey, "Exploratory Data Analysis", 1977); zscore, mean ∓ factor × standard
	// deviation; quantile, the quantiles lower and upper; fixed, lower and upper
	// themselves.
	Method string `yaml:"method" enum:"iqr|zscore|quantile|fixed" doc:"How the bounds are found: iqr, quartiles ∓ factor × their distance; zscore, mean ∓ factor × standard deviation; quantile, the quantiles lower and upper; fixed, lower and upper themselves."`
	// Columns to clip; not given: every numeric column that does not hold label
	// codes.
	Columns []string `yaml:"columns" doc:"Columns to clip; not given: every column of numbers that does not hold label codes." example:"[fare]"`
	// Factor of iqr (not given: 1.5) and zscore (3).
	Factor *float64 `yaml:"factor" range:"(0,1e6]" doc:"Factor of iqr (not given: 1.5) and zscore (not given: 3)." example:"2.5"`
	// Lower and Upper: of quantile, shares from 0 to 1 (not given: 0.01 and 0.99);
	// of fixed, numbers, at least one of them.
	Lower *float64 `yaml:"lower" doc:"Lower bound: of quantile a share from 0 to 1 (not given: 0.01), of fixed a number." example:"0" with:"method: fixed"`
	Upper *float64 `yaml:"upper" doc:"Upper bound: of quantile a share from 0 to 1 (not given: 0.99), of fixed a number." example:"0.995" with:"method: quantile"`
}

var clipTakes = map[string][]string{
	"iqr": {"factor"}, "zscore": {"factor"}, "quantile": {"lower", "upper"}, "fixed": {"lower", "upper"},
}

type outlierClip struct {
	step         config.Step
	params       clipParams
	factor       float64
	lower, upper float64
}

func newOutlierClip(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, clipParams{Method: "iqr"})
	if err != nil {
		return nil, err
	}
	if err := onlyFor(step, params.Method, clipTakes); err != nil {
		return nil, err
	}
	out := &outlierClip{step: step, params: params, factor: 1.5, lower: math.Inf(-1), upper: math.Inf(1)}
	switch params.Method {
	case "zscore":
		out.factor = 3
	case "quantile":
		out.lower, out.upper = 0.01, 0.99
	case "fixed":
		if params.Lower == nil && params.Upper == nil {
			return nil, step.ErrorAt("method", "the method fixed needs lower, upper or both")
		}
	}
	for _, p := range []struct {
		key   string
		given *float64
		into  *float64
	}{{"factor", params.Factor, &out.factor}, {"lower", params.Lower, &out.lower}, {"upper", params.Upper, &out.upper}} {
		if p.given == nil {
			continue
		}
		if *p.into = *p.given; params.Method == "quantile" && !(*p.given >= 0 && *p.given <= 1) {
			return nil, step.ErrorAt(p.key, "must be at least 0 and at most 1, not %v", *p.given)
		}
	}
	if out.lower > out.upper {
		return nil, step.ErrorAt("lower", "lower (%v) must not be above upper (%v)", out.lower, out.upper)
	}
	return out, nil
}

// columnBounds are what a column's values are clipped to.
type columnBounds struct {
	Name string `json:"name"`
	Low  number `json:"low"`
	High number `json:"high"`
}

// clipState is the fitted step.
type clipState struct {
	Columns []columnBounds `json:"columns"`
}

// Fit learns each column's bounds.
func (o *outlierClip) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := pickNumbers(o.step, o.params.Columns, in)
	if err != nil {
		return nil, err
	}
	out := &clipState{Columns: make([]columnBounds, len(columns))}
	err = each(ctx, len(columns), func(i int) error {
		low, high, err := o.bounds(columns[i])
		out.Columns[i] = columnBounds{Name: columns[i].Name(), Low: number(low), High: number(high)}
		return err
	})
	return out, err
}

func (o *outlierClip) bounds(c *table.Column) (low, high float64, err error) {
	if o.params.Method == "fixed" {
		return o.lower, o.upper, nil
	}
	if c.NullCount() == c.Len() {
		return math.Inf(-1), math.Inf(1), nil
	}
	if o.params.Method == "quantile" {
		sorted := sortedPresent(c.Floats())
		low, high = quantile(sorted, o.lower), quantile(sorted, o.upper)
		if math.IsNaN(low) || math.IsNaN(high) {
			return 0, 0, &ColumnError{Column: c.Name(), Reason: "so many cells are infinite that it has no quantiles; correct them or leave them empty"}
		}
		return low, high, nil
	}
	if err := checkSummable(c); err != nil {
		return 0, 0, err
	}
	if o.params.Method == "zscore" {
		m := mean(c.Floats())
		squares, count := exactSum(c.Floats(), func(v float64) float64 { return (v - m) * (v - m) })
		deviation := math.Sqrt(squares / float64(count))
		return m - o.factor*deviation, m + o.factor*deviation, nil
	}
	sorted := sortedPresent(c.Floats())
	first, third := quantile(sorted, 0.25), quantile(sorted, 0.75)
	return first - o.factor*(third-first), third + o.factor*(third-first), nil
}

// Transform clips; missing cells stay missing.
func (s *clipState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return in.mapNumbers(ctx, "outlier_clip", names, func(i int, v float64) float64 {
		return min(max(v, float64(s.Columns[i].Low)), float64(s.Columns[i].High)) // NaN stays NaN
	})
}

// MarshalJSON gives the state.
func (s *clipState) MarshalJSON() ([]byte, error) {
	type plain clipState
	return json.Marshal((*plain)(s))
}

func loadOutlierClip(state json.RawMessage) (Transformer, error) {
	type plain clipState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if err := checkNames(s.Columns, func(c columnBounds) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if !(c.Low <= c.High) {
			return nil, fmt.Errorf("column %q: the lower bound is above the upper one", shorten(c.Name))
		}
	}
	return (*clipState)(&s), nil
}
