package bolt_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// newWorkflow is a submission like that of a small train.
func newWorkflow() *mlopsv1.Workflow {
	id := uuid.Must(uuid.NewV7())
	return &mlopsv1.Workflow{
		WorkflowId: id.String(), Operation: "probe", Owner: "bench", IdempotencyKey: id.String(),
		CreatedAt: timestamppb.Now(),
		Spec:      &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}},
	}
}

// live takes a workflow through its whole life, one durable step after another.
func live(tb testing.TB, s statestore.Store) {
	ctx := tb.Context()
	w := newWorkflow()
	if _, _, err := s.Submit(ctx, statestore.Submission{Workflow: w}); err != nil {
		tb.Error(err)
		return
	}
	ref := statestore.Ref{Attempt: 1, SessionID: "session"}
	for _, e := range []statestore.Event{
		statestore.Grant{WorkerID: "worker", SessionID: "session"},
		statestore.Running{Ref: ref},
		statestore.Succeed{Ref: ref, Result: &mlopsv1.Result{Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{}}}},
	} {
		out, err := s.Apply(ctx, time.Now(), statestore.Command{TaskID: statestore.TaskID(w.WorkflowId, 0), Event: e})
		if err == nil {
			err = out[0].Err
		}
		if err != nil {
			tb.Error(err)
			return
		}
	}
}

// BenchmarkTaskLives measures whole lives of tasks (submit, grant, running,
// succeed, each durable before the next) from many goroutines, with fsync.
func BenchmarkTaskLives(b *testing.B) {
	for _, goroutines := range []int{1, 32, 128} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			s, err := bolt.Open(filepath.Join(b.TempDir(), "state.db"), bolt.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						live(b, s)
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
		})
	}
}
