package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/deploy"
	"mlops/runner/pipeline"
	"mlops/runner/table"
)

// Each model goes the whole way: it is trained, deployed, which repeats its
// predictions from the files, and predicts.
func TestEveryModelIsDeployedAndPredicts(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "customers.csv", 150)
	houses(t, dir, "houses.csv", 100)
	write(t, dir, "reviews.csv", "text,verdict\n"+strings.Repeat("a kind and warm welcome,good\nsuch a rude and cold place,bad\nwarm rooms and kind people,good\na cold room and rude people,bad\n", 20))
	for name, c := range map[string]struct{ data, backend, file string }{
		"logistic_regression of texts": {"reviews.csv", "nlp", "model.json"},
		"mlp_classifier, deep":         {"customers.csv", "deep_learning", "model.json"},
		"logistic_regression":          {"customers.csv", "classic", "model.json"},
		"decision_tree_classifier":     {"customers.csv", "classic", "model.txt"},
		"extra_trees_classifier":       {"customers.csv", "classic", "model.txt"},
		"mlp_classifier":               {"customers.csv", "neural_network", "model.json"},
		"linear_regression":            {"houses.csv", "classic", "model.json"},
		"ridge":                        {"houses.csv", "classic", "model.json"},
		"lasso":                        {"houses.csv", "classic", "model.json"},
		"elastic_net":                  {"houses.csv", "classic", "model.json"},
		"decision_tree_regressor":      {"houses.csv", "classic", "model.txt"},
		"extra_trees_regressor":        {"houses.csv", "classic", "model.txt"},
		"mlp_regressor":                {"houses.csv", "neural_network", "model.json"},
	} {
		model := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' })[0]
		cfg := settings(t, "preprocessing: {handle_missing: median}")
		cfg.Training.Backend, cfg.Training.ModelType, cfg.Training.Params = c.backend, model, nil
		result := train(t, env, pipeline.TrainRequest{Data: c.data, Config: cfg, BaseDir: dir})
		if result.ModelName != model {
			t.Errorf("%s: the model's name is %s", model, result.ModelName)
		}
		path := filepath.Join(result.Deployment.Dir, c.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: c.data, Model: result.Deployment.Dir, BaseDir: dir}, env)
		if err != nil || predicted.Count != result.Rows {
			t.Errorf("%s: %+v, %v", model, predicted, err)
		}
		wantIndependentRows(t, env, result.Deployment.Dir, filepath.Join(dir, c.data))
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), "1", "2", 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: c.data, Model: result.Deployment.Dir, BaseDir: dir}, env)
		wantError(t, err, "load", pipeline.BadData, c.file)
	}
}

// wantIndependentRows compares the predictions of a whole table with those of parts
// of it, bit for bit: large files are scored in parts.
func wantIndependentRows(t *testing.T, env pipeline.Env, deployment, data string) {
	t.Helper()
	bundle, err := deploy.Open(t.Context(), deployment)
	if err != nil {
		t.Fatal(err)
	}
	f, err := env.Storage.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := table.Read(t.Context(), f, f.Size(), table.ReadOptions{Name: data, Columns: bundle.Columns(), Types: bundle.Types()})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := bundle.Predict(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	k := len(whole.Classes)
	for lo, rows := 0, 1; lo < all.NumRows(); lo, rows = lo+rows, rows+2 {
		hi := min(lo+rows, all.NumRows())
		part, err := bundle.Predict(t.Context(), all.Slice(lo, hi))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part.Head(rows), whole.Head(hi)[lo:]) || !slices.Equal(part.Proba, whole.Proba[lo*k:hi*k]) {
			t.Fatalf("rows %d to %d by themselves are predicted as %v %v, among all as %v %v", lo+1, hi, part.Head(rows), part.Proba, whole.Head(hi)[lo:], whole.Proba[lo*k:hi*k])
		}
	}
}
