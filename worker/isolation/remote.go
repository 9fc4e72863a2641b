package isolation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
)

// ask sends a request to the worker and waits for its answer.
func (w *workerLink) ask(ctx context.Context, r *mlopsv1.AttemptRequest) (*mlopsv1.AttemptReply, error) {
	answer := make(chan *mlopsv1.AttemptReply, 1)
	w.mu.Lock()
	w.last++
	r.Id = w.last
	w.replies[r.GetId()] = answer
	w.mu.Unlock()
	if err := w.to.write(&mlopsv1.ChildFrame{Kind: &mlopsv1.ChildFrame_Request{Request: r}}); err != nil {
		return nil, fmt.Errorf("asking the worker: %w", err)
	}
	select {
	case reply := <-answer:
		if text := reply.GetError(); text != "" {
			err := errors.New(text)
			if reply.GetRetryable() {
				return nil, &runner.RetryableError{Reason: "io", Err: err}
			}
			return nil, err
		}
		return reply, nil
	case <-ctx.Done():
		w.mu.Lock()
		delete(w.replies, r.GetId())
		w.mu.Unlock()
		return nil, context.Cause(ctx)
	}
}

// remoteGate is the worker's gate as its child sees it.
type remoteGate struct{ w *workerLink }

// Permit asks the worker for leave to publish.
func (g remoteGate) Permit(ctx context.Context) error {
	_, err := g.w.ask(ctx, &mlopsv1.AttemptRequest{Kind: &mlopsv1.AttemptRequest_Permit{Permit: &mlopsv1.AttemptPermit{}}})
	return err
}

// remoteArtifacts is the worker's artifact service as its child sees it.
type remoteArtifacts struct{ w *workerLink }

// Publish has the worker store a file or directory.
func (a remoteArtifacts) Publish(ctx context.Context, path, link string) (string, error) {
	reply, err := a.w.ask(ctx, &mlopsv1.AttemptRequest{Kind: &mlopsv1.AttemptRequest_Publish{Publish: &mlopsv1.AttemptPublish{Path: path, Link: link}}})
	return reply.GetValue(), err
}

// Fetch has the worker fetch an artifact.
func (a remoteArtifacts) Fetch(ctx context.Context, url string) (string, error) {
	reply, err := a.w.ask(ctx, &mlopsv1.AttemptRequest{Kind: &mlopsv1.AttemptRequest_Fetch{Fetch: &mlopsv1.AttemptFetch{Url: url}}})
	return reply.GetValue(), err
}

// List has the worker list linked artifacts.
func (a remoteArtifacts) List(ctx context.Context, prefix string) (map[string]string, error) {
	reply, err := a.w.ask(ctx, &mlopsv1.AttemptRequest{Kind: &mlopsv1.AttemptRequest_List{List: &mlopsv1.AttemptList{Prefix: prefix}}})
	return reply.GetLinks(), err
}

// validText makes a text one that a message can carry.
func validText(s string) string { return strings.ToValidUTF8(s, "?") }
