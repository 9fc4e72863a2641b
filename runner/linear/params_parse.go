package linear

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"mlops/runner/table"
)

// ParseLinearRegression gives the defaults with the named values set. Names and
// values are scikit-learn's; values may be Go numbers, booleans, strings or
// json.Number, and the text of any of them. Parameters that only choose how
// scikit-learn computes (solver, n_jobs, random_state, copy_X, …) are accepted
// without effect. An unknown name, or a value of the wrong type, out of range or
// not supported, is a [*ParamError].
func ParseLinearRegression(values map[string]any) (LinearRegression, error) {
	p := NewLinearRegression()
	err := parse(values, p.fields())
	return p, err
}

// ParseRidge is [ParseLinearRegression] for [Ridge].
func ParseRidge(values map[string]any) (Ridge, error) {
	p := NewRidge()
	err := parse(values, p.fields())
	return p, err
}

// ParseLasso is [ParseLinearRegression] for [Lasso].
func ParseLasso(values map[string]any) (Lasso, error) {
	p := NewLasso()
	err := parse(values, p.fields())
	return p, err
}

// ParseElasticNet is [ParseLinearRegression] for [ElasticNet].
func ParseElasticNet(values map[string]any) (ElasticNet, error) {
	p := NewElasticNet()
	err := parse(values, p.fields())
	return p, err
}

// ParseLogisticRegression is [ParseLinearRegression] for [LogisticRegression].
// penalty may be nil, which is [PenaltyNone]; class_weight may be nil, "balanced"
// or a map from class index to weight. scikit-learn's solver liblinear is refused:
// it penalizes the intercept.
func ParseLogisticRegression(values map[string]any) (LogisticRegression, error) {
	p := NewLogisticRegression()
	if err := parse(values, p.fields()); err != nil {
		return p, err
	}
	_, _, err := p.strengths(1)
	return p, err
}

// ParamNames lists, sorted, what some of the models take, by their names; without
// any, what all of them do.
func ParamNames(estimators ...string) []string {
	var names []string
	for name, fields := range map[string][]param{
		"linear_regression": new(LinearRegression).fields(), "ridge": new(Ridge).fields(), "lasso": new(Lasso).fields(),
		"elastic_net": new(ElasticNet).fields(), "logistic_regression": new(LogisticRegression).fields(),
	} {
		if len(estimators) > 0 && !slices.Contains(estimators, name) {
			continue
		}
		for _, p := range fields {
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func parse(values map[string]any, params []param) error {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		at := slices.IndexFunc(params, func(p param) bool { return p.name == key })
		if at < 0 {
			return &ParamError{Key: key, Reason: unknownParam(key, params)}
		}
		if err := params[at].set(values[key]); err != nil {
			return err
		}
	}
	return validate(params)
}

func unknownParam(key string, params []param) string {
	known := make([]string, len(params))
	for i := range params {
		known[i] = params[i].name
	}
	if near := table.Nearest(key, known); near != "" {
		return fmt.Sprintf("unknown; did you mean %q?", near)
	}
	slices.Sort(known)
	return fmt.Sprintf("unknown; the known ones are %q", known)
}

func (p *param) set(value any) error {
	fail := func(want string) error {
		return &ParamError{Key: p.name, Reason: fmt.Sprintf("must be %s, not %v (%T)", want, value, value)}
	}
	switch field := p.field.(type) {
	case nil:
		if text := fmt.Sprint(value); p.choices != nil && !slices.Contains(p.choices, text) {
			return fail("one of " + p.choiceText())
		}
	case *bool:
		b, ok := asBool(value)
		if !ok {
			return fail("true or false")
		}
		*field = b
	case *float64:
		v, ok := asFloat(value)
		if !ok || !p.limits.has(v) {
			return fail("a number " + p.limits.String())
		}
		*field = v
	case *int:
		v, ok := asFloat(value)
		if !ok || v != math.Trunc(v) || !p.limits.has(v) {
			return fail("a whole number " + p.limits.String())
		}
		*field = int(v)
	case *string:
		text, ok := value.(string)
		if value == nil {
			text, ok = PenaltyNone, true
		}
		if !ok || !slices.Contains(p.choices, text) {
			return fail("one of " + p.choiceText())
		}
		*field = text
	case *ClassWeight:
		w, ok := asClassWeight(value)
		if !ok {
			return fail(`"balanced" or a map from class index to weight`)
		}
		*field = w
	}
	return nil
}

func asClassWeight(value any) (ClassWeight, bool) {
	of := map[int]float64{}
	put := func(class, weight any) bool {
		c, known := asFloat(class)
		w, ok := asFloat(weight)
		of[int(c)] = w
		return known && ok && c == math.Trunc(c) && math.Abs(c) <= math.MaxInt32
	}
	switch value := value.(type) {
	case nil:
		return ClassWeight{}, true
	case string:
		return ClassWeight{Balanced: true}, value == "balanced"
	case map[int]float64:
		for class, w := range value {
			of[class] = w
		}
	case map[string]any:
		for class, w := range value {
			if !put(class, w) {
				return ClassWeight{}, false
			}
		}
	case map[any]any:
		for class, w := range value {
			if !put(class, w) {
				return ClassWeight{}, false
			}
		}
	default:
		return ClassWeight{}, false
	}
	return ClassWeight{Of: of}, true
}

func asBool(value any) (bool, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		b, err := strconv.ParseBool(v)
		return b, err == nil
	}
	return false, false
}

func asFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	}
	return 0, false
}
