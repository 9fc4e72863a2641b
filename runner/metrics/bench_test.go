package metrics

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The cost of roc_auc is its one sort.
func BenchmarkROCAUC(b *testing.B) {
	for _, rows := range []int{1_000, 1_000_000, 10_000_000} {
		draw := rand.New(rand.NewPCG(1, 2))
		label, score := make([]int, rows), make([]float64, rows)
		for i := range label {
			label[i], score[i] = draw.IntN(2), draw.Float64()
		}
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ROCAUC(label, score); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func BenchmarkClassificationReport(b *testing.B) {
	const rows = 1_000_000
	draw := rand.New(rand.NewPCG(1, 2))
	yTrue, yPred := make([]int, rows), make([]int, rows)
	for i := range yTrue {
		yTrue[i], yPred[i] = draw.IntN(10), draw.IntN(10)
	}
	for b.Loop() {
		ClassificationReport(yTrue, yPred)
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
