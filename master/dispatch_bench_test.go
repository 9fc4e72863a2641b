package master_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// BenchmarkDispatch measures the time from a submission to the worker's report
// that the task runs being durable, as a watcher sees it: p50 and p99.
func BenchmarkDispatch(b *testing.B) {
	s := serve(b, b.TempDir())
	ctx, cancel := context.WithCancel(b.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	worker := &stepping{obedient: s.worker("a", 4, nil)}
	working.Go(func() { worker.run(ctx) })
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		w := s.submit(b, probe())
		took = append(took, s.untilRunning(b, w.GetWorkflowId()).Sub(began))
		s.story(b, w.GetWorkflowId(), 0)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkThroughput measures no-op tasks that four workers of eight slots finish
// durably.
func BenchmarkThroughput(b *testing.B) {
	s := serve(b, b.TempDir())
	ctx, cancel := context.WithCancel(b.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	for i := range 4 {
		worker := s.worker(fmt.Sprintf("worker-%d", i), 8, func(*mlopsv1.Start) *mlopsv1.Outcome { return succeeded() })
		worker.forgotten = func() {
			if left.Add(-1) == 0 {
				close(done)
			}
		}
		working.Go(func() { worker.run(ctx) })
	}
	const submitters = 64
	b.ResetTimer()
	var submitting sync.WaitGroup
	for i := range submitters {
		submitting.Go(func() {
			for j := i; j < b.N; j += submitters {
				s.submit(b, probe())
			}
		})
	}
	submitting.Wait()
	b.Log("submitted", b.N, "in", b.Elapsed())
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// untilRunning watches a workflow until a task runs.
func (s *served) untilRunning(t testing.TB, id string) time.Time {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := s.clients.WatchWorkflow(ctx, &mlopsv1.WatchWorkflowRequest{WorkflowId: id})
	if err != nil {
		t.Fatal(err)
	}
	for {
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if resp.GetEvent().GetTaskChanged().GetState() == mlopsv1.TaskState_TASK_STATE_RUNNING {
			return time.Now()
		}
	}
}

// stepping is a worker that reports each attempt as running before it ends it.
type stepping struct{ *obedient }

func (w *stepping) run(ctx context.Context) {
	w.work = func(*mlopsv1.Start) *mlopsv1.Outcome { return nil }
	for ctx.Err() == nil {
		w.req.Seq++
		w.req.HoldFor = durationpb.New(time.Minute)
		for _, h := range w.req.GetHeld() {
			switch h.GetState() {
			case mlopsv1.AttemptState_ATTEMPT_STATE_ENDED:
				if h.GetOutcome() == nil {
					h.State = mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING
					w.req.HoldFor = nil
				}
			case mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING:
				h.State, h.Outcome = mlopsv1.AttemptState_ATTEMPT_STATE_ENDED, succeeded()
			}
		}
		resp, err := w.workers.Synchronize(ctx, w.req)
		if err != nil {
			return
		}
		w.obey(resp)
	}
}
