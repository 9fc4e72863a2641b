package master_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"

	mlopsv1 "mlops/proto/mlops/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// story reads a watch to its end.
func (s *served) story(t testing.TB, id string, from uint64) (events []*mlopsv1.Event, last *mlopsv1.Workflow) {
	t.Helper()
	stream, err := s.clients.WatchWorkflow(t.Context(), &mlopsv1.WatchWorkflowRequest{WorkflowId: id, FromSeq: from})
	if err != nil {
		t.Fatal(err)
	}
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events, last
		}
		if err != nil {
			t.Fatal(err)
		}
		if resp.GetEvent() != nil {
			events = append(events, resp.GetEvent())
		}
		if resp.GetWorkflow() != nil {
			last = resp.GetWorkflow()
		}
	}
}

func TestSubmittedWorkRunsAndIsWatchedToItsEnd(t *testing.T) {
	s := serve(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	worker := s.worker("a", 2, func(*mlopsv1.Start) *mlopsv1.Outcome { return succeeded() })
	working.Go(func() { worker.run(ctx) })

	w := s.submit(t, probe())
	events, last := s.story(t, w.GetWorkflowId(), 0)
	for i, e := range events {
		if e.GetSeq() != uint64(i+1) {
			t.Errorf("event %d has sequence number %d", i, e.GetSeq())
		}
	}
	if last.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Fatalf("workflow ended %s: %v", last.GetState(), last.GetFailure())
	}
	if got := events[len(events)-1].GetWorkflowChanged().GetState(); got != last.GetState() {
		t.Errorf("last event says %s", got)
	}
	again, _ := s.story(t, w.GetWorkflowId(), events[1].GetSeq())
	if len(again) != len(events)-1 {
		t.Errorf("a watch from the second event gave %d of %d events", len(again), len(events)-1)
	}
	none, last := s.story(t, w.GetWorkflowId(), last.GetLastSeq()+1)
	if len(none) != 0 || last.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("a watch from behind the end gave %d events and %s", len(none), last.GetState())
	}
}
