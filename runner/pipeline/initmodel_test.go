package pipeline_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/pipeline"
)

func TestTrainingGoesOnFromWhatADeploymentHolds(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "old.csv", 300)
	customers(t, dir, "new.csv", 400)
	first := train(t, env, pipeline.TrainRequest{Data: "old.csv", Config: settings(t, "preprocessing: {handle_missing: median}")})
	trees := func(dir string) int { return strings.Count(string(modelText(t, dir)), "\nTree=") }

	for name, c := range map[string]struct {
		model, preprocessing string
		warned               bool
	}{
		"deployment":            {first.Deployment.Dir, "{handle_missing: median}", false},
		"relative":              {filepath.Join("models", filepath.Base(first.Deployment.Dir)), "{handle_missing: median}", false},
		"URL":                   {"file://" + first.Deployment.Dir, "{handle_missing: median}", false},
		"another preprocessing": {first.Deployment.Dir, "{handle_missing: mean, scale_features: false}", true},
		"model text":            {filepath.Join(first.Deployment.Dir, "model.txt"), "{handle_missing: median}", false},
	} {
		second := train(t, env, goingOn(t, dir, c.model, "preprocessing: "+c.preprocessing))
		if trees(second.Deployment.Dir) != 20 {
			t.Errorf("%s: %d trees", name, trees(second.Deployment.Dir))
		}
		if got := strings.Contains(strings.Join(second.Warnings, "\n"), "the preprocessing section is not used"); got != c.warned {
			t.Errorf("%s: warnings %q", name, second.Warnings)
		}
		was, err := os.ReadFile(filepath.Join(first.Deployment.Dir, "preprocessor.json"))
		if err != nil {
			t.Fatal(err)
		}
		is, err := os.ReadFile(filepath.Join(second.Deployment.Dir, "preprocessor.json"))
		if err != nil || (string(is) == string(was)) != (name != "model text") {
			t.Errorf("%s: preprocessing is the deployment's: %v, %v", name, string(is) == string(was), err)
		}
	}
}

// goingOn asks for a training that goes on from a model.
func goingOn(t *testing.T, dir, model, more string) pipeline.TrainRequest {
	cfg := settings(t, more)
	cfg.Training.InitModel = model
	cfg.Deployment.OutputDir = "more"
	return pipeline.TrainRequest{Data: "new.csv", Config: cfg, BaseDir: dir}
}

func TestModelsThatTrainingCannotGoOnFrom(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "old.csv", 300)
	customers(t, dir, "new.csv", 300)
	first := train(t, env, pipeline.TrainRequest{Data: "old.csv", Config: settings(t, "")}).Deployment.Dir
	forest := settings(t, "")
	forest.Training.Backend, forest.Training.Params = "classic", map[string]any{"n_estimators": 3}
	second := train(t, env, pipeline.TrainRequest{Data: "old.csv", Config: forest}).Deployment.Dir
	outside := write(t, t.TempDir(), "model.txt", "tree\n")
	write(t, dir, "noise.txt", "tree\nversion=v4\n")
	damaged := filepath.Join(dir, "damaged")
	if err := os.CopyFS(damaged, os.DirFS(first)); err != nil {
		t.Fatal(err)
	}
	write(t, damaged, "model.txt", "tree\n")
	for _, c := range []struct {
		model string
		kind  pipeline.Kind
		want  string
	}{
		{"models/gone", pipeline.BadData, "training.init_model: "},
		{outside, pipeline.Forbidden, "training.init_model: "},
		{"models", pipeline.BadData, "is no deployment"},
		{damaged, pipeline.BadData, "model.txt does not match its checksum"},
		{"noise.txt", pipeline.BadData, "noise.txt is no model text of LightGBM"},
		{second, pipeline.BadData, "it is a model of random_forest_classifier, not of boosted trees"},
	} {
		_, err := pipeline.Train(t.Context(), goingOn(t, dir, c.model, ""), env)
		wantError(t, err, "load", c.kind, c.want)
	}
}

// The scores that training started from are added where the file has them.
func TestPredictionsStartFromTheScoresOfTheFile(t *testing.T) {
	dir, env := environment(t)
	var b strings.Builder
	b.WriteString("x,base,y\n")
	for i := range 300 {
		fmt.Fprintf(&b, "%d,%d,%d\n", i%10, 1000*(i%7), 1000*(i%7)+i%10)
	}
	write(t, dir, "data.csv", b.String())
	cfg := settings(t, "")
	cfg.Training.InitScoreColumn, cfg.Training.ProblemType = []string{"base"}, "regression"
	cfg.Training.Params = map[string]any{"num_iterations": 100}
	result := train(t, env, pipeline.TrainRequest{Data: "data.csv", Config: cfg})
	if result.Metrics["r2_score"] < 0.999 || !slices.Equal(result.Features, []string{"x"}) {
		t.Errorf("got %+v", result)
	}
	write(t, dir, "with.csv", "base,x\n5000,3\n-70,3\n")
	write(t, dir, "without.csv", "x\n3\n")
	write(t, dir, "torn.csv", "x,base\n3,\n")
	predict := func(data string) *pipeline.PredictResult {
		r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: data, Model: result.Deployment.Dir}, env)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	near := func(got []float64, want ...float64) bool {
		return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 0.5 })
	}
	if r := predict("with.csv"); !near(r.Predictions.Values.Floats(), 5003, -67) || len(r.Warnings) > 0 {
		t.Errorf("%v, warnings %q", r.Head, r.Warnings)
	}
	if r := predict("without.csv"); !near(r.Predictions.Values.Floats(), 3) ||
		!strings.Contains(strings.Join(r.Warnings, "\n"), `without.csv has no column "base": the model was trained from the scores in it`) {
		t.Errorf("%v, warnings %q", r.Head, r.Warnings)
	}
	_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "torn.csv", Model: result.Deployment.Dir}, env)
	wantError(t, err, "predict", pipeline.BadData, `torn.csv: row 1, column "base": an initial score is missing`)
}
