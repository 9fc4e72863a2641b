//go:build soak && !race

package gbdt

import (
	"context"
	"math"
	"testing"
)

// skewedTable has a column that decides rates, by a factor of ten thousand, or
// weights, by a factor of a million, and one that changes them. Rates that differ by
// more make the first steps of any training overshoot, with LightGBM as here.
func skewedTable(loss string, rows int) (features []Feature, label, weight []float64) {
	a, b, noise := uniformColumn(1, 0, rows), uniformColumn(1, 1, rows), uniformColumn(1, 2, rows)
	label = make([]float64, rows)
	if loss == Regression {
		weight = make([]float64, rows)
	}
	for row, v := range noise {
		rate := 1e-3 / (a[row]*a[row] + 1e-4) * (0.5 + b[row])
		switch loss {
		case Poisson:
			label[row] = math.Floor(rate + v)
		case Tweedie:
			label[row] = 10 * rate * math.Floor(v+0.1)
		default:
			label[row], weight[row] = b[row]*a[row]+v, 1/(a[row]*a[row]+1e-6)
		}
	}
	return []Feature{{Name: "a", Values: a}, {Name: "b", Values: b}}, label, weight
}

// Ten million skewed rows train as well with packed sums as with float64 ones.
func TestSoakTenMillionRowsWithPackedSums(t *testing.T) {
	for loss, metric := range map[string]string{Poisson: "poisson", Tweedie: "tweedie", Regression: "l2"} {
		t.Run(loss, func(t *testing.T) {
			features, label, weight := skewedTable(loss, 10_000_000)
			var figures []float64
			for _, precision := range []string{PackedHistograms, Float64Histograms} {
				p := DefaultParams()
				p.Objective, p.Metric, p.NumIterations, p.HistPrecision, p.ProvideTrainMetric = loss, []string{metric}, 30, precision, true
				d, err := NewDataset(context.Background(), features, label, weight, p)
				if err != nil {
					t.Fatal(err)
				}
				var last float64
				if _, err := Train(context.Background(), d, nil, p, func(it Iteration) error { last = it.Metrics["train_"+metric]; return nil }); err != nil {
					t.Fatal(err)
				}
				figures = append(figures, last)
			}
			t.Logf("%s %v with packed sums, %v with float64 ones", metric, figures[0], figures[1])
			if math.Abs(figures[0]-figures[1]) > 1e-3*math.Abs(figures[1]) {
				t.Errorf("%s %v with packed sums, %v with float64 ones", metric, figures[0], figures[1])
			}
		})
	}
}

// Where rows are too many for packed sums a tree falls back to float64 ones by
// itself: the model is, byte by byte, that of hist_precision float64.
func TestSoakTooManyRowsFallBackToFloat64(t *testing.T) {
	features, label, _ := skewedTable(Poisson, 40_000_000)
	var texts []string
	for _, precision := range []string{PackedHistograms, Float64Histograms} {
		p := DefaultParams()
		p.Objective, p.NumIterations, p.NumLeaves, p.HistPrecision = Poisson, 2, 4, precision
		d, err := NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, modelText(t, m))
	}
	if texts[0] != texts[1] {
		t.Error("forty million rows were summed in packed halves")
	}
}
