package neural

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
)

// The defaults are those of scikit-learn's MLPRegressor.
func TestDefaultsAreValid(t *testing.T) {
	p := DefaultParams()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.HiddenLayerSizes, []int{100}) || p.Activation != ReLU || p.Solver != Adam || p.BatchSize != 0 {
		t.Errorf("%+v", p)
	}
}

func TestParseParams(t *testing.T) {
	base := DefaultParams()
	for name, c := range map[string]struct {
		values map[string]any
		want   func(*Params)
	}{
		"nothing":         {nil, func(*Params) {}},
		"a list":          {map[string]any{"hidden_layer_sizes": []any{uint64(50), 20.0}}, func(p *Params) { p.HiddenLayerSizes = []int{50, 20} }},
		"a whole list":    {map[string]any{"hidden_layer_sizes": []int{3}}, func(p *Params) { p.HiddenLayerSizes = []int{3} }},
		"one layer":       {map[string]any{"hidden_layer_sizes": 30}, func(p *Params) { p.HiddenLayerSizes = []int{30} }},
		"layers as text":  {map[string]any{"hidden_layer_sizes": "50, 50"}, func(p *Params) { p.HiddenLayerSizes = []int{50, 50} }},
		"no layer":        {map[string]any{"hidden_layer_sizes": []any{}}, func(p *Params) { p.HiddenLayerSizes = []int{} }},
		"auto":            {map[string]any{"batch_size": "auto", "embedding_dim": "auto"}, func(*Params) {}},
		"a batch size":    {map[string]any{"batch_size": int64(32)}, func(p *Params) { p.BatchSize = 32 }},
		"never stop":      {map[string]any{"n_iter_no_change": math.Inf(1)}, func(p *Params) { p.NIterNoChange = NeverStop }},
		"inf as text":     {map[string]any{"n_iter_no_change": "inf"}, func(p *Params) { p.NIterNoChange = NeverStop }},
		"words":           {map[string]any{"solver": "sgd", "activation": "tanh", "learning_rate": "adaptive", "loss": "poisson"}, func(p *Params) { p.Solver, p.Activation, p.LearningRate, p.Loss = SGD, Tanh, Adaptive, Poisson }},
		"numbers as text": {map[string]any{"alpha": "0.5", "max_iter": json.Number("7"), "early_stopping": "true"}, func(p *Params) { p.Alpha, p.MaxIter, p.EarlyStopping = 0.5, 7, true }},
		"what is ignored": {map[string]any{"verbose": true}, func(*Params) {}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseParams(base, c.values)
			if err != nil {
				t.Fatal(err)
			}
			want := DefaultParams()
			c.want(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestParseParamsRefuses(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"hidden_layer_size", 1, `unknown; did you mean "hidden_layer_sizes"?`},
		{"warm_start", true, "is not a parameter here: a model to start from is an option of the training"},
		{"num_class", 3, "is not a parameter: the target tells the number of classes"},
		{"hidden_layer_sizes", []any{50, 0}, "must be a whole number >= 1 and <= 16384, or a list of such, not 0"},
		{"hidden_layer_sizes", []any{50, "x"}, "must be a whole number >= 1 and <= 16384, or a list of such, not [50 x] ([]interface {})"},
		{"hidden_layer_sizes", slices.Repeat([]int{1}, 65), "has 65 entries, more than 64"},
		{"batch_size", 0, "must be a whole number >= 1 and <= 2147483647, or auto, not 0 (int)"},
		{"embedding_dim", -1, "must be a whole number >= 1 and <= 1024, or auto, not -1"},
		{"n_iter_no_change", 0, "must be a whole number >= 1 and <= 1000000, or inf, not 0"},
		{"batch_size", "all", "must be a whole number >= 1 and <= 2147483647, or auto, not all (string)"},
		{"batch_size", 1.5, "must be a whole number >= 1 and <= 2147483647, or auto, not 1.5 (float64)"},
		{"learning_rate_init", 0, "must be a number > 0, not 0"},
		{"alpha", math.NaN(), "must be a number >= 0, not NaN"},
		{"alpha", nil, "must be a number >= 0, not <nil> (<nil>)"},
		{"beta_1", 1, "must be a number >= 0 and < 1, not 1"},
		{"activation", "swish", `must be one of relu, tanh, logistic, identity, not "swish"`},
		{"solver", 3, "must be one of adam, sgd, lbfgs, not 3 (int)"},
		{"shuffle", "yes", "must be true or false, not yes (string)"},
		{"random_state", -1, "must be a whole number >= 0 and <= 4294967295, not -1"},
	} {
		_, err := ParseParams(DefaultParams(), map[string]any{c.key: c.value})
		var refused *ParamError
		if !errors.As(err, &refused) || refused.Key != c.key || refused.Reason != c.want {
			t.Errorf("%s=%v: %v, want %q", c.key, c.value, err, c.want)
		}
	}
}
