package linear

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// param is one parameter: its scikit-learn name, where it is kept, and what it may
// be.
type param struct {
	name   string
	field  any // *float64, *int, *bool, *string or *ClassWeight; nil: accepted, without effect
	limits limits
	// choices are the only values of a text, or of a parameter without a field; nil: any.
	choices []string
}

// limits are what a number may be.
type limits struct {
	low, high float64
	open      bool // low itself is excluded
	infinite  bool // +Inf is allowed
}

func (l limits) has(v float64) bool {
	if math.IsInf(v, 1) {
		return l.infinite
	}
	return v >= l.low && v <= l.high && !(l.open && v == l.low)
}

func (l limits) String() string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	text := ">= " + number(l.low)
	if l.open {
		text = "> " + number(l.low)
	}
	if l.high < unbounded {
		text += " and <= " + number(l.high)
	}
	if l.infinite {
		text += ", or infinity"
	}
	return text
}

const unbounded = math.MaxFloat64

var (
	notNegative = limits{low: 0, high: unbounded}
	positive    = limits{low: 0, high: unbounded, open: true, infinite: true}
	share       = limits{low: 0, high: 1}
	count       = limits{low: 1, high: math.MaxInt32}
)

func (p *LinearRegression) fields() []param {
	return append([]param{
		{name: "fit_intercept", field: &p.FitIntercept},
		{name: "tol", field: &p.Tol, limits: notNegative},
		{name: "positive", choices: []string{"false"}},
	}, withoutEffect...)
}

func (p *Ridge) fields() []param {
	return append([]param{
		{name: "alpha", field: &p.Alpha, limits: notNegative},
		{name: "fit_intercept", field: &p.FitIntercept},
		{name: "solver", choices: []string{"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga"}},
		{name: "positive", choices: []string{"false"}},
		{name: "max_iter"}, {name: "tol"},
	}, withoutEffect...)
}

func (p *Lasso) fields() []param {
	return descentParams(&p.Alpha, &p.FitIntercept, &p.MaxIter, &p.Tol)
}

func (p *ElasticNet) fields() []param {
	return append(descentParams(&p.Alpha, &p.FitIntercept, &p.MaxIter, &p.Tol),
		param{name: "l1_ratio", field: &p.L1Ratio, limits: share})
}

// descentParams are those of the models that are fitted by coordinate descent.
func descentParams(alpha *float64, intercept *bool, maxIter *int, tol *float64) []param {
	return append([]param{
		{name: "alpha", field: alpha, limits: notNegative},
		{name: "fit_intercept", field: intercept},
		{name: "max_iter", field: maxIter, limits: count},
		{name: "tol", field: tol, limits: notNegative},
		{name: "positive", choices: []string{"false"}},
		{name: "warm_start", choices: []string{"false"}},
		{name: "selection", choices: []string{"cyclic"}},
		{name: "precompute"},
	}, withoutEffect...)
}

func (p *LogisticRegression) fields() []param {
	return append([]param{
		{name: "penalty", field: &p.Penalty, choices: []string{"", PenaltyL1, PenaltyL2, PenaltyElasticNet, PenaltyNone}},
		{name: "C", field: &p.C, limits: positive},
		{name: "l1_ratio", field: &p.L1Ratio, limits: share},
		{name: "fit_intercept", field: &p.FitIntercept},
		{name: "class_weight", field: &p.ClassWeight, limits: notNegative},
		{name: "max_iter", field: &p.MaxIter, limits: count},
		{name: "tol", field: &p.Tol, limits: notNegative},
		{name: "solver", choices: []string{"lbfgs", "newton-cg", "newton-cholesky", "sag", "saga"}},
		{name: "dual", choices: []string{"false"}},
		{name: "warm_start", choices: []string{"false"}},
	}, withoutEffect...)
}

// withoutEffect are scikit-learn's parameters of how it computes, not what. There
// is nothing random in this package.
var withoutEffect = []param{{name: "copy_X"}, {name: "n_jobs"}, {name: "random_state"}, {name: "verbose"}}

// validate checks the values that a caller may have set without ParseX.
func validate(params []param) error {
	for _, p := range params {
		switch field := p.field.(type) {
		case *float64:
			if !p.limits.has(*field) {
				return &ParamError{Key: p.name, Reason: fmt.Sprintf("must be %s, not %v", p.limits, *field)}
			}
		case *int:
			if !p.limits.has(float64(*field)) {
				return &ParamError{Key: p.name, Reason: fmt.Sprintf("must be %s, not %d", p.limits, *field)}
			}
		case *string:
			if !slices.Contains(p.choices, *field) {
				return &ParamError{Key: p.name, Reason: fmt.Sprintf("must be one of %s, not %q", p.choiceText(), *field)}
			}
		case *ClassWeight:
			for class, w := range field.Of {
				if class < 0 || !p.limits.has(w) {
					return &ParamError{Key: p.name, Reason: fmt.Sprintf("class %d: %v: classes count from 0, and a weight must be %s", class, w, p.limits)}
				}
			}
		}
	}
	return nil
}

func (p *param) choiceText() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(p.choices), func(c string) bool { return c == "" }), ", ")
}
