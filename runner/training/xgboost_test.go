package training

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"mlops/runner/gbdt"
)

// A model is the same after writing and loading, and in the form for XGBoost; the
// model type of classic is the backend with a learning rate of 0.1.
func TestXGBoostModelIsKept(t *testing.T) {
	fit := func(yaml string) (*treeModel, Job) {
		job := noisyLine(t, 300, yaml)
		b, err := backendOf(job.Config)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Check(job.Config); err != nil {
			t.Fatal(err)
		}
		m, err := b.Fit(context.Background(), job)
		if err != nil {
			t.Fatal(err)
		}
		return m.(*treeModel), job
	}
	m, _ := fit("training: {backend: classic, model_type: xgboost, params: {n_estimators: 10, colsample_bylevel: 0.5}}")
	same, job := fit("training: {backend: xgboost, params: {num_boost_round: 10, eta: 0.1, colsample_bylevel: 0.5}}")
	columns := columnsOf(job.Train)
	want, err := m.trees.Predict(columns)
	if err != nil {
		t.Fatal(err)
	}
	var text, exported bytes.Buffer
	if err := m.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := m.Export(&exported); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(m.Info(), &text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := gbdt.ReadXGBoost(&exported)
	if err != nil {
		t.Fatal(err)
	}
	for name, trees := range map[string]*gbdt.Model{"backend": same.trees, "text": loaded.(*treeModel).trees} {
		got, err := trees.Predict(columns)
		if err != nil {
			t.Fatal(err)
		}
		for row := range got {
			if got[row] != want[row] {
				t.Fatalf("%s: row %d has %v instead of %v", name, row, got[row], want[row])
			}
		}
	}
	if m.ExportName() != "model.xgboost.json" || again.NumTrees() != 10 {
		t.Errorf("the file %q has %d trees", m.ExportName(), again.NumTrees())
	}
}

// By hand: the first tree's gains, leaf values and start of two groups of rows.
func TestXGBoostParametersMeanXGBoosts(t *testing.T) {
	for _, c := range []struct {
		params string
		leaf   float64
	}{
		{"eta: 1, lambda: 0", 1}, {"eta: 1, lambda: 1", 0.5 + 2.0/5}, {"eta: 0.5, lambda: 0", 0.75}, {"eta: 1, lambda: 0, base_score: 2", 1},
		{"eta: 1, lambda: 0, gamma: 1.99", 1}, {"eta: 1, lambda: 0, gamma: 2.01", 0.5}, {"eta: 1, lambda: 0, alpha: 1", 0.75},
		{"eta: 1, lambda: 0, min_child_weight: 5", 0.5}, {"eta: 1, lambda: 0, max_delta_step: 0.25", 0.75},
	} {
		job := noisyLine(t, 8, "training: {backend: xgboost, params: {n_estimators: 1, max_depth: 1, "+c.params+"}}")
		x := job.Train.Features.Column("x").Floats()
		for i := range x {
			x[i], job.Train.Features.Column("z").Floats()[i] = float64(i/4), 0
			job.Train.Values[i] = float64(i / 4)
		}
		m, err := (xgBoost{eta: 0.3}).Fit(context.Background(), job)
		if err != nil {
			t.Fatalf("%s: %v", c.params, err)
		}
		p, err := m.Predict(context.Background(), job.Train.Features)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p.Values[7]-c.leaf) > 1e-4 {
			t.Errorf("%s: predicts %v instead of %v", c.params, p.Values[7], c.leaf)
		}
	}
}

func TestXGBoostRefuses(t *testing.T) {
	for params, want := range map[string]string{
		"colsample_bytre: 0.5":                `did you mean "colsample_bytree"`,
		"eta: 0.1, learning_rate: 0.2":        `the same parameter as "eta"`,
		"objective: reg:squarederr":           `did you mean "reg:squarederror"`,
		"objective: survival:cox":             "unknown objective",
		"objective: rank:ndcg":                "group_column",
		"eval_metric: auc":                    "every metric of the problem is measured",
		"booster: dart":                       "gbtree",
		"max_leaves: 1":                       "at least 2",
		"objective: reg:gamma, base_score: 0": "no prediction",
	} {
		cfg := cfgOf(t, "training: {backend: xgboost, params: {"+params+"}}")
		if err := (xgBoost{eta: 0.3}).Check(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", params, err)
		}
	}
}
