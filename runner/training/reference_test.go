package training

import (
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

// tableOf are rows of numbers, in columns x0, x1, …, and their target y.
func tableOf(t *testing.T, x [][]float64, y []float64, more ...*table.Column) *table.Table {
	t.Helper()
	var columns []*table.Column
	for j := range x[0] {
		columns = append(columns, table.NewFloat64(fmt.Sprintf("x%d", j), sequence(len(x), func(i int) float64 { return x[i][j] }), nil))
	}
	tab, err := table.New(append(append(columns, more...), table.NewFloat64("y", y, nil))...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}
