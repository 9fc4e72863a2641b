package training_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"mlops/runner/progress"
	"mlops/runner/table"
	"mlops/runner/training"
)

// lies are rows of which every third says the opposite and has no weight.
func lies(t testing.TB, rows int) *table.Table {
	t.Helper()
	x, y, w, label := make([]float64, rows), make([]float64, rows), make([]float64, rows), make([]string, rows)
	for i := range rows {
		x[i] = float64(i * 7 % 101)
		y[i], w[i], label[i] = x[i], 2, []string{"low", "high"}[int(x[i])/51]
		if i%3 == 0 {
			y[i], w[i], label[i] = 100-x[i], 0, []string{"high", "low"}[int(x[i])/51]
		}
	}
	out, err := table.New(table.NewFloat64("x", x, nil), table.NewFloat64("y", y, nil), table.NewString("label", label, nil), table.NewFloat64("w", w, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Rows without weight teach nothing, whatever the backend and the problem.
func TestWeightsDecideWhatIsLearnt(t *testing.T) {
	tab := lies(t, 600)
	for _, backend := range []string{"backend: lightgbm", "backend: classic", "backend: classic, params: {class_weight: balanced}"} {
		for _, target := range []string{"y", "label"} {
			if target == "y" && strings.Contains(backend, "balanced") {
				continue
			}
			data, err := tab.Select("x", "w", target)
			if err != nil {
				t.Fatal(err)
			}
			out, err := training.Train(bg, training.Request{Table: data, Config: parse(t, "training: {"+backend+", sample_weight_column: w, cv_folds: 0}")})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(out.Features, []string{"x"}) {
				t.Errorf("the weight is among the features %q", out.Features)
			}
			probe, err := table.New(table.NewFloat64("x", []float64{5, 95}, nil))
			if err != nil {
				t.Fatal(err)
			}
			features, err := out.Preprocess.TransformForInference(bg, probe)
			if err != nil {
				t.Fatal(err)
			}
			p, err := out.Model.Predict(bg, features)
			if err != nil {
				t.Fatal(err)
			}
			if target == "y" && (math.Abs(p.Values[0]-5) > 3 || math.Abs(p.Values[1]-95) > 3) {
				t.Errorf("%s learns from rows without weight: %v", backend, p.Values)
			}
			if target == "label" && (p.Label(0).String() != "low" || p.Label(1).String() != "high" || p.Proba[p.Class[0]] < 0.9) {
				t.Errorf("%s learns from rows without weight: %v", backend, p.Proba)
			}
		}
	}
}

// What early stopping looks at is weighed as well.
func TestWeightsCountInValidation(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	features, err := table.New(table.NewFloat64("x", x, nil))
	if err != nil {
		t.Fatal(err)
	}
	weights := []float64{0, 0, 3, 0, 1, 0, 0, 0, 0, 0}
	valid := training.Data{Features: features, Values: []float64{9, 9, 1, 9, 2, 9, 9, 9, 9, 9}, Weights: weights}
	cfg := parse(t, "training: {backend: lightgbm, cv_folds: 0, test_size: 0, params: {num_iterations: 1, min_data_in_leaf: 1, metric: l2, verbosity: -1}}")
	var told float64
	ctx := progress.With(bg, progress.Func(func(r progress.Report) { told = max(told, r.Metrics["valid_l2"]) }))
	m, err := training.FitForTest(ctx, "lightgbm", training.Job{
		Config: cfg, Problem: training.Regression, Target: training.Target{Name: "y", Kind: table.Float64},
		Train: training.Data{Features: features, Values: x}, Validation: &valid,
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(bg, features)
	if err != nil {
		t.Fatal(err)
	}
	want := (3*math.Pow(p.Values[2]-1, 2) + math.Pow(p.Values[4]-2, 2)) / 4
	if math.Abs(told-want) > 1e-9 {
		t.Errorf("valid_l2 is %v, weighted it is %v", told, want)
	}
}

func TestBadWeightsAreTold(t *testing.T) {
	tab := lies(t, 60)
	with := func(w *table.Column) *table.Table {
		out, err := table.New(tab.Column("x"), w, tab.Column("y"))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	changed := func(v float64) *table.Column {
		w := slices.Clone(tab.Column("w").Floats())
		w[41] = v
		return table.NewFloat64("w", w, nil)
	}
	cases := []struct {
		w    *table.Column
		want string
	}{
		{changed(-1), `row 42, column "w": -1 cannot be a weight; correct the cell, or remove its row`},
		{changed(math.Inf(1)), `row 42, column "w": +Inf cannot be a weight`},
		{changed(math.NaN()), `row 42, column "w": a weight is missing; fill the cell, or remove its row`},
		{uniqueTexts("w", 60), `column "w": a weight must be a number, and the column holds text`},
		{table.NewFloat64("w", make([]float64, 60), nil), `column "w": every weight is 0`},
	}
	for _, backend := range []string{"lightgbm", "classic"} {
		for _, c := range cases {
			cfg := parse(t, "training: {backend: "+backend+", problem_type: regression, sample_weight_column: w, cv_folds: 0}")
			if _, err := training.Train(bg, training.Request{Table: with(c.w), Config: cfg}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", backend, err, c.want)
			}
		}
	}
	// Rows that are left out for a missing target need no weight, and rows keep
	// their numbers.
	y := slices.Clone(tab.Column("y").Floats())
	y[41] = math.NaN()
	out, err := table.New(tab.Column("x"), changed(math.NaN()), table.NewFloat64("y", y, nil))
	if err != nil {
		t.Fatal(err)
	}
	cfg := parse(t, "training: {backend: lightgbm, problem_type: regression, sample_weight_column: w, cv_folds: 0, params: {min_data_in_leaf: 3}}")
	if _, err := training.Train(bg, training.Request{Table: out, Target: "y", Config: cfg}); err != nil {
		t.Error(err)
	}
	// All weights of the part that is trained on may be 0, too.
	few := make([]float64, 60)
	few[0] = 1
	_, err = training.Train(bg, training.Request{Table: with(table.NewFloat64("w", few, nil)), Config: parse(t,
		"training: {backend: lightgbm, problem_type: regression, sample_weight_column: w, cv_folds: 30, params: {min_data_in_leaf: 3}}")})
	if err == nil || !strings.Contains(err.Error(), `column "w": among the rows to train on or to stop by, the weights add up to 0`) {
		t.Errorf("got %v", err)
	}
}
