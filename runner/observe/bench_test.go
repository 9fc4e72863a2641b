package observe_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"mlops/runner/observe"
	"mlops/runner/table"
)

// BenchmarkDrift takes one predict call of a million rows × 100 columns through
// the step drift: profiling, recording and comparing with the training data.
// Report cells and seconds of one core; -cpu 1 shows them as they are.
func BenchmarkDrift(b *testing.B) {
	const rows, columns = 1_000_000, 100
	random := rand.New(rand.NewPCG(1, 2))
	base := make([]float64, rows+columns)
	for i := range base {
		base[i] = random.NormFloat64()
	}
	var list []*table.Column
	var names []string
	for c := range columns {
		names = append(names, fmt.Sprintf("x%d", c))
		list = append(list, table.NewFloat64(names[c], base[c:c+rows], nil))
	}
	t, err := table.New(list...)
	if err != nil {
		b.Fatal(err)
	}
	p := &observe.Prediction{Table: t, Features: names, Values: list[0], Labels: list[0]}
	watch := steps(b, "[drift]")
	b.ReportAllocs()
	for b.Loop() {
		store := observe.DirStore{Logs: b.TempDir()}
		p.Store, p.Entry = store, observe.PredictionEntry{Time: at(1), Rows: rows}
		if err := watch.Predicted(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		s := scene(b, store, "", at(2))
		s.Profile = trainingProfile(b, 100)
		if _, err := watch.Observe(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(seconds*float64(runtime.GOMAXPROCS(0)), "core-s/op")
	b.ReportMetric(1e9*seconds/(rows*columns), "ns/cell")
}
