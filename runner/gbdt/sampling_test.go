package gbdt

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"mlops/runner/metrics"
)

// sampled trains the binary target with validation and gives its AUC there.
func sampledAUC(t *testing.T, change func(*Params)) float64 {
	t.Helper()
	p := DefaultParams()
	p.Objective, p.MinDataPerGroup = Binary, 10
	change(&p)
	train, valid, raw, label := splitTabular(t, "positive", p)
	var last map[string]float64
	p.Metric = []string{"auc"}
	m, err := Train(context.Background(), train, valid, p, func(it Iteration) error { last = it.Metrics; return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	auc, err := metrics.ROCAUC(classesOf(label), got)
	if err != nil {
		t.Fatal(err)
	}
	// The scores that the training kept are those of the finished model, even
	// where earlier trees were changed later on.
	if math.Abs(auc-last["valid_auc"]) > 1e-9 {
		t.Errorf("AUC %v of the model, %v of the training's own scores", auc, last["valid_auc"])
	}
	return auc
}

// A bag holds the share of each class that was asked for.
func TestBalancedBaggingDrawsShares(t *testing.T) {
	p := DefaultParams()
	p.Objective, p.BaggingFreq, p.PosBaggingFraction, p.NegBaggingFraction = Binary, 2, 0.9, 0.25
	label := make([]float64, 1000)
	for i := range 100 {
		label[i*7] = 1
	}
	s := newSampler(&Dataset{rows: 1000, label: label}, &p)
	first, left, _ := s.draw(0, nil, nil)
	positive := 0
	for _, row := range first {
		positive += int(label[row])
	}
	if positive != 90 || len(first)-positive != 225 || len(first)+len(left) != 1000 {
		t.Errorf("%d positive and %d negative rows in the bag, %d left out", positive, len(first)-positive, len(left))
	}
	kept := slices.Clone(first)
	if again, _, _ := s.draw(1, nil, nil); !slices.Equal(again, kept) {
		t.Error("the bag changed before bagging_freq iterations")
	}
	if again, _, _ := s.draw(2, nil, nil); slices.Equal(again, kept) {
		t.Error("the bag did not change after bagging_freq iterations")
	}
}

// One-side sampling keeps every large gradient and, about, the sums.
func TestGOSSKeepsLargeGradientsAndSums(t *testing.T) {
	p := DefaultParams()
	p.DataSampleStrategy, p.LearningRate = GOSS, 0.5
	const rows = 20000
	gradient, hessian := make([]float32, rows), make([]float32, rows)
	var before, after float64
	for i := range gradient {
		gradient[i], hessian[i] = float32(i%1000)/1000, 1
		before += float64(gradient[i])
	}
	s := newSampler(&Dataset{rows: rows, label: make([]float64, rows)}, &p)
	if in, _, scaled := s.draw(1, gradient, hessian); in != nil || scaled {
		t.Error("the first 1/learning_rate iterations must use all rows")
	}
	in, left, scaled := s.draw(2, gradient, hessian)
	if !scaled || len(in) != 6000 || len(in)+len(left) != rows {
		t.Fatalf("%d rows in, %d left out", len(in), len(left))
	}
	for _, row := range left {
		if gradient[row] >= 0.8 {
			t.Fatalf("row %d with gradient %v was left out", row, gradient[row])
		}
	}
	for _, row := range in {
		after += float64(gradient[row])
	}
	if math.Abs(after-before) > 0.02*before {
		t.Errorf("sum of gradients %v, of the sample %v", before, after)
	}
}

type seedFigures struct {
	Params          map[string]any
	Mean, Deviation float64 // over 200 seeds
}

func readSeeds(t *testing.T) map[string]seedFigures {
	t.Helper()
	data, err := os.ReadFile("testdata/seeds.json")
	if err != nil {
		t.Fatal(err)
	}
	var figures map[string]seedFigures
	if err := json.Unmarshal(data, &figures); err != nil {
		t.Fatal(err)
	}
	return figures
}
