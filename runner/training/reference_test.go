package training

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/table"
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
		Figures map[string]float64
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

// The forest draws other rows and columns than scikit-learn's, so only its
// figures can be compared: the mean of five of scikit-learn's forests.
func TestForestIsAsGoodAsScikitLearns(t *testing.T) {
	for _, want := range readReference(t).Forests {
		t.Run(want.Kind, func(t *testing.T) {
			t.Parallel()
			var columns []*table.Column
			for j := range want.X[0] {
				columns = append(columns, table.NewFloat64(fmt.Sprintf("x%d", j), sequence(len(want.X), func(i int) float64 { return want.X[i][j] }), nil))
			}
			features, err := table.New(columns...)
			if err != nil {
				t.Fatal(err)
			}
			problem := map[string]ProblemType{"binary": Binary, "multiclass": Multiclass, "regression": Regression}[want.Kind]
			target := table.NewFloat64("y", want.Y, nil)
			job := Job{Config: cfgOf(t, ""), Problem: problem, Target: Target{Name: "y", Kind: table.Float64}, Train: Data{Features: features.Slice(0, want.Train)}, Quiet: true}
			judged := Data{Values: want.Y[want.Train:]}
			if problem == Regression {
				job.Train.Values = want.Y[:want.Train]
			} else {
				job.Target.Classes = distinctOf(target, maxClasses).labels
				for i, y := range want.Y {
					if i < want.Train {
						job.Train.Classes = append(job.Train.Classes, int(y))
					} else {
						judged.Classes = append(judged.Classes, int(y))
					}
				}
			}
			m, err := classic{}.Fit(context.Background(), job)
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Predict(context.Background(), features.Slice(want.Train, len(want.X)))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := evaluate(problem, judged, p)
			for name, figure := range want.Figures {
				t.Logf("%s %.4f, scikit-learn %.4f", name, got[name], figure)
				const slack = 0.02 // about what another seed changes
				if name == "log_loss" && got[name] > figure+slack || name != "log_loss" && got[name] < figure-slack {
					t.Errorf("%s is %.4f, scikit-learn's %.4f", name, got[name], figure)
				}
			}
		})
	}
}
