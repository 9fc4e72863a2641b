package training_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// Rows that a tree did not see are as good as rows that were set apart.
func TestOutOfBagScoreIsAboutThatOfRowsSetApart(t *testing.T) {
	for _, test := range []struct{ target, metric, model string }{
		{"churned", "accuracy", "auto"}, {"tier", "accuracy", "auto"}, {"spend", "r2_score", "auto"}, {"churned", "accuracy", "extra_trees_classifier"},
	} {
		t.Run(test.target+" "+test.model, func(t *testing.T) {
			yaml := "training: {cv_folds: 0, test_size: 0.5, model_type: " + test.model + ", params: {bootstrap: true, oob_score: true}}\npreprocessing: {handle_missing: mean}"
			out, err := training.Train(t.Context(), training.Request{Table: one(t, shop(t, 2000), test.target), Target: test.target, Config: parse(t, yaml)})
			if err != nil {
				t.Fatal(err)
			}
			oob, held := out.Metrics["oob_score"], out.Metrics[test.metric]
			if math.Abs(oob-held) > 0.03 {
				t.Errorf("oob_score %v, %s of rows set apart %v", oob, test.metric, held)
			}
		})
	}
}

func TestOutOfBagScoreOfFewTreesLeavesRowsOut(t *testing.T) {
	yaml := "training: {cv_folds: 3, test_size: 0, params: {oob_score: true, n_estimators: 2}}\npreprocessing: {handle_missing: mean}"
	out, err := training.Train(t.Context(), training.Request{Table: one(t, shop(t, 300), "churned"), Target: "churned", Config: parse(t, yaml)})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := out.Metrics["oob_score"]; !there {
		t.Errorf("metrics %v", out.Metrics)
	}
	if warnings := strings.Join(out.Warnings, "\n"); strings.Count(warnings, "training rows were drawn for every tree") != 1 {
		t.Errorf("warnings %q", warnings)
	}
}

// What depends on chance alone has an honest score, where the training rows' own
// would be near 1.
func TestOutOfBagScoreOfNoise(t *testing.T) {
	const rows = 1000
	x, y := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		x[i], y[i] = float64(i*7919%rows), float64(i*104729%997)
	}
	tab, err := table.New(table.NewFloat64("x", x, nil), table.NewFloat64("y", y, nil))
	if err != nil {
		t.Fatal(err)
	}
	out, err := training.Train(t.Context(), training.Request{Table: tab, Target: "y", Config: parse(t, "training: {cv_folds: 0, problem_type: regression, params: {oob_score: true}}")})
	if err != nil {
		t.Fatal(err)
	}
	if oob := out.Metrics["oob_score"]; oob > 0.1 {
		t.Errorf("oob_score of noise is %v", oob)
	}
}

func TestOutOfBagScoreNeedsBags(t *testing.T) {
	for yaml, want := range map[string]string{
		"{model_type: extra_trees_classifier, params: {oob_score: true}}":                     "training.params.oob_score: needs bootstrap",
		"{model_type: random_forest_classifier, params: {oob_score: true, bootstrap: false}}": "training.params.oob_score: needs bootstrap",
		"{model_type: decision_tree_classifier, params: {oob_score: true}}":                   "training.params.oob_score: is of forests",
	} {
		var settings *config.Error
		if err := training.Check(parse(t, "training: "+yaml)); !errors.As(err, &settings) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v", yaml, err)
		}
	}
}
