package gbdt

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/dmitryikh/leaves"
)

// benchmarkData is a binary problem on dense continuous columns.
func benchmarkData(rows, columns int) ([]Feature, [][]float64, []float64) {
	features, raw := plainData(rows, columns, 7)
	label := make([]float64, rows)
	for i := range label {
		if raw[0][i]*raw[1][i]+raw[2][i]+0.5*raw[3%columns][i]*raw[3%columns][i] > 0.4 {
			label[i] = 1
		}
	}
	return features, raw, label
}

func benchmarkTrain(b *testing.B, rows, columns, trees int) {
	features, _, label := benchmarkData(rows, columns)
	for _, precision := range []string{PackedHistograms, Float64Histograms} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", precision, threads), func(b *testing.B) {
				p := DefaultParams()
				p.Objective, p.NumIterations, p.NumThreads, p.HistPrecision = Binary, trees, threads, precision
				d, err := NewDataset(context.Background(), features, label, nil, p)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Train(context.Background(), d, nil, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkTrain10kx20(b *testing.B)  { benchmarkTrain(b, 10_000, 20, 100) }
func BenchmarkTrain100kx28(b *testing.B) { benchmarkTrain(b, 100_000, 28, 20) }
func BenchmarkTrain1Mx28(b *testing.B)   { benchmarkTrain(b, 1_000_000, 28, 20) }

// BenchmarkTrainOrder is what the order of the rows is worth: of the leaves of a
// tree (see order.go), or as they were given.
func BenchmarkTrainOrder(b *testing.B) {
	features, _, label := benchmarkData(1_000_000, 28)
	p := DefaultParams()
	p.Objective, p.NumIterations, p.NumThreads = Binary, 20, 1
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"leaves", "given"} {
		if name == "given" {
			d.restoreOrder()
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Train(context.Background(), d, nil, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewDataset(b *testing.B) {
	features, _, label := benchmarkData(200_000, 28)
	p := DefaultParams()
	p.Objective = Binary
	for b.Loop() {
		if _, err := NewDataset(context.Background(), features, label, nil, p); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkModel(b *testing.B) (*Model, [][]float64) {
	features, raw, label := benchmarkData(100_000, 28)
	p := DefaultParams()
	p.Objective = Binary
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		b.Fatal(err)
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		b.Fatal(err)
	}
	return m, raw
}

func BenchmarkPredict100kx100(b *testing.B) {
	m, raw := benchmarkModel(b)
	for b.Loop() {
		if _, err := m.PredictRaw(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPredictLeaves100kx100 is the same model and rows in leaves, the public
// reader of LightGBM's models, on as many threads.
func BenchmarkPredictLeaves100kx100(b *testing.B) {
	m, raw := benchmarkModel(b)
	var text bytes.Buffer
	if err := m.WriteText(&text); err != nil {
		b.Fatal(err)
	}
	theirs, err := leaves.LGEnsembleFromReader(bufio.NewReader(&text), false)
	if err != nil {
		b.Fatal(err)
	}
	rows, columns := len(raw[0]), len(raw)
	dense := make([]float64, rows*columns)
	for f, values := range raw {
		for i, v := range values {
			dense[i*columns+f] = v
		}
	}
	out := make([]float64, rows)
	for b.Loop() {
		if err := theirs.PredictDense(dense, rows, columns, out, 0, runtime.GOMAXPROCS(0)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPredictRow(b *testing.B) {
	m, raw := benchmarkModel(b)
	row, out := make([]float64, len(raw)), make([]float64, 1)
	for f := range row {
		row[f] = raw[f][0]
	}
	b.ReportAllocs()
	for b.Loop() {
		m.PredictRow(row, out)
	}
}
