//go:build !race

package training

import (
	"context"
	"fmt"
	"testing"
)

// Forests draw other rows and columns than scikit-learn's, so only figures can be
// compared: the means of five seeds each.
func TestForestsAreAsGoodAsScikitLearns(t *testing.T) {
	for _, want := range readReference(t).Forests {
		for model, figures := range want.Figures {
			t.Run(want.Kind+" "+model, func(t *testing.T) {
				t.Parallel()
				slack := 0.02
				if want.Kind == "multiclass" && model == "decision_tree" {
					slack = 0.04 // a tree for each class tells less than one of all
				}
				sums := map[string]float64{}
				const seeds = 5
				for seed := range seeds {
					for name, v := range forestFigures(t, want.Kind, model, seed, want.X, want.Y, want.Train) {
						sums[name] += v / seeds
					}
				}
				for name, figure := range figures {
					got := sums[name]
					t.Logf("%s %.4f, scikit-learn %.4f", name, got, figure)
					if name == "log_loss" && got > figure+slack || name != "log_loss" && got < figure-slack {
						t.Errorf("%s is %.4f, scikit-learn's %.4f", name, got, figure)
					}
					if name == "oob_score" && got > figure+slack {
						t.Errorf("%s is %.4f, scikit-learn's %.4f: too good to be of rows that the trees did not see", name, got, figure)
					}
				}
			})
		}
	}
}

// forestFigures trains on the first rows and judges by the others.
func forestFigures(t *testing.T, kind, model string, seed int, x [][]float64, y []float64, train int) map[string]float64 {
	t.Helper()
	tab := tableOf(t, x, y)
	suffix, problem := "_classifier", "classification"
	if kind == "regression" {
		suffix, problem = "_regressor", "regression"
	}
	params := map[string]string{"random_forest": ", params: {oob_score: true}", "decision_tree": ", params: {min_samples_leaf: 10}"}[model]
	out, err := Train(context.Background(), Request{
		Table: tab.Slice(0, train), Validation: tab.Slice(train, len(x)), Target: "y",
		Config: cfgOf(t, fmt.Sprintf("preprocessing: {steps: []}\ntraining: {validation_data: rest, cv_folds: 0, problem_type: %s, random_state: %d, model_type: %s%s%s}", problem, seed, model, suffix, params)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Metrics
}
