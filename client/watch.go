package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Final reports whether a workflow in this state changes no more.
func Final(s mlopsv1.WorkflowState) bool {
	switch s {
	case mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED,
		mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED,
		mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED:
		return true
	}
	return false
}

// Watch yields a workflow's events from a sequence number on (0: from the
// first), then new ones as they happen, and ends after the one that made the
// workflow final. A broken connection is taken up again at the event after the
// last one yielded: none comes twice, and none that the master still has is
// missed. An error ends the watch.
func (c *Client) Watch(ctx context.Context, id string, fromSeq uint64) iter.Seq2[*mlopsv1.Event, error] {
	return func(yield func(*mlopsv1.Event, error) bool) {
		w := watch{client: c, id: id, next: max(fromSeq, 1), yield: yield}
		heard := time.Now()
		for tries := 1; ; tries++ {
			done, alive, err := w.stream(ctx)
			if done {
				return
			}
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if alive {
				tries, heard = 1, time.Now()
			}
			if !broken(err) || !c.rest(ctx, tries, heard.Add(c.tuning.WatchPatience)) {
				yield(nil, errors.Join(wrap("watch workflow "+id, err), context.Cause(ctx)))
				return
			}
		}
	}
}

// watch is the state of one Watch across connections.
type watch struct {
	client *Client
	id     string
	next   uint64 // sequence number wanted next
	yield  func(*mlopsv1.Event, error) bool
}

// errUnfinished says that the master ended a stream before the workflow's end,
// as it does when it shuts down.
var errUnfinished = status.Error(codes.Unavailable, "the master ended the stream before the workflow's end")

// stream yields the events of one connection. It is done when the workflow is,
// or when the caller wants no more; alive says that the master sent anything.
func (w *watch) stream(ctx context.Context) (done, alive bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.client.service.WatchWorkflow(ctx, &mlopsv1.WatchWorkflowRequest{WorkflowId: w.id, FromSeq: w.next})
	if err != nil {
		return false, false, err
	}
	final := false
	for {
		message, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && final:
			return true, true, nil
		case errors.Is(err, io.EOF):
			return false, alive, errUnfinished
		case err != nil:
			return false, alive, err
		}
		alive = true
		final = final || Final(message.GetWorkflow().GetState())
		event := message.GetEvent()
		if event == nil || event.GetSeq() < w.next {
			continue
		}
		w.next = event.GetSeq() + 1
		if !w.yield(event, nil) {
			return true, true, nil
		}
	}
}

// broken reports whether a stream's error is of the connection, so that a new
// one may go on.
func broken(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Aborted, codes.Internal:
		return true
	}
	return false
}

// Wait returns the workflow once it is final, whatever its state then.
func (c *Client) Wait(ctx context.Context, id string) (*mlopsv1.Workflow, error) {
	from := uint64(0)
	for {
		got, err := c.get(ctx, &mlopsv1.GetWorkflowRequest{WorkflowId: id, OmitTasks: true})
		if err != nil {
			return nil, err
		}
		if w := got.GetWorkflow(); Final(w.GetState()) {
			return w, nil
		} else if from == 0 {
			id, from = w.GetWorkflowId(), w.GetLastSeq()+1
		}
		for event, err := range c.Watch(ctx, id, from) {
			if err != nil {
				return nil, err
			}
			from = event.GetSeq() + 1
		}
	}
}
