package gbdt

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// oursCases are trainings whose model text LightGBM has loaded: each objective
// with each kind of boosting, and each kind of sampling and tree.
func oursCases() map[string]lightGBMCase {
	cases := map[string]lightGBMCase{
		"regression":     {Target: "y", Params: map[string]any{}},
		"regression_l1":  {Target: "y", Params: map[string]any{"objective": "l1"}},
		"huber":          {Target: "y", Params: map[string]any{"objective": "huber"}},
		"fair":           {Target: "y", Params: map[string]any{"objective": "fair"}},
		"quantile":       {Target: "y", Params: map[string]any{"objective": "quantile", "alpha": 0.7}},
		"mape":           {Target: "y", Params: map[string]any{"objective": "mape"}},
		"poisson":        {Target: "count", Params: map[string]any{"objective": "poisson"}},
		"gamma":          {Target: "amount", Params: map[string]any{"objective": "gamma"}},
		"tweedie":        {Target: "claim", Params: map[string]any{"objective": "tweedie"}},
		"cross_entropy":  {Target: "share", Params: map[string]any{"objective": "cross_entropy"}},
		"lambdarank":     {Target: "grade", Params: map[string]any{"objective": "lambdarank"}, Group: true},
		"binary":         {Target: "positive", Params: map[string]any{"objective": "binary", "sigmoid": 1.3}},
		"multiclass":     {Target: "kind", Params: map[string]any{"objective": "multiclass", "num_class": 3}},
		"multiclassova":  {Target: "kind", Params: map[string]any{"objective": "multiclassova", "num_class": 3}},
		"dart":           {Target: "kind", Params: map[string]any{"objective": "multiclass", "num_class": 3, "boosting": "dart", "skip_drop": 0, "drop_rate": 0.5}},
		"rf":             {Target: "positive", Params: map[string]any{"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}},
		"goss":           {Target: "y", Params: map[string]any{"data_sample_strategy": "goss", "learning_rate": 0.6}},
		"extra_trees":    {Target: "y", Params: map[string]any{"extra_trees": true, "grow_policy": "depthwise"}},
		"zero_missing":   {Target: "y", Params: map[string]any{"zero_as_missing": true}},
		"linear":         {Target: "y", Params: map[string]any{"linear_tree": true, "linear_lambda": 0.1}},
		"linear_classes": {Target: "kind", Params: map[string]any{"objective": "multiclass", "num_class": 3, "linear_tree": true, "num_leaves": 5}},
		"constrained": {Target: "y", Params: map[string]any{"monotone_constraints": []any{1, -1, 0, 0, 1, 0, 0}, "monotone_constraints_method": "intermediate",
			"interaction_constraints": "[0,1,2,3],[3,4,5,6]", "path_smooth": 2, "max_delta_step": 1}},
	}
	for _, objective := range []string{Regression, RegressionL1, Huber, Fair, Poisson, Quantile, MAPE, Gamma, Tweedie, Binary, Multiclass, MulticlassOVA,
		CrossEntropy, LambdaRank} {
		for kind, more := range map[string]map[string]any{
			"dart":   {"boosting": "dart", "skip_drop": 0, "drop_rate": 0.5},
			"rf":     {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
			"linear": {"linear_tree": true, "linear_lambda": 0.1},
		} {
			c := cases[objective]
			if kind == "linear" && (objective == RegressionL1 || objective == Quantile || objective == MAPE) {
				continue // linear_tree refuses percentiles
			}
			c.Params = maps.Clone(c.Params)
			maps.Copy(c.Params, more)
			c.Params["num_leaves"], c.Params["num_iterations"] = 6, 3
			cases[objective+"_"+kind] = c
		}
	}
	return cases
}

// LightGBM loads our text and predicts what we predict, and its JSON of it is ours.
// With -update the texts are written; then tools/reference/gbdt_load.py writes
// what LightGBM makes of them.
func TestLightGBMPredictsOurModels(t *testing.T) {
	var theirs map[string][]float64
	if data, err := os.ReadFile("testdata/ours.json"); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(data, &theirs); err != nil {
		t.Fatal(err)
	}
	var dumps map[string]any
	if data, err := os.ReadFile("testdata/ours_dumps.json"); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(data, &dumps); err != nil {
		t.Fatal(err)
	}
	columns := probeRows(t)
	for name, c := range oursCases() {
		t.Run(name, func(t *testing.T) {
			p := c.params(t, PackedHistograms)
			train, _, _ := c.data(t, p)
			m, err := Train(context.Background(), train, nil, p)
			if err != nil {
				t.Fatal(err)
			}
			path := "testdata/ours/" + name + ".txt"
			if *update {
				if err := os.WriteFile(path, []byte(modelText(t, m)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			stored, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(stored) != modelText(t, m) {
				t.Errorf("%s is not what training gives now: run this test with -update, then tools/reference/gbdt_load.py", path)
			}
			got, err := m.Predict(columns)
			if err != nil {
				t.Fatal(err)
			}
			want := theirs[name]
			if len(want) != len(got) {
				t.Fatalf("%d predictions of LightGBM for %d of ours: run tools/reference/gbdt_load.py", len(want), len(got))
			}
			near(t, "prediction", got, want, 1e-12)
			if dump, ok := dumps[name]; ok {
				sameJSON(t, "dump", writtenJSON(t, m), dump)
			}
		})
	}
}
