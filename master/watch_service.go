package master

import (
	"context"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// watchPage is how many events a watch reads at once.
const watchPage = 500

// WatchWorkflow streams a workflow's events. What was recorded and what is live
// come from the same place, the store, so nothing is missed or doubled where they
// meet.
func (s *clientService) WatchWorkflow(req *mlopsv1.WatchWorkflowRequest, stream mlopsv1.ClientService_WatchWorkflowServer) error {
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return err
	}
	w := &watchStream{m: s.m, id: req.GetWorkflowId(), next: max(req.GetFromSeq(), 1), stream: stream}
	return s.m.statusOf("watch workflow "+w.id, w.run(stream.Context()))
}

// watchStream is one watch under way.
type watchStream struct {
	m      *Master
	id     string
	next   uint64 // first sequence number that was not sent
	stream mlopsv1.ClientService_WatchWorkflowServer
}

func (w *watchStream) run(ctx context.Context) error {
	watcher := w.m.hub.Watch(w.id)
	defer watcher.Close()
	workflow, err := w.m.store.Workflow(ctx, w.id)
	if err != nil {
		return err
	}
	if err := w.stream.Send(&mlopsv1.WatchWorkflowResponse{Workflow: workflow}); err != nil {
		return err
	}
	w.next = min(w.next, workflow.GetLastSeq()+1)
	wasFinal := statestore.FinalWorkflow(workflow.GetState())
	idle := time.NewTicker(keepAlive)
	defer idle.Stop()
	for {
		if over, err := w.catchUp(ctx); over || err != nil {
			return err
		}
		if wasFinal {
			// The caller had seen the final event already.
			return w.stream.Send(&mlopsv1.WatchWorkflowResponse{Workflow: workflow})
		}
		select {
		case <-watcher.News():
			idle.Reset(keepAlive)
		case <-idle.C:
			if err := w.stream.Send(&mlopsv1.WatchWorkflowResponse{}); err != nil {
				return err
			}
		case <-w.m.stopping:
			return errStopping()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// catchUp sends what is recorded and was not sent, and tells whether the watch is
// over. The event that made the workflow final waits until the workflow goes with
// it.
func (w *watchStream) catchUp(ctx context.Context) (over bool, err error) {
	for {
		events, err := w.m.store.Events(ctx, w.id, w.next, watchPage)
		if err != nil {
			return false, err
		}
		for _, e := range events {
			w.next = e.GetSeq() + 1
			if statestore.FinalWorkflow(e.GetWorkflowChanged().GetState()) {
				return true, w.last(ctx, e)
			}
			if err := w.stream.Send(&mlopsv1.WatchWorkflowResponse{Event: e}); err != nil {
				return false, err
			}
		}
		if len(events) < watchPage {
			return false, nil
		}
	}
}

// last sends the event that ends the watch, with the workflow as it is then.
func (w *watchStream) last(ctx context.Context, e *mlopsv1.Event) error {
	workflow, err := w.m.store.Workflow(ctx, w.id)
	if err != nil {
		return err
	}
	return w.stream.Send(&mlopsv1.WatchWorkflowResponse{Event: e, Workflow: workflow})
}
