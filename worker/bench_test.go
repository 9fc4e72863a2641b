package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/worker/isolation"
	"mlops/worker/journal"
)

// busyMaster has always another no-op task for a free slot, until all are done.
type busyMaster struct {
	mu      sync.Mutex
	slots   int
	left    int
	next    int
	held    int
	calls   int
	allDone chan struct{}
}

func (m *busyMaster) Synchronize(ctx context.Context, in *mlopsv1.SynchronizeRequest, _ ...grpc.CallOption) (*mlopsv1.SynchronizeResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	answer := &mlopsv1.SynchronizeResponse{NextWithin: durationpb.New(testPeriod), Lease: durationpb.New(testLease)}
	for _, held := range in.GetHeld() {
		if held.GetOutcome() != nil {
			answer.Directives = append(answer.Directives, &mlopsv1.Directive{Kind: &mlopsv1.Directive_Forget{Forget: &mlopsv1.Forget{Ref: held.GetRef()}}})
			m.held--
			if m.left--; m.left == 0 {
				close(m.allDone)
			}
		}
	}
	for m.held < m.slots && m.held < m.left {
		m.held++
		m.next++
		answer.Directives = append(answer.Directives, &mlopsv1.Directive{Kind: &mlopsv1.Directive_Start{Start: &mlopsv1.Start{
			Ref:  &mlopsv1.AttemptRef{TaskId: fmt.Sprint("wf/", m.next), Attempt: 1, SessionId: in.GetSessionId()},
			Spec: &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}},
		}}})
	}
	return answer, nil
}

func (m *busyMaster) ReportProgress(context.Context, ...grpc.CallOption) (grpc.ClientStreamingClient[mlopsv1.ReportProgressRequest, mlopsv1.ReportProgressResponse], error) {
	return nil, errors.New("not listening")
}

// BenchmarkNoOpTasks measures what a worker itself costs per task: eight slots,
// in-process, each result flushed to the journal, and a master that costs nothing.
func BenchmarkNoOpTasks(b *testing.B) {
	j, replay, err := journal.Open(b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	m := &busyMaster{slots: 8, left: b.N, allDone: make(chan struct{})}
	w, err := New(m, Options{
		ID: "w1", Slots: 8, Capabilities: []string{"probe"}, WorkDir: b.TempDir(), Journal: j, Replay: replay,
		Executor: &isolation.InProcess{
			NewRunner: func(env runner.Environment) isolation.Runner { return runner.New(env) },
			Reach:     isolation.Reach{ProbesAllowed: true},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(b.Context()) }()
	<-m.allDone
	b.StopTimer()
	w.Drain()
	select {
	case err := <-ended:
		if err != nil {
			b.Fatal(err)
		}
	case <-time.After(time.Minute):
		b.Fatal("the worker did not leave")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	b.ReportMetric(float64(m.calls)/float64(b.N), "calls/task")
}
