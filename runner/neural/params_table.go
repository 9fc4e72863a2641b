package neural

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// paramSpec is one row of the parameter table, from which come parsing and
// checks.
type paramSpec struct {
	name string
	// field is where the value lives: *int, *float64, *bool, *string or *[]int. It
	// is nil for a parameter of scikit-learn's that changes nothing here.
	field   func(*Params) any
	limits  limits
	choices []string
	special map[string]int // words for numbers: auto, inf
}

// limits is the range of a number.
type limits struct {
	low, high         float64
	openLow, openHigh bool // the bound itself is refused
}

const unbounded = 1e300

// has is false for NaN.
func (l limits) has(v float64) bool {
	return v >= l.low && v <= l.high && (!l.openLow || v != l.low) && (!l.openHigh || v != l.high)
}

func (l limits) String() string {
	low, high := ">= ", "<= "
	if l.openLow {
		low = "> "
	}
	if l.openHigh {
		high = "< "
	}
	text := low + strconv.FormatFloat(l.low, 'f', -1, 64)
	if l.high < unbounded {
		text += " and " + high + strconv.FormatFloat(l.high, 'f', -1, 64)
	}
	return text
}

func atLeast(low float64) limits       { return limits{low: low, high: unbounded} }
func above(low float64) limits         { return limits{low: low, high: unbounded, openLow: true} }
func between(low, high float64) limits { return limits{low: low, high: high} }
func below(high float64) limits        { return limits{high: high, openHigh: true} } // from 0 on

var paramTable = []paramSpec{
	{name: "loss", field: func(p *Params) any { return &p.Loss }, choices: []string{SquaredError, Poisson, LogLoss}},
	{name: "hidden_layer_sizes", field: func(p *Params) any { return &p.HiddenLayerSizes }, limits: between(1, maxUnits)},
	{name: "activation", field: func(p *Params) any { return &p.Activation }, choices: []string{ReLU, Tanh, Logistic, Identity}},
	{name: "solver", field: func(p *Params) any { return &p.Solver }, choices: []string{Adam, SGD, LBFGS}},
	{name: "alpha", field: func(p *Params) any { return &p.Alpha }, limits: atLeast(0)},
	{name: "batch_size", field: func(p *Params) any { return &p.BatchSize }, limits: between(1, math.MaxInt32), special: map[string]int{"auto": 0}},
	{name: "learning_rate", field: func(p *Params) any { return &p.LearningRate }, choices: []string{Constant, InvScaling, Adaptive}},
	{name: "learning_rate_init", field: func(p *Params) any { return &p.LearningRateInit }, limits: above(0)},
	{name: "power_t", field: func(p *Params) any { return &p.PowerT }, limits: atLeast(0)},
	{name: "max_iter", field: func(p *Params) any { return &p.MaxIter }, limits: between(1, maxIterations)},
	{name: "shuffle", field: func(p *Params) any { return &p.Shuffle }},
	{name: "random_state", field: func(p *Params) any { return &p.RandomState }, limits: between(0, math.MaxUint32)},
	{name: "tol", field: func(p *Params) any { return &p.Tol }, limits: atLeast(0)},
	{name: "momentum", field: func(p *Params) any { return &p.Momentum }, limits: between(0, 1)},
	{name: "nesterovs_momentum", field: func(p *Params) any { return &p.NesterovsMomentum }},
	{name: "early_stopping", field: func(p *Params) any { return &p.EarlyStopping }},
	{name: "validation_fraction", field: func(p *Params) any { return &p.ValidationFraction }, limits: below(1)},
	{name: "beta_1", field: func(p *Params) any { return &p.Beta1 }, limits: below(1)},
	{name: "beta_2", field: func(p *Params) any { return &p.Beta2 }, limits: below(1)},
	{name: "epsilon", field: func(p *Params) any { return &p.Epsilon }, limits: above(0)},
	{name: "n_iter_no_change", field: func(p *Params) any { return &p.NIterNoChange }, limits: between(1, maxIterations), special: map[string]int{"inf": NeverStop}},
	{name: "max_fun", field: func(p *Params) any { return &p.MaxFun }, limits: between(1, math.MaxInt32)},
	{name: "embedding_dim", field: func(p *Params) any { return &p.EmbeddingDim }, limits: between(1, maxEmbeddingDim), special: map[string]int{"auto": 0}},
	{name: "num_threads", field: func(p *Params) any { return &p.NumThreads }, limits: between(0, maxThreads)},
	{name: "verbose"},
}

// check says what is wrong with the parameter's value; nothing is "".
func (s *paramSpec) check(p *Params) string {
	switch field := s.field(p).(type) {
	case *int:
		for _, v := range s.special {
			if *field == v {
				return ""
			}
		}
		if !s.limits.has(float64(*field)) {
			return fmt.Sprintf("must be %s, not %d", s.want(p), *field)
		}
	case *float64:
		if !s.limits.has(*field) {
			return fmt.Sprintf("must be %s, not %v", s.want(p), *field)
		}
	case *string:
		if !slices.Contains(s.choices, *field) {
			return fmt.Sprintf("must be %s, not %q", s.want(p), *field)
		}
	case *[]int:
		if len(*field) > maxLayers {
			return fmt.Sprintf("has %d entries, more than %d", len(*field), maxLayers)
		}
		for _, v := range *field {
			if !s.limits.has(float64(v)) {
				return fmt.Sprintf("must be %s, not %d", s.want(p), v)
			}
		}
	}
	return ""
}

// want is what the parameter's value should be.
func (s *paramSpec) want(p *Params) string {
	switch s.field(p).(type) {
	case *bool:
		return "true or false"
	case *int:
		text := "a whole number " + s.limits.String()
		for word := range s.special {
			text += ", or " + word
		}
		return text
	case *float64:
		return "a number " + s.limits.String()
	case *[]int:
		return "a whole number " + s.limits.String() + ", or a list of such"
	}
	return "one of " + strings.Join(s.choices, ", ")
}
