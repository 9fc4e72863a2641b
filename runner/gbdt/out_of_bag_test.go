package gbdt

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// By the definition: a tree's bag is what the sampler drew in its training, and a row
// is predicted by the model of each tree alone that was grown without it.
func TestOutOfBagScoresAreThoseOfTheTreesThatDidNotSeeARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rows = 90
		outputs := rapid.SampledFrom([]int{1, 3}).Draw(t, "outputs")
		features, columns, label := benchmarkData(rows, 3)
		p := DefaultParams()
		p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, rapid.IntRange(1, 2).Draw(t, "bagging_freq"), rapid.Float64Range(0.1, 0.95).Draw(t, "bagging_fraction")
		p.NumIterations, p.MinDataInLeaf, p.NumLeaves, p.Seed = rapid.IntRange(1, 6).Draw(t, "trees"), 2, 8, rapid.IntRange(0, 99).Draw(t, "seed")
		p.Objective = Regression
		if outputs == 3 {
			p.Objective, p.NumClass, p.BoostFromAverage = Multiclass, 3, false
			for i := range label {
				label[i] = float64(i % 3)
			}
		}
		d, err := NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.OutOfBag(context.Background(), columns, p)
		if err != nil {
			t.Fatal(err)
		}
		sum, trees := make([]float64, rows*outputs), make([]int, rows)
		s := newSampler(d, &p)
		for i := range p.NumIterations {
			_, left, _ := s.draw(i, nil, nil)
			one, err := m.Iterations(i, 1)
			if err != nil {
				t.Fatal(err)
			}
			scores, err := one.PredictRaw(columns)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range left {
				trees[row]++
				for k := range outputs {
					sum[int(row)*outputs+k] += scores[int(row)*outputs+k]
				}
			}
		}
		for row := range rows {
			for k := range outputs {
				at := row*outputs + k
				want := sum[at] / float64(trees[row])
				if got[at] != want && !(trees[row] == 0 && math.IsNaN(got[at])) {
					t.Fatalf("row %d, output %d: %v, not %v, the mean of %d trees", row, k, got[at], want, trees[row])
				}
			}
		}
	})
}

func TestOutOfBagScoresOfWhatIsNoForest(t *testing.T) {
	features, columns, label := benchmarkData(60, 3)
	p := DefaultParams()
	p.NumIterations = 2
	m := trainOn(t, features, label, p)
	if _, err := m.OutOfBag(context.Background(), columns, p); err == nil {
		t.Error("boosted trees have out-of-bag scores")
	}
}
