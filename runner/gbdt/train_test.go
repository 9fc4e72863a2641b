package gbdt

import (
	"bytes"
	"context"
	"math"
	"math/rand"
	"testing"
)

// plainData is a table of standard normal columns.
func plainData(rows, columns int, seed int64) ([]Feature, [][]float64) {
	r := rand.New(rand.NewSource(seed))
	features := make([]Feature, columns)
	raw := make([][]float64, columns)
	for f := range features {
		raw[f] = make([]float64, rows)
		for i := range raw[f] {
			raw[f][i] = r.NormFloat64()
		}
		features[f] = Feature{Name: "f" + string(rune('a'+f)), Values: raw[f]}
	}
	return features, raw
}

func TestTrainLearnsARegression(t *testing.T) {
	features, raw := plainData(2000, 4, 1)
	label := make([]float64, 2000)
	for i := range label {
		label[i] = 3*raw[0][i] + raw[1][i]*raw[2][i] + 10
	}
	p := DefaultParams()
	p.NumThreads, p.NumIterations, p.LearningRate = 2, 40, 0.2
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i := range got {
		sum += (got[i] - label[i]) * (got[i] - label[i])
	}
	if rmse := math.Sqrt(sum / 2000); rmse > 0.5 {
		t.Errorf("rmse %v on the training data", rmse)
	}
	var text bytes.Buffer
	if err := m.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	again, err := ReadText(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	back, err := again.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i] != back[i] {
			t.Fatalf("row %d: %v before, %v after writing and reading", i, got[i], back[i])
		}
	}
}
