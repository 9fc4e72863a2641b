package training_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/table"
	"mlops/runner/training"
)

func deployed(t testing.TB, out *training.Outcome) *training.InitModel {
	t.Helper()
	state, err := out.Preprocess.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := preprocess.LoadFitted(state)
	if err != nil {
		t.Fatal(err)
	}
	m, err := training.Load(out.Model.Info(), bytes.NewReader(saved(t, out.Model)))
	if err != nil {
		t.Fatal(err)
	}
	init, err := training.InitModelOf("models/old", m, fitted)
	if err != nil {
		t.Fatal(err)
	}
	return init
}

// trees gives the trees of a model text, and what else is after its header.
func trees(text []byte) []string {
	parts := strings.Split(string(text), "\nTree=")[1:]
	last, _, _ := strings.Cut(parts[len(parts)-1], "\nend of trees")
	parts[len(parts)-1] = last
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func TestTrainingGoesOnFromADeployment(t *testing.T) {
	tab := shop(t, 600)
	for _, c := range []struct{ target, metric string }{{"spend", "rmse"}, {"churned", "log_loss"}, {"tier", "log_loss"}} {
		t.Run(c.target, func(t *testing.T) {
			t.Parallel()
			yaml := "preprocessing: {handle_missing: mean}\ntraining: {backend: lightgbm, cv_folds: %d, params: {num_iterations: 10}}"
			data := one(t, tab, c.target)
			first, err := training.Train(bg, training.Request{Table: data, Config: parse(t, fmt.Sprintf(yaml, 0))})
			if err != nil {
				t.Fatal(err)
			}
			// Fewer cities: fitted anew, their codes would be others.
			var rows []int
			for i := range data.NumRows() {
				if city := data.Column("city").Text(i); city != "Bogotá" && city != "Cusco" {
					rows = append(rows, i)
				}
			}
			second, err := training.Train(bg, training.Request{Table: data.Take(rows), Config: parse(t, fmt.Sprintf(yaml, 2)), InitModel: deployed(t, first)})
			if err != nil {
				t.Fatal(err)
			}
			old, all := trees(saved(t, first.Model)), trees(saved(t, second.Model))
			if len(all) != 2*len(old) || !slices.Equal(all[:len(old)], old) {
				t.Errorf("%d trees went before, and there are %d now", len(old), len(all))
			}
			if n := second.Model.(interface{ Rounds() int }).Rounds(); n != 10 {
				t.Errorf("%d rounds were trained", n)
			}
			if second.Metrics[c.metric] >= first.Metrics[c.metric] {
				t.Errorf("%s was %v and is %v", c.metric, first.Metrics[c.metric], second.Metrics[c.metric])
			}
			was, err := first.Preprocess.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			is, err := second.Preprocess.MarshalJSON()
			if err != nil || !bytes.Equal(was, is) {
				t.Errorf("preprocessing is not the deployment's: %s, %v", is, err)
			}
		})
	}
}

// A part of the old classes is enough; the model keeps all of them.
func TestClassesAreThoseOfTheDeployment(t *testing.T) {
	data := one(t, shop(t, 600), "tier")
	cfg := parse(t, "preprocessing: {handle_missing: mean}\ntraining: {backend: lightgbm, cv_folds: 2, params: {num_iterations: 5}}")
	first, err := training.Train(bg, training.Request{Table: data, Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	init := deployed(t, first)
	var some []int
	for i := range data.NumRows() {
		if data.Column("tier").Text(i) != "gold" {
			some = append(some, i)
		}
	}
	second, err := training.Train(bg, training.Request{Table: data.Take(some), Config: cfg, InitModel: init})
	if err != nil {
		t.Fatal(err)
	}
	if second.Problem != training.Multiclass || len(second.Target.Classes) != 3 || second.Metrics["accuracy"] < 0.8 {
		t.Errorf("a %s of %d classes, %v", second.Problem, len(second.Target.Classes), second.Metrics)
	}
	texts := make([]string, data.NumRows())
	for i := range texts {
		texts[i] = strings.Replace(data.Column("tier").Text(i), "gold", "platinum", 1)
	}
	other, err := table.New(append(data.Columns()[:4:4], table.NewString("tier", texts, nil))...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = training.Train(bg, training.Request{Table: other, Config: cfg, InitModel: init})
	if err == nil || !strings.Contains(err.Error(), `column "tier": training.init_model models/old does not know the class "platinum" (it knows bronze, gold, silver)`) {
		t.Errorf("got %v", err)
	}
}

// LightGBM's text is taken up with the configured preprocessing; its objective is
// the training's where none is named.
func TestTrainingGoesOnFromAModelText(t *testing.T) {
	data, err := targets(t, 400).Select("x", "query", "count")
	if err != nil {
		t.Fatal(err)
	}
	yaml := "preprocessing: {steps: []}\ntraining: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 8%s}}"
	first, err := training.Train(bg, training.Request{Table: data, Config: parse(t, fmt.Sprintf(yaml, ", objective: poisson"))})
	if err != nil {
		t.Fatal(err)
	}
	read := func() *training.InitModel {
		init, err := training.ReadInitModel("old.txt", bytes.NewReader(saved(t, first.Model)))
		if err != nil {
			t.Fatal(err)
		}
		return init
	}
	second, err := training.Train(bg, training.Request{Table: data, Config: parse(t, fmt.Sprintf(yaml, "")), InitModel: read()})
	if err != nil {
		t.Fatal(err)
	}
	if all, old := trees(saved(t, second.Model)), trees(saved(t, first.Model)); len(all) != 16 || !slices.Equal(all[:8], old) ||
		!strings.Contains(string(saved(t, second.Model)), "objective=poisson\n") {
		t.Errorf("%d trees after %d", len(all), len(old))
	}
	renamed := func(names ...string) *table.Table {
		var columns []*table.Column
		for i, c := range data.Columns() {
			columns = append(columns, table.NewFloat64(names[i], floats(t, c), nil))
		}
		out, err := table.New(columns...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	cases := []struct {
		name, params string
		tab          *table.Table
		want         string
	}{
		{"objective", ", loss: mse", data, "training.params.loss: the objective is regression, that of training.init_model old.txt is poisson; it must be the same one"},
		{"name", "", renamed("x", "q", "count"), `training.init_model: feature 2 of old.txt is "query", that of the data is "q"; the features must be the same ones in the same order`},
		{"order", "", renamed("query", "x", "count"), `feature 1 of old.txt is "x", that of the data is "query"`},
		{"one less", "", data.Drop("query"), `training.init_model: old.txt has 2 features, the data has 1: "query" is not among them`},
	}
	for _, c := range cases {
		_, err := training.Train(bg, training.Request{Table: c.tab, Config: parse(t, fmt.Sprintf(yaml, c.params)), InitModel: read()})
		var wrong *config.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := training.ReadInitModel("x.txt", strings.NewReader("tree\n")); err == nil || !strings.Contains(err.Error(), "x.txt is no model text of LightGBM") {
		t.Errorf("got %v", err)
	}
}

func floats(t testing.TB, c *table.Column) []float64 {
	t.Helper()
	values, err := c.AsFloats()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestWhatCannotBeGoneOnFrom(t *testing.T) {
	data := one(t, shop(t, 300), "spend")
	boosted := parse(t, "preprocessing: {handle_missing: mean}\ntraining: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 5}}")
	first, err := training.Train(bg, training.Request{Table: data, Config: boosted})
	if err != nil {
		t.Fatal(err)
	}
	init := deployed(t, first)
	forest, err := training.Train(bg, training.Request{Table: data, Config: parse(t, "training: {cv_folds: 0, params: {n_estimators: 3}}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := training.InitModelOf("m", forest.Model, forest.Preprocess); err == nil || !strings.Contains(err.Error(), "it is a model of random_forest_regressor, not of boosted trees") {
		t.Errorf("a forest: %v", err)
	}
	if _, err := training.ReadInitModel("m", bytes.NewReader(saved(t, forest.Model))); err == nil || !strings.Contains(err.Error(), "it is a random forest") {
		t.Errorf("a forest's text: %v", err)
	}
	filled, err := data.With(table.NewFloat64("visits", make([]float64, 300), nil))
	if err != nil {
		t.Fatal(err)
	}
	scored, err := training.Train(bg, training.Request{Table: filled, Config: parse(t, "training: {backend: lightgbm, cv_folds: 0, init_score_column: visits, params: {num_iterations: 2}}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := training.InitModelOf("m", scored.Model, scored.Preprocess); err == nil || !strings.Contains(err.Error(), "it was itself trained from initial scores (visits)") {
		t.Errorf("initial scores: %v", err)
	}
	extra, err := table.New(append([]*table.Column{table.NewFloat64("height", make([]float64, 300), nil)}, data.Columns()...)...)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, yaml string
		tab        *table.Table
		want       string
	}{
		{"another backend", "training: {backend: classic}", data, "training.init_model: a random forest cannot go on from a model"},
		{"an unknown feature", "training: {backend: lightgbm}", extra, `column "height": training.init_model models/old does not know this feature`},
		{"a missing feature", "training: {backend: lightgbm}", data.Drop("city"), `training.init_model models/old needs a feature that is not there: no column "city"`},
		{"another problem", "training: {backend: lightgbm, problem_type: classification}", one(t, shop(t, 300), "churned"), "training.init_model: models/old is of a regression and the data asks for a binary_classification"},
	}
	for _, c := range cases {
		if _, err := training.Train(bg, training.Request{Table: c.tab, Config: parse(t, c.yaml), InitModel: init}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	ranked, err := training.Train(bg, training.Request{Table: searches(t, 20, 10), Config: parse(t, ranking)})
	if err != nil {
		t.Fatal(err)
	}
	queryless := parse(t, "training: {backend: lightgbm, cv_folds: 0}")
	if _, err := training.Train(bg, training.Request{Table: searches(t, 20, 10).Drop("query"), Config: queryless, InitModel: deployed(t, ranked)}); err == nil || !strings.Contains(err.Error(), "training.group_column: a ranking needs queries") {
		t.Errorf("a ranking without queries: %v", err)
	}
	if _, err := training.Train(bg, training.Request{Table: data, Config: parse(t, "training: {backend: lightgbm, init_model: m}")}); err == nil || !strings.Contains(err.Error(), "training.init_model: the model is to be opened before the training") {
		t.Errorf("not opened: %v", err)
	}
}
