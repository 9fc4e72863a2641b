package training

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"mlops/runner/table"
)

// noisyLine is a job of a regression with two columns, of which the second is
// noise.
func noisyLine(t *testing.T, rows int, yaml string) Job {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 3))
	x, z := make([]float64, rows), make([]float64, rows)
	y := make([]float64, rows)
	for i := range rows {
		x[i], z[i] = random.Float64()*10, random.Float64()
		y[i] = 3*x[i] + random.NormFloat64()*4
	}
	features, err := table.New(table.NewFloat64("x", x, nil), table.NewFloat64("z", z, nil))
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Config: cfgOf(t, yaml), Problem: Regression, Target: Target{Name: "y", Kind: table.Float64},
		Train: Data{Features: features, Values: y}, Quiet: true,
	}
}

// Each parameter must change the forest as scikit-learn's does: training error
// grows from trees that see every row to trees of few rows or leaves.
func TestForestParametersTakeEffect(t *testing.T) {
	trainError := func(params string) float64 {
		job := noisyLine(t, 300, "training: {params: {n_estimators: 20, "+params+"}}")
		m, err := classic{}.Fit(context.Background(), job)
		if err != nil {
			t.Fatalf("%s: %v", params, err)
		}
		p, err := m.Predict(context.Background(), job.Train.Features)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, v := range p.Values {
			sum += math.Abs(v - job.Train.Values[i])
		}
		return sum / float64(len(p.Values))
	}
	for _, c := range []struct{ closer, coarser string }{
		{"bootstrap: false", "bootstrap: true"},
		{"bootstrap: true", "max_samples: 0.3"},
		{"max_samples: 1.0", "max_samples: 90"},
		{"min_samples_split: 2", "min_samples_split: 20"},
		{"min_samples_split: 20", "min_samples_split: 0.3"},
		{"min_samples_leaf: 1", "min_samples_leaf: 10"},
		{"min_samples_leaf: 10", "min_samples_leaf: 0.2"},
		{"max_depth: null", "max_depth: 2"},
		{"max_leaf_nodes: 50", "max_leaf_nodes: 4"},
	} {
		if near, far := trainError(c.closer), trainError(c.coarser); near >= 0.98*far {
			t.Errorf("mean training error %.3f with %s, %.3f with %s", near, c.closer, far, c.coarser)
		}
	}
	if e := trainError("bootstrap: false"); e > 0.3 {
		t.Errorf("trees of all rows miss them by %.3f", e)
	}
}

func TestBalancedClassesWeighAlike(t *testing.T) {
	want := []float64{4. / (2 * 3), 4. / (2 * 3), 4. / (2 * 1), 4. / (2 * 3)}
	for i, w := range balanced([]int{0, 0, 2, 0}, 3, 2) {
		if w != want[i] {
			t.Errorf("weight %d is %v, scikit-learn's is %v", i, w, want[i])
		}
	}
}
