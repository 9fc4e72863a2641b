package master_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// panicky is a store with a fault in it.
type panicky struct{ statestore.Store }

func (panicky) FindWorkflow(context.Context, string) (*mlopsv1.Workflow, error) {
	panic("a secret of the store's")
}

func (panicky) Workflow(context.Context, string) (*mlopsv1.Workflow, error) {
	panic("a secret of the store's")
}

func TestAPanicEndsItsCallAndNotTheMaster(t *testing.T) {
	dir := t.TempDir()
	store, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := serveStore(t, dir, panicky{store})
	calls := map[string]func() error{
		"a call": func() error {
			_, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: "w"})
			return err
		},
		"a stream": func() error {
			stream, err := s.clients.WatchWorkflow(t.Context(), &mlopsv1.WatchWorkflowRequest{WorkflowId: "w"})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		},
		"a stream's goroutine": func() error { return s.master.ReportProgress(panickyStream{ctx: t.Context()}) },
	}
	for name, call := range calls {
		err := call()
		if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s ended with %v", name, err)
		}
	}
	if w := s.submit(t, probe()); w.GetWorkflowId() == "" {
		t.Error("the master submits nothing any more")
	}
	if resp, err := s.workers.Synchronize(t.Context(), s.worker("a", 1, nil).next()); err != nil || len(resp.GetDirectives()) != 1 {
		t.Errorf("the master grants nothing any more: %v, %v", resp, err)
	}
}

// panickyStream is a stream of reports with a fault in it.
type panickyStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s panickyStream) Context() context.Context                         { return s.ctx }
func (panickyStream) SendAndClose(*mlopsv1.ReportProgressResponse) error { return io.ErrClosedPipe }
func (panickyStream) Recv() (*mlopsv1.ReportProgressRequest, error) {
	panic("a secret of the stream's")
}
