package linear

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestDefaultsAreScikitLearns(t *testing.T) {
	for _, c := range []struct{ got, want any }{
		{NewLinearRegression(), LinearRegression{FitIntercept: true, Tol: 1e-6}},
		{NewRidge(), Ridge{Alpha: 1, FitIntercept: true}},
		{NewLasso(), Lasso{Alpha: 1, FitIntercept: true, MaxIter: 1000, Tol: 1e-4}},
		{NewElasticNet(), ElasticNet{Alpha: 1, L1Ratio: 0.5, FitIntercept: true, MaxIter: 1000, Tol: 1e-4}},
		{NewLogisticRegression(), LogisticRegression{C: 1, FitIntercept: true, MaxIter: 100, Tol: 1e-4}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%+v, not %+v", c.got, c.want)
		}
	}
}

func TestParametersByName(t *testing.T) {
	p, err := ParseLogisticRegression(map[string]any{
		"penalty": "elasticnet", "C": json.Number("0.5"), "l1_ratio": "0.25", "fit_intercept": "false", "max_iter": int64(7), "tol": 1e-3,
		"class_weight": map[string]any{"0": 1, "1": 2.5}, "solver": "saga", "n_jobs": -1, "random_state": 42, "dual": false, "warm_start": false,
	})
	want := LogisticRegression{Penalty: PenaltyElasticNet, C: 0.5, L1Ratio: 0.25, MaxIter: 7, Tol: 1e-3, ClassWeight: ClassWeight{Of: map[int]float64{0: 1, 1: 2.5}}}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%+v, %v", p, err)
	}
	e, err := ParseElasticNet(map[string]any{"alpha": 2, "l1_ratio": 1, "max_iter": 5, "tol": 0, "fit_intercept": false, "selection": "cyclic"})
	if err != nil || e != (ElasticNet{Alpha: 2, L1Ratio: 1, MaxIter: 5}) {
		t.Errorf("%+v, %v", e, err)
	}
	r, err := ParseRidge(map[string]any{"alpha": 0.1, "solver": "cholesky", "tol": 1e-3, "max_iter": nil})
	if err != nil || r != (Ridge{Alpha: 0.1, FitIntercept: true}) {
		t.Errorf("%+v, %v", r, err)
	}
}

// scikit-learn's names of a penalty before and since 1.8 mean the same.
func TestPenaltyByItsOldAndNewNames(t *testing.T) {
	for _, c := range []struct {
		values map[string]any
		l1, l2 float64
	}{
		{nil, 0, 1},
		{map[string]any{"penalty": "l2"}, 0, 1},
		{map[string]any{"penalty": "l1"}, 1, 0},
		{map[string]any{"penalty": "l1", "l1_ratio": 1}, 1, 0},
		{map[string]any{"l1_ratio": 1}, 1, 0},
		{map[string]any{"penalty": "elasticnet", "l1_ratio": 0.25}, 0.25, 0.75},
		{map[string]any{"l1_ratio": 0.25}, 0.25, 0.75},
		{map[string]any{"penalty": nil}, 0, 0},
		{map[string]any{"penalty": "none", "l1_ratio": 0.5}, 0, 0},
		{map[string]any{"C": math.Inf(1)}, 0, 0},
	} {
		p, err := ParseLogisticRegression(c.values)
		if err != nil {
			t.Fatal(err)
		}
		if l1, l2, err := p.strengths(1); l1 != c.l1 || l2 != c.l2 || err != nil {
			t.Errorf("%v: %v, %v, %v", c.values, l1, l2, err)
		}
	}
}

func TestWrongParameters(t *testing.T) {
	logistic := func(key string, value any) error {
		_, err := ParseLogisticRegression(map[string]any{key: value})
		return err
	}
	lasso := func(key string, value any) error {
		_, err := ParseLasso(map[string]any{key: value})
		return err
	}
	both := func(penalty string, ratio float64) error {
		_, err := ParseLogisticRegression(map[string]any{"penalty": penalty, "l1_ratio": ratio})
		return err
	}
	s := buildSet("plain")
	fit := func(p LogisticRegression) error {
		_, err := p.Fit(background, s.dense(t), s.labels(2), 2, FitOptions{})
		return err
	}
	changed := func(change func(p *LogisticRegression)) LogisticRegression {
		p := NewLogisticRegression()
		change(&p)
		return p
	}
	for _, c := range []struct {
		err       error
		key, want string
	}{
		{logistic("max_iters", 5), "max_iters", `did you mean "max_iter"?`},
		{logistic("completely_different", 5), "completely_different", "the known ones are"},
		{logistic("C", 0), "C", "> 0, or infinity"},
		{logistic("C", math.NaN()), "C", "> 0"},
		{logistic("C", "much"), "C", "a number"},
		{logistic("max_iter", 1.5), "max_iter", "a whole number >= 1"},
		{logistic("max_iter", 0), "max_iter", ">= 1"},
		{logistic("tol", math.Inf(1)), "tol", ">= 0"},
		{logistic("l1_ratio", 1.5), "l1_ratio", ">= 0 and <= 1"},
		{logistic("penalty", "l3"), "penalty", "one of l1, l2, elasticnet, none"},
		{logistic("penalty", 2), "penalty", "one of l1"},
		{logistic("fit_intercept", 2), "fit_intercept", "true or false"},
		{logistic("class_weight", "unbalanced"), "class_weight", "balanced"},
		{logistic("class_weight", map[string]any{"yes": 1}), "class_weight", "class index"},
		{logistic("class_weight", map[any]any{-1: 1}), "class_weight", "classes count from 0"},
		{logistic("class_weight", map[int]float64{1: -1}), "class_weight", "must be >= 0"},
		{logistic("solver", "liblinear"), "solver", "one of lbfgs"},
		{logistic("warm_start", true), "warm_start", "one of false"},
		{both("l2", 0.5), "l1_ratio", "contradicts penalty l2"},
		{both("l1", 0.5), "l1_ratio", "contradicts penalty l1"},
		{lasso("positive", true), "positive", "one of false"},
		{lasso("selection", "random"), "selection", "one of cyclic"},
		{lasso("l1_ratio", 1), "l1_ratio", "unknown"},
		{lasso("alpha", -1), "alpha", ">= 0"},
		{fit(changed(func(p *LogisticRegression) { p.C = -1 })), "C", "> 0"},
		{fit(changed(func(p *LogisticRegression) { p.Penalty = "L1" })), "penalty", "one of"},
		{fit(changed(func(p *LogisticRegression) { p.ClassWeight.Of = map[int]float64{2: 1} })), "class_weight", "class 2 is not one of the 2 classes"},
		{fit(changed(func(p *LogisticRegression) { p.ClassWeight = ClassWeight{Balanced: true, Of: map[int]float64{1: 1}} })), "class_weight", "not both"},
		{fit(LogisticRegression{}), "C", "> 0"},
	} {
		var param *ParamError
		if !errors.As(c.err, &param) || param.Key != c.key || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, not %s: %s", c.err, c.key, c.want)
		}
	}
}
