package features

import (
	"math"
	"testing"
)

// benchSettings are those of the comparison with Python: six signals, windows of 40.
func benchSettings() Settings {
	s := Default()
	s.Signals = []string{"PT_1", "PT_2", "PT_3", "GT_1", "GT_2", "GT_3"}
	s.Pressures, s.Flows = s.Signals[:3], s.Signals[3:]
	s.WindowSize = 40
	return s
}

func BenchmarkWindow(b *testing.B) {
	set, err := New(benchSettings())
	if err != nil {
		b.Fatal(err)
	}
	const rows = 4000
	times := make([]float64, rows)
	signals := make([][]float64, 6)
	for k := range signals {
		signals[k] = make([]float64, rows)
		for i := range rows {
			times[i] = float64(i) / 2
			signals[k][i] = 1e5*float64(k+1) + 100*math.Sin(float64(i*(k+1))/30) + float64((i*7919+k*13)%101)
		}
	}
	c := set.NewComputer()
	var out []float64
	window := make([][]float64, 6)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		at := i * 2 % (rows - 40)
		for k := range window {
			window[k] = signals[k][at : at+40]
		}
		out = c.Window(out[:0], times[at:at+40], window)
	}
	b.ReportMetric(float64(len(out)), "features")
}
