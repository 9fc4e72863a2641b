package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"mlops/runner/config"
	"mlops/runner/strictjson"
)

// scalerParams are the parameters of feature_scaler, by the names of
// scikit-learn's scalers. The ones below Method and Columns belong to the methods
// that scalerTakes lists.
type scalerParams struct {
	// Method of scaling: standard, to mean 0 and standard deviation 1; min_max, to
	// a range; robust, by median and quantiles; max_abs, to at most 1; quantile, to
	// a uniform or normal distribution.
	Method string `yaml:"method" enum:"standard|min_max|robust|max_abs|quantile" doc:"standard, to mean 0 and standard deviation 1; min_max, to a range; robust, by median and quantiles; max_abs, to at most 1; quantile, to a uniform or normal distribution."`
	// Columns to scale; not given: every numeric column that does not hold label
	// codes, whose distances mean nothing. A column of codes that is named is
	// scaled and no longer counts as categorical.
	Columns []string `yaml:"columns" doc:"Columns to scale; not given: every column of numbers that does not hold label codes." example:"[income, debt]"`
	// WithMean and WithStd leave a part of the standard method out.
	WithMean bool `yaml:"with_mean" doc:"standard: take the mean off."`
	WithStd  bool `yaml:"with_std" doc:"standard: divide by the standard deviation."`
	// FeatureRange is where min_max maps the training rows to.
	FeatureRange []float64 `yaml:"feature_range" doc:"min_max: where the training rows are mapped to, two ascending numbers." with:"method: min_max"`
	// Clip also maps other rows into that range.
	Clip bool `yaml:"clip" doc:"min_max: also map later rows into that range." with:"method: min_max"`
	// WithCentering and WithScaling leave a part of the robust method out.
	WithCentering bool `yaml:"with_centering" doc:"robust: take the median off." with:"method: robust"`
	WithScaling   bool `yaml:"with_scaling" doc:"robust: divide by the distance of the quantiles." with:"method: robust"`
	// QuantileRange are the two percentiles whose distance becomes 1.
	QuantileRange []float64 `yaml:"quantile_range" doc:"robust: the two ascending percentiles whose distance becomes 1." with:"method: robust"`
	// NQuantiles is the number of quantiles that are learnt.
	NQuantiles int `yaml:"n_quantiles" range:"[2,10000]" doc:"quantile: number of quantiles that are learnt, at most the rows." with:"method: quantile"`
	// OutputDistribution of the quantile method.
	OutputDistribution string `yaml:"output_distribution" enum:"uniform|normal" doc:"quantile: distribution of the result." with:"method: quantile"`
}

var scalerTakes = map[string][]string{
	"standard": {"with_mean", "with_std"},
	"min_max":  {"feature_range", "clip"},
	"robust":   {"with_centering", "with_scaling", "quantile_range"},
	"max_abs":  {},
	"quantile": {"n_quantiles", "output_distribution"},
}

type featureScaler struct {
	step   config.Step
	params scalerParams
}

func newFeatureScaler(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, scalerParams{
		Method: "standard", WithMean: true, WithStd: true, FeatureRange: []float64{0, 1}, WithCentering: true, WithScaling: true,
		QuantileRange: []float64{25, 75}, NQuantiles: 1000, OutputDistribution: "uniform",
	})
	if err != nil {
		return nil, err
	}
	if err := onlyFor(step, params.Method, scalerTakes); err != nil {
		return nil, err
	}
	if r := params.FeatureRange; len(r) != 2 || !(r[0] < r[1]) || math.Abs(r[0]) > maxSummable || math.Abs(r[1]) > maxSummable {
		return nil, step.ErrorAt("feature_range", "must be two ascending numbers, such as [0, 1], within ±%g", maxSummable)
	}
	if r := params.QuantileRange; len(r) != 2 || !(0 <= r[0] && r[0] < r[1] && r[1] <= 100) {
		return nil, step.ErrorAt("quantile_range", "must be two ascending percentiles from 0 to 100, such as [25, 75]")
	}
	return &featureScaler{step: step, params: params}, nil
}

// columnScale maps x to (x − Mean) / Scale. Mean is what is subtracted: the mean
// of the standard method, the median of robust, the minimum of min_max, else 0.
type columnScale struct {
	Name  string `json:"name"`
	Mean  number `json:"mean"`
	Scale number `json:"scale"`
}

// scalerState is the fitted step of every method but quantile.
type scalerState struct {
	Method  string        `json:"method"`
	Range   []number      `json:"range,omitempty"` // of min_max
	Clip    bool          `json:"clip,omitempty"`
	Columns []columnScale `json:"columns"`
}

// Fit learns each column's shift and scale, as scikit-learn's scalers do; the
// scale of a constant column is 1.
func (s *featureScaler) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := pickNumbers(s.step, s.params.Columns, in)
	if err != nil {
		return nil, err
	}
	if s.params.Method == "quantile" {
		return fitQuantiles(ctx, columns, s.params)
	}
	out := &scalerState{Method: s.params.Method, Columns: make([]columnScale, len(columns))}
	if s.params.Method == "min_max" {
		out.Range, out.Clip = []number{number(s.params.FeatureRange[0]), number(s.params.FeatureRange[1])}, s.params.Clip
	}
	err = each(ctx, len(columns), func(i int) error {
		out.Columns[i] = columnScale{Name: columns[i].Name(), Scale: 1}
		if err := checkSummable(columns[i]); err != nil {
			return err
		}
		shift, scale := s.fitColumn(columns[i].Floats())
		out.Columns[i].Mean = number(shift)
		if scale > 0 { // 0 for a constant column, or where squares underflow
			out.Columns[i].Scale = number(scale)
		}
		return nil
	})
	return out, err
}

func (s *featureScaler) fitColumn(values []float64) (shift, scale float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high { // no value
		return 0, 1
	}
	switch s.params.Method {
	case "min_max":
		return plusZero(low), high - low
	case "max_abs":
		return 0, max(math.Abs(low), math.Abs(high))
	case "robust":
		sorted := sortedPresent(values)
		scale = 1
		if s.params.WithCentering {
			shift = quantile(sorted, 0.5)
		}
		if s.params.WithScaling {
			scale = quantile(sorted, s.params.QuantileRange[1]/100) - quantile(sorted, s.params.QuantileRange[0]/100)
		}
		return shift, scale
	}
	m, deviation := plusZero(low), 0.0
	if low < high {
		m = mean(values)
		squares, count := exactSum(values, func(v float64) float64 { return (v - m) * (v - m) })
		deviation = math.Sqrt(squares / float64(count))
	}
	if s.params.WithMean {
		shift = m
	}
	if !s.params.WithStd {
		deviation = 1
	}
	return shift, deviation
}

// Transform scales.
func (s *scalerState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	low, high := 0.0, 1.0
	if s.Range != nil {
		low, high = float64(s.Range[0]), float64(s.Range[1])
	}
	return in.mapNumbers(ctx, "feature_scaler", names, func(i int, v float64) float64 {
		v = (v - float64(s.Columns[i].Mean)) / float64(s.Columns[i].Scale)
		if s.Range == nil {
			return v
		}
		v = low + v*(high-low)
		if s.Clip && !math.IsNaN(v) {
			v = min(max(v, low), high)
		}
		return v
	})
}

// MarshalJSON gives the state.
func (s *scalerState) MarshalJSON() ([]byte, error) {
	type plain scalerState
	return json.Marshal((*plain)(s))
}

func loadFeatureScaler(state json.RawMessage) (Transformer, error) {
	var form struct {
		Method string `json:"method"`
	}
	if err := json.Unmarshal(state, &form); err != nil {
		return nil, err
	}
	if form.Method == "quantile" {
		return loadQuantiles(state)
	}
	type plain scalerState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if _, ok := scalerTakes[s.Method]; !ok {
		return nil, fmt.Errorf("unknown method %q", shorten(s.Method))
	}
	if (s.Method == "min_max") != (s.Range != nil) || s.Range != nil && (len(s.Range) != 2 || !(s.Range[0] < s.Range[1])) {
		return nil, errors.New("min_max, and it alone, has a range of two ascending numbers")
	}
	if err := checkNames(s.Columns, func(c columnScale) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if !(c.Scale > 0) || math.IsInf(float64(c.Scale), 0) || math.IsInf(float64(c.Mean), 0) {
			return nil, fmt.Errorf("column %q: the scale must be above 0 and finite, the mean finite", shorten(c.Name))
		}
	}
	return (*scalerState)(&s), nil
}
