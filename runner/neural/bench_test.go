package neural

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// benchData are the rows of tools/reference/neural.py's bench.
func benchData() Dataset {
	x := bellColumns(4000, 20)
	d := Dataset{Target: signalOf(x)}
	for row, v := range d.Target {
		d.Target[row] = oneIf(v > 0.5)
	}
	for c, values := range x {
		d.Features = append(d.Features, Feature{Name: fmt.Sprint("c", c), Values: values})
	}
	return d
}

func benchParams(hidden []int) Params {
	p := DefaultParams()
	p.Loss, p.NumClass, p.HiddenLayerSizes, p.MaxIter = LogLoss, 2, hidden, 5
	return p
}

// Five epochs of 4,000 rows × 20 columns.
func BenchmarkTrain(b *testing.B) {
	data := benchData()
	for _, hidden := range [][]int{{50}, {50, 50}, {100}, {256, 256}} {
		name := strings.ReplaceAll(strings.Trim(fmt.Sprint(hidden), "[]"), " ", "x")
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Train(context.Background(), data, benchParams(hidden), Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(5*4000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkPredict(b *testing.B) {
	data := benchData()
	m, err := Train(context.Background(), data, benchParams([]int{50, 50}), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, rows := range []int{1, 4000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			var columns [][]float64
			for _, f := range data.Features {
				columns = append(columns, f.Values[:rows])
			}
			for b.Loop() {
				if _, err := m.PredictProba(context.Background(), columns); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
