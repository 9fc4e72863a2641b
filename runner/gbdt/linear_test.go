package gbdt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The solution of a system of known solution is that one, and a system that
// says one thing twice is refused.
func TestSolveFindsTheSolution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "unknowns")
		want := rapid.SliceOfN(rapid.Float64Range(-3, 3), n, n).Draw(t, "solution")
		system := make([][]float64, n)
		for i := range system {
			system[i] = rapid.SliceOfN(rapid.Float64Range(-1, 1), n, n).Draw(t, "row")
			system[i][i] += 2 * float64(n) // dominant: there is one solution
			right := 0.0
			for j, v := range want {
				right += system[i][j] * v
			}
			system[i] = append(system[i], right)
		}
		twice := [][]float64{}
		for range 2 {
			twice = append(twice, append([]float64(nil), append(system[0][:1:1], 1, 5)...))
		}
		got, ok := solve(system)
		if !ok {
			t.Fatal("no solution")
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-9 {
				t.Fatalf("unknown %d: got %v, want %v", i, got[i], want[i])
			}
		}
		if _, ok := solve(twice); ok {
			t.Fatalf("%v has many solutions", twice)
		}
	})
}

// A straight line, of variance 13, is followed by few linear leaves; the model's scores in training are
// those of the finished model; and a missing value gets the leaf's constant.
func TestLinearTreesFollowALine(t *testing.T) {
	features, raw := plainData(400, 2, 4)
	label := make([]float64, 400)
	for i := range label {
		label[i] = 3*raw[0][i] - 2*raw[1][i]
	}
	p := DefaultParams()
	p.LinearTree, p.NumIterations, p.NumLeaves, p.LearningRate, p.Metric, p.ProvideTrainMetric = true, 30, 4, 0.5, []string{"l2"}, true
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	var figures map[string]float64
	m, err := Train(context.Background(), d, nil, p, func(it Iteration) error { figures = it.Metrics; return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, v := range got {
		sum += (v - label[i]) * (v - label[i]) / 400
	}
	if sum > 0.05 || math.Abs(sum-figures["train_l2"]) > 1e-8 {
		t.Errorf("squared error %v, in training %v", sum, figures["train_l2"])
	}
	out := make([]float64, 1)
	m.PredictRow([]float64{math.NaN(), math.NaN()}, out)
	if !finite(out[0]) {
		t.Errorf("missing values are predicted as %v", out[0])
	}
	var dump bytes.Buffer
	if err := m.WriteJSON(&dump); err != nil {
		t.Fatal(err)
	}
	again, err := ReadJSON(&dump)
	if err != nil {
		t.Fatal(err)
	}
	back, err := again.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i := range back {
		if back[i] != got[i] {
			t.Fatalf("row %d: %v, after JSON %v", i, got[i], back[i])
		}
	}
	if _, err := m.Contributions(raw); err == nil {
		t.Error("a linear model was explained")
	}
}

func TestLinearTreesRefuse(t *testing.T) {
	features, label := usable()
	for name, change := range map[string]func(*Params){
		"dart":       func(p *Params) { p.Boosting = DART },
		"percentile": func(p *Params) { p.Objective = Quantile },
		"zeros":      func(p *Params) { p.ZeroAsMissing = true },
		"monotone":   func(p *Params) { p.MonotoneConstraints = []int{1, 0} },
	} {
		p := DefaultParams()
		p.LinearTree = true
		change(&p)
		var refused *ParamError
		if err := fit(features, label, nil, p); !errors.As(err, &refused) || refused.Key != "linear_tree" {
			t.Errorf("%s: got %v, want a *ParamError of linear_tree", name, err)
		}
	}
	p := DefaultParams()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	p.LinearTree = true
	if _, err := Train(context.Background(), d, nil, p); !errors.Is(err, errNoRaw) {
		t.Errorf("a dataset without raw values: got %v", err)
	}
}
