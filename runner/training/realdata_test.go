package training_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mlops/runner/config"
	"mlops/runner/metrics"
	"mlops/runner/table"
	"mlops/runner/training"
)

// sharedData returns a folder of the real data, or skips the test.
func sharedData(t *testing.T, folder string) string {
	t.Helper()
	root := os.Getenv("MLOPS_SHARED_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the real data is not there (%v); set MLOPS_SHARED_DATA", err)
	}
	return dir
}

// LightGBM 4 itself reaches an AUC of about 0.83 on these 500 rows when it
// trains on all 7,000 with 100 trees of 31 leaves at rate 0.1.
func TestHiggsScoresAreThoseOfThePeers(t *testing.T) {
	dir := sharedData(t, "tabular")
	read := func(name string) *table.Table {
		tab, err := table.ReadFile(context.Background(), filepath.Join(dir, name), table.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	train, test := read("higgs_small_train.csv"), read("higgs_small_test.csv")
	for _, c := range []struct {
		yaml  string
		least float64
	}{
		{"training: {backend: lightgbm, cv_folds: 0, test_size: 1}", 0.81},
		{"training: {backend: classic, cv_folds: 0, test_size: 1, params: {n_estimators: 12}}", 0.72},
	} {
		cfg, err := config.Parse("test", []byte(c.yaml))
		if err != nil {
			t.Fatal(err)
		}
		out, err := training.Train(context.Background(), training.Request{Table: train, Target: "label", Config: cfg})
		if err != nil {
			t.Fatal(err)
		}
		features, err := out.Preprocess.TransformForInference(context.Background(), test)
		if err != nil {
			t.Fatal(err)
		}
		p, err := out.Model.Predict(context.Background(), features)
		if err != nil {
			t.Fatal(err)
		}
		truth := make([]int, test.NumRows())
		positive := make([]float64, test.NumRows())
		for i := range truth {
			truth[i] = int(test.Column("label").Ints()[i])
			positive[i] = p.Proba[2*i+1]
		}
		auc, err := metrics.ROCAUC(truth, positive)
		if err != nil || auc < c.least {
			t.Errorf("%s: AUC %.4f, want at least %.2f (%v)", out.Model.Name(), auc, c.least, err)
		}
		t.Logf("%s: AUC %.4f, warnings %v, timings %v", out.Model.Name(), auc, out.Warnings, out.Timings)

		var saved bytes.Buffer
		if err := out.Model.Write(&saved); err != nil {
			t.Fatal(err)
		}
		again, err := training.Load(out.Model.Info(), &saved)
		if err != nil {
			t.Fatal(err)
		}
		q, err := again.Predict(context.Background(), features)
		if err != nil || !slices.Equal(p.Proba, q.Proba) {
			t.Errorf("%s: the reloaded model predicts otherwise (%v)", out.Model.Name(), err)
		}
	}
}
