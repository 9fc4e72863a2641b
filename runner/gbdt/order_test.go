package gbdt

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

// orderedData is large enough for its rows to be ordered.
func orderedData(rows int) ([]Feature, []float64, []float64) {
	features, raw := plainData(rows, 9, 21)
	label, weight := make([]float64, rows), make([]float64, rows)
	for i := range label {
		label[i] = oneIf(raw[0][i]+raw[1][i]*raw[2][i] > 0.2)
		weight[i] = 1 + math.Abs(raw[3][i])
		raw[4][i] = math.Floor(math.Abs(raw[4][i]) * 9)
		if i%3 == 0 {
			raw[5][i] = math.NaN()
		}
	}
	features[4].Categorical = true
	return features, label, weight
}

// The order of the rows within a dataset shows in nothing but the time.
func TestOrderedRowsGiveTheSameModel(t *testing.T) {
	const rows = orderBytes/16 + 777
	features, label, weight := orderedData(rows)
	start := make([]float64, rows)
	for i := range start {
		start[i] = float64(i%7) / 10
	}
	cases := map[string]func(*Params){
		"plain":    func(*Params) {},
		"bagging":  func(p *Params) { p.BaggingFreq, p.BaggingFraction = 1, 0.3 },
		"balanced": func(p *Params) { p.BaggingFreq, p.PosBaggingFraction, p.NegBaggingFraction = 2, 0.5, 0.2 },
		"goss":     func(p *Params) { p.DataSampleStrategy, p.LearningRate = GOSS, 1 },
		"forest":   func(p *Params) { p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 1, 0.3 },
		"dart":     func(p *Params) { p.Boosting, p.SkipDrop, p.DropRate = DART, 0, 1 },
		"l1":       func(p *Params) { p.Objective = RegressionL1 },
		"wide":     func(p *Params) { p.MaxBin = 1000 },
		"initial":  func(*Params) {},
	}
	for name, change := range cases {
		if underRace && name != "plain" && name != "dart" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			p.Objective, p.NumIterations, p.NumLeaves = Binary, 3, 15
			change(&p)
			features := slices.Clone(features)
			if p.MaxBin > byteBins {
				for f := range 9 { // the others stay in bytes
					features = append(features, Feature{Name: fmt.Sprint("few", f), Values: few(rows, f)})
				}
			}
			train := func(order bool) string {
				d, err := NewDataset(context.Background(), features, label, weight, p)
				if err != nil {
					t.Fatal(err)
				}
				if d.order == nil {
					t.Fatal("the rows were not ordered")
				}
				if name == "initial" {
					if err := d.SetInitScore(start); err != nil {
						t.Fatal(err)
					}
				}
				if !order {
					d.restoreOrder()
				}
				m, err := Train(context.Background(), d, nil, p)
				if err != nil {
					t.Fatal(err)
				}
				return modelText(t, m)
			}
			if ordered, plain := train(true), train(false); ordered != plain {
				t.Errorf("the order of the rows changes the model")
			}
		})
	}
}

func TestRestoredOrderIsTheCallers(t *testing.T) {
	const rows = orderBytes/16 + 3
	features, label, weight := orderedData(rows)
	p := DefaultParams()
	p.Objective = Binary
	d, err := NewDataset(context.Background(), features, label, weight, p)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(slices.Sorted(slices.Values(d.order)), d.callersRows()) {
		t.Fatal("the order is no permutation")
	}
	moved := d.forTraining()
	for row := range rows {
		if moved.label[row] != label[d.original(row)] || moved.weight[row] != weight[d.original(row)] {
			t.Fatalf("row %d has not the label and weight of the caller's row %d", row, d.original(row))
		}
	}
	d.restoreOrder()
	p.HistPrecision = Float64Histograms // never ordered
	never, err := NewDataset(context.Background(), features, label, weight, p)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.data, never.data) || !slices.Equal(d.label, label) {
		t.Error("restored rows differ from those that were never moved")
	}
}

func few(rows, seed int) []float64 {
	values := make([]float64, rows)
	for i := range values {
		values[i] = float64((i*7919 + seed) % (11 + seed))
	}
	return values
}

func (d *Dataset) callersRows() []uint32 {
	rows := make([]uint32, d.rows)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return rows
}

// A caller's own loss is asked about the caller's rows.
func TestCustomObjectiveSeesTheCallersOrder(t *testing.T) {
	const rows = orderBytes/16 + 3
	features, label, _ := orderedData(rows)
	p := DefaultParams()
	p.Objective = Regression
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil || d.order == nil {
		t.Fatal(err, "or the rows were not ordered")
	}
	p.Objective, p.NumIterations, p.BoostFromAverage = CustomLoss, 3, false
	loss := func(score []float64, gradient, hessian []float32) error {
		for i, y := range label {
			gradient[i], hessian[i] = float32(score[i]-y), 1
		}
		return nil
	}
	m, err := TrainWith(context.Background(), d, nil, p, Options{Objective: loss})
	if err != nil {
		t.Fatal(err)
	}
	var score float64
	row, out := make([]float64, len(features)), make([]float64, 1)
	for i := range rows {
		for f := range features {
			row[f] = features[f].Values[i]
		}
		m.PredictRow(row, out)
		score += math.Abs(out[0]-label[i]) / rows
	}
	if mean := fmt.Sprintf("%.2f", score); !(score < 0.45) {
		t.Errorf("the mean error is %s: the loss saw other rows' labels", mean)
	}
}
