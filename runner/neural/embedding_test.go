package neural

import (
	"context"
	"math"
	"testing"
)

func TestEmbeddingDim(t *testing.T) {
	for _, c := range []struct{ categories, asked, want int }{
		{1, 0, 1}, {2, 0, 1}, {3, 0, 2}, {99, 0, 50}, {100, 0, 50}, {5000, 0, 50}, {10, 4, 4}, {3, 8, 3},
	} {
		if got := embeddingDim(c.categories, c.asked); got != c.want {
			t.Errorf("%d categories, %d asked: %d, want %d", c.categories, c.asked, got, c.want)
		}
	}
}

// Codes that training has not seen, and unknown and missing ones, take the mean of
// the learned vectors by their weight; where there are missing ones in training, they
// have a vector that is learned.
func TestCodesWithoutRows(t *testing.T) {
	codes := []float64{0, 0, 0, 1, 1, 3, 3, 3, 3, 3}
	y := []float64{5, 5, 5, -5, -5, 1, 1, 1, 1, 1}
	weight := []float64{1, 2, 0, 1, 1, 1, 1, 1, 1, 1}
	train := func(solver string, codes []float64) *Model {
		p := DefaultParams()
		p.Solver, p.LearningRateInit, p.MaxIter, p.HiddenLayerSizes, p.Alpha = solver, 0.01, 500, []int{8}, 1e-3
		m, err := Train(context.Background(), Dataset{Features: []Feature{{Name: "kind", Values: codes, Categories: 5}}, Target: y, Weight: weight}, p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, solver := range []string{SGD, Adam, LBFGS} {
		m := train(solver, codes)
		vectors, dim, ok := m.Embedding("kind")
		if !ok || dim != 3 || len(vectors) != 6*dim {
			t.Fatalf("%d numbers, length %d, %v", len(vectors), dim, ok)
		}
		for j := range dim {
			mean := (3*vectors[j] + 2*vectors[dim+j] + 5*vectors[3*dim+j]) / 10
			for _, code := range []int{2, 4, 5} {
				if got := vectors[code*dim+j]; math.Abs(got-mean) > 1e-12 {
					t.Errorf("%s: code %d, number %d: %v, the mean is %v", solver, code, j, got, mean)
				}
			}
		}
		got, err := m.Predict(context.Background(), [][]float64{{0, 1, 3, 2, 4, 5, -1, math.NaN()}})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{5, -5, 1} {
			if math.Abs(got[i]-want) > 0.5 {
				t.Errorf("%s: code %d: %v, want about %v", solver, i, got[i], want)
			}
		}
		for _, v := range got[4:] {
			if v != got[3] {
				t.Errorf("%s: unknown and unseen codes differ: %v", solver, got[3:])
			}
		}
	}

	codes = []float64{0, 0, 0, math.NaN(), -7, 3, 3, 3, 3, 3}
	got, err := train(LBFGS, codes).Predict(context.Background(), [][]float64{{0, 99, math.NaN()}})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got[0]-5) > 0.5 || math.Abs(got[1]+5) > 0.5 || got[1] != got[2] {
		t.Errorf("%v, want about 5, -5, -5", got)
	}
}

// Scoring between epochs does not disturb the training.
func TestScoringLeavesUnseenCodesAlone(t *testing.T) {
	data := Dataset{Features: []Feature{{Name: "kind", Values: []float64{0, 1, 0, 1, 3, 3}, Categories: 4}}, Target: []float64{1, 2, 1, 2, 3, 3}}
	valid := Dataset{Features: []Feature{{Name: "kind", Values: []float64{2, 9, 0}, Categories: 4}}, Target: []float64{1, 2, 1}}
	p := DefaultParams()
	p.MaxIter = 20
	plain, err := Train(context.Background(), data, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	scored, err := Train(context.Background(), data, p, Options{Validation: &valid})
	if err != nil {
		t.Fatal(err)
	}
	sameBits(t, "weights", scored.theta, plain.theta)
	sameBits(t, "losses", scored.History().LossCurve, plain.History().LossCurve)
}
