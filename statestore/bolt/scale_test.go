package bolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// fill makes finished workflows, and a few that wait.
func fill(tb testing.TB, path string, finished, waiting int) {
	s, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	const goroutines = 100
	for range goroutines {
		wg.Go(func() {
			for range finished / goroutines {
				live(tb, s)
			}
		})
	}
	wg.Wait()
	for range waiting {
		if _, _, err := s.Submit(tb.Context(), statestore.Submission{Workflow: newWorkflow()}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkRestart opens a store with 100,000 finished workflows and loads what
// waits, as a master does that starts; and lists its newest 50.
func BenchmarkRestart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	fill(b, path, 100_000, 100)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
	var opening, listing time.Duration
	b.ResetTimer()
	for b.Loop() {
		begun := time.Now()
		s, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range s.Unfinished(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		opening += time.Since(begun)
		begun = time.Now()
		page, _, err := s.List(b.Context(), statestore.Filter{})
		listing += time.Since(begun)
		if n != 100 || len(page) != 50 || err != nil {
			b.Fatal(n, len(page), err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(opening.Seconds()/float64(b.N)*1000, "ms/restart")
	b.ReportMetric(listing.Seconds()/float64(b.N)*1000, "ms/list")
}

// TestUnfinishedReadsOnlyTheQueue shows that loading what waits does not grow
// with what is finished.
func TestUnfinishedReadsOnlyTheQueue(t *testing.T) {
	allocations := func(finished int) float64 {
		path := filepath.Join(t.TempDir(), "state.db")
		fill(t, path, finished, 10)
		s, err := bolt.Open(path, bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return testing.AllocsPerRun(5, func() {
			for _, err := range s.Unfinished(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	few, many := allocations(0), allocations(500)
	if many > 1.2*few {
		t.Errorf("loading ten tasks makes %v allocations beside 500 finished ones, %v beside none", many, few)
	}
}

// BenchmarkJoin measures the end of one child among many: it must not grow with
// their number.
func BenchmarkJoin(b *testing.B) {
	for _, children := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("children=%d", children), func(b *testing.B) {
			s, err := bolt.Open(filepath.Join(b.TempDir(), "state.db"), bolt.Options{NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for b.Loop() {
				b.StopTimer()
				w := spawned(b, s, children)
				b.StartTimer()
				for i := range 99 {
					end(b, s, statestore.TaskID(w, uint32(i+1)))
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/99*1e6, "µs/child")
		})
	}
}

// spawned submits a workflow whose root has spawned.
func spawned(tb testing.TB, s statestore.Store, children int) string {
	w := newWorkflow()
	if _, _, err := s.Submit(tb.Context(), statestore.Submission{Workflow: w}); err != nil {
		tb.Fatal(err)
	}
	spawn := &mlopsv1.Spawn{Then: w.Spec}
	for range children {
		spawn.Children = append(spawn.Children, w.Spec)
	}
	root := statestore.TaskID(w.WorkflowId, 0)
	apply(tb, s, root, statestore.Grant{WorkerID: "worker", SessionID: "session"})
	apply(tb, s, root, statestore.SpawnTasks{Ref: statestore.Ref{Attempt: 1, SessionID: "session"}, Spawn: spawn})
	return w.WorkflowId
}

// end grants a task and lets it succeed.
func end(tb testing.TB, s statestore.Store, task string) {
	apply(tb, s, task, statestore.Grant{WorkerID: "worker", SessionID: "session"})
	apply(tb, s, task, statestore.Succeed{Ref: statestore.Ref{Attempt: 1, SessionID: "session"}, Result: &mlopsv1.Result{}})
}

func apply(tb testing.TB, s statestore.Store, task string, e statestore.Event) {
	tb.Helper()
	out, err := s.Apply(tb.Context(), time.Now(), statestore.Command{TaskID: task, Event: e})
	if err == nil {
		err = out[0].Err
	}
	if err != nil {
		tb.Fatal(err)
	}
}
