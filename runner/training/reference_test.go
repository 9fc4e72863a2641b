package training

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reference holds what scikit-learn gives; testdata/reference.py writes it.
type reference struct {
	Folds []struct {
		Y      []int
		K      int
		Counts [][]int
	}
	Splits []struct {
		Counts   []int
		TestSize float64 `json:"test_size"`
		Test     []int
	}
	Forests []struct {
		Kind    string
		X       [][]float64
		Y       []float64
		Train   int
		Figures map[string]map[string]float64 // by model
	}
	XGBoost struct {
		Params  map[string]map[string]any
		Figures map[string]map[string]map[string]float64 // by kind of problem and name of parameters
		Ranking struct {
			X     [][]float64
			Y     []float64
			Query []int64
			Train int
			NDCG  map[string]float64
		}
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFoldsAndSplitsAreThoseOfScikitLearn(t *testing.T) {
	r := readReference(t)
	for _, want := range r.Folds {
		if diff := cmp.Diff(want.Counts, allocate(want.Y, len(want.Counts[0]), want.K)); diff != "" {
			t.Errorf("%d folds of %v (-scikit-learn +got):\n%s", want.K, want.Y, diff)
		}
	}
	for _, want := range r.Splits {
		g := classGoal(want.Counts...)
		_, validation, _, err := split(g, cfgOf(t, fmt.Sprintf("training: {test_size: %v}", want.TestSize)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Test, countClasses(g, validation)); diff != "" {
			t.Errorf("test_size %v of %v (-scikit-learn +got):\n%s", want.TestSize, want.Counts, diff)
		}
	}
}

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
