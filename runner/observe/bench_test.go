package observe_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"mlops/runner/observe"
	"mlops/runner/table"
)

// BenchmarkDrift takes one predict call of a million rows × 100 columns through
// the step drift: profiling, recording and comparing with the training data.
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
	before := processorSeconds(b)
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
	// What the processors spent, however many there are and whoever else uses them.
	b.ReportMetric((processorSeconds(b)-before)/float64(b.N), "core-s/op")
}

// processorSeconds is the processor time that this process has used.
func processorSeconds(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
