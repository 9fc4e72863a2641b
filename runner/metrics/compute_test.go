package metrics

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestMetricsByName(t *testing.T) {
	binary := Classification{[]int{0, 1, 1, 0, 1}, []int{0, 1, 0, 0, 1}, BinaryProba([]float64{0.2, 0.7, 0.4, 0.5, 0.9}), 2}
	for _, c := range []struct {
		name string
		want float64
	}{
		{"accuracy", 0.8}, {"roc_auc", 5.0 / 6}, {"roc_auc_ovr", 5.0 / 6}, {"brier_score_loss", 0.15}, {"f1_micro", 0.8},
		{"average_precision", (1 + 1 + 0.75) / 3}, {"f1_weighted", F1Score([]int{0, 1, 1, 0, 1}, []int{0, 1, 0, 0, 1})},
	} {
		if got, err := binary.Metric(c.name, Weights{}); err != nil || !close12(got, c.want) {
			t.Errorf("%s: got %v and %v, want %v", c.name, got, err, c.want)
		}
	}
	values := Regression{[]float64{1, 2, 4}, []float64{1, 3, 2}}
	for _, c := range []struct {
		name string
		want float64
	}{
		{"mae", 1}, {"max_error", 2}, {"mean_squared_error", 5.0 / 3}, {"r2", values2R2()},
	} {
		if got, err := values.Metric(c.name, Weights{}); err != nil || !close12(got, c.want) {
			t.Errorf("%s: got %v and %v, want %v", c.name, got, err, c.want)
		}
	}
	queries := Ranking{[]float64{3, 0, 1}, []float64{0.9, 0.5, 0.7}, nil, 0}
	if got, err := queries.Metric("ndcg_score", Weights{}); err != nil || got != 1 {
		t.Errorf("ndcg: got %v and %v, want 1", got, err)
	}
}

func values2R2() float64 { return 1 - 5/(16.0/9+1.0/9+25.0/9) }

// Every listed metric has a figure for data that defines it.
func TestEveryMetricIsComputed(t *testing.T) {
	three := Classification{[]int{0, 1, 2, 1}, []int{0, 1, 1, 1}, []float64{.8, .1, .1, .2, .7, .1, .1, .5, .4, .3, .3, .4}, 3}
	for _, name := range ClassificationNames() {
		_, err := three.Metric(name, Weights{})
		if name == "average_precision" {
			if !errors.Is(err, ErrNotBinary) {
				t.Errorf("%s of three classes: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(ClassificationNames()) + len(RegressionNames()) + 1; n != len(Names()) {
		t.Errorf("%d of %d metrics belong to a problem", n, len(Names()))
	}
	for name, canonical := range alias {
		if _, known := find(canonical); !known {
			t.Errorf("%s is another name of %s, which is not known", name, canonical)
		}
		if _, known := find(name); known {
			t.Errorf("%s is both a metric and another name", name)
		}
	}
}

func TestMetricRefuses(t *testing.T) {
	c := Classification{[]int{0, 1}, []int{0, 1}, BinaryProba([]float64{0.2, 0.7}), 2}
	r := Regression{[]float64{1, 2}, []float64{1, 3}}
	short, err := NewWeights([]float64{1})
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range []struct {
		name, says string
		f          func() (float64, error)
	}{
		{"an unknown name", "magic", func() (float64, error) { return c.Metric("magic", Weights{}) }},
		{"a regression's metric", "known: accuracy", func() (float64, error) { return c.Metric("rmse", Weights{}) }},
		{"a classification's metric", "known: explained_variance", func() (float64, error) { return r.Metric("accuracy", Weights{}) }},
		{"a ranking's metric", "not a metric of a ranking", func() (float64, error) { return Ranking{}.Metric("mse", Weights{}) }},
		{"too few weights", "1 weights for 2 rows", func() (float64, error) { return c.Metric("accuracy", short) }},
		{"too few weights of values", "1 weights for 2 rows", func() (float64, error) { return r.Metric("mse", short) }},
		{"a class out of range", "label 1 of row 1", func() (float64, error) {
			return Classification{c.YTrue, c.YPred, nil, 1}.Metric("accuracy", Weights{})
		}},
		{"no probabilities", "0 probabilities", func() (float64, error) {
			return Classification{c.YTrue, c.YPred, nil, 2}.Metric("log_loss", Weights{})
		}},
		{"no rows", "0 true values", func() (float64, error) { return Regression{}.Metric("mse", Weights{}) }},
		{"NaN", "row 1", func() (float64, error) {
			return Regression{r.YTrue, []float64{1, math.NaN()}}.Metric("mse", Weights{})
		}},
		{"r2 of a row", "at least 2 rows", func() (float64, error) { return Regression{[]float64{1}, []float64{2}}.Metric("r2_score", Weights{}) }},
	} {
		t.Run(refused.name, func(t *testing.T) {
			if v, err := refused.f(); err == nil || !strings.Contains(err.Error(), refused.says) {
				t.Errorf("got %v and %v, want an error with %q", v, err, refused.says)
			}
		})
	}
}

func TestWeightsAreChecked(t *testing.T) {
	for name, w := range map[string][]float64{
		"negative": {1, -1}, "NaN": {1, math.NaN()}, "infinite": {math.Inf(1)}, "all zero": {0, 0}, "none": {}, "a sum beyond numbers": {math.MaxFloat64, math.MaxFloat64},
	} {
		if _, err := NewWeights(w); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if w, err := NewWeights(nil); err != nil || w.Given() || w.Row(7) != 1 || w.Total(3) != 3 {
		t.Errorf("without weights: %v and %v", w, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for too few weights")
		}
	}()
	w, _ := NewWeights([]float64{1, 2})
	w.Accuracy([]int{1}, []int{1})
}

// A sum does not lose what is small beside a large term that goes again.
func TestTotalIsCompensated(t *testing.T) {
	var sum total
	for _, v := range []float64{1, 1e100, 1, -1e100} {
		sum.add(v)
	}
	if sum.value() != 2 {
		t.Errorf("got %v, want 2", sum.value())
	}
	var infinite total
	for _, v := range []float64{1, math.Inf(1), 1} {
		infinite.add(v)
	}
	if !math.IsInf(infinite.value(), 1) {
		t.Errorf("got %v, want +Inf", infinite.value())
	}
}

// The mean of three 0.1 is not 0.1, and yet they do not vary.
func TestAConstantTargetHasNoVarianceByRounding(t *testing.T) {
	y := []float64{0.1, 0.1, 0.1}
	if got := R2Score(y, []float64{0.1, 0.2, 0.1}); got != 0 {
		t.Errorf("r2_score %v, want 0", got)
	}
	if got := ExplainedVariance(y, []float64{0.2, 0.2, 0.2}); got != 1 {
		t.Errorf("explained_variance %v, want 1", got)
	}
}

// A class that weighs next to nothing is lost when its weight is added to another.
func TestMatthewsCorrCoefOfAVanishingClass(t *testing.T) {
	w := weigh(t, []float64{1, 0x1p-52, 1})
	for name, pred := range map[string][]int{"constant": {1, 1, 1}, "another constant": {0, 0, 0}, "right": {1, 0, 1}, "wrong": {0, 1, 0}} {
		if got := w.MatthewsCorrCoef([]int{1, 0, 1}, pred); !(got >= -1 && got <= 1) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestNDCGRefuses(t *testing.T) {
	for name, f := range map[string]func() (float64, error){
		"lengths":                 func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1}, nil, 0) },
		"a negative rank":         func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, 0}, nil, -1) },
		"a negative relevance":    func() (float64, error) { return NDCG([]float64{1, -1}, []float64{1, 0}, nil, 0) },
		"NaN":                     func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, math.NaN()}, nil, 0) },
		"queries beyond the rows": func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, 0}, []int{2, 1}, 0) },
		"rows beyond the queries": func() (float64, error) { return NDCG([]float64{1, 0, 1}, []float64{1, 0, 1}, []int{2}, 0) },
		"a query of no rows":      func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, 0}, []int{0, 2}, 0) },
		"single documents":        func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, 0}, []int{1, 1}, 0) },
		"weights of rows": func() (float64, error) {
			return Weights{[]float64{1, 1}}.NDCG([]float64{1, 0}, []float64{1, 0}, nil, 0)
		},
		"a query longer than ints": func() (float64, error) { return NDCG([]float64{1, 0}, []float64{1, 0}, []int{math.MaxInt, 2}, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := f(); err == nil {
				t.Errorf("got %v and no error", v)
			}
		})
	}
	// A query of one document stands beside others and has what it can have.
	got, err := NDCG([]float64{1, 0, 2}, []float64{1, 0, 5}, []int{2, 1}, 0)
	if err != nil || got != 1 {
		t.Errorf("got %v and %v, want 1", got, err)
	}
}
