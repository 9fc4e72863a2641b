package isolation

import (
	"context"
	"errors"
	"fmt"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
)

// maxServed bounds the requests of one process that are under way.
const maxServed = 64

// serve answers one request of the process, beside the others.
func (c *child) serve(ctx context.Context, r *mlopsv1.AttemptRequest) {
	c.mu.Lock()
	c.serving++
	crowded := c.serving > maxServed
	c.mu.Unlock()
	c.served.Go(func() {
		reply := &mlopsv1.AttemptReply{Id: r.GetId()}
		err := fmt.Errorf("more than %d requests at once", maxServed)
		if !crowded {
			err = c.carryOut(ctx, r, reply)
		}
		if err != nil {
			reply.Error = err.Error()
			var retryable *runner.RetryableError
			reply.Retryable = errors.As(err, &retryable)
		}
		c.mu.Lock()
		c.serving--
		c.mu.Unlock()
		if err := c.to.write(&mlopsv1.ParentFrame{Kind: &mlopsv1.ParentFrame_Reply{Reply: reply}}); err != nil {
			c.kill("it did not take an answer: " + err.Error()) // without effect if it is gone
		}
	})
}

func (c *child) carryOut(ctx context.Context, r *mlopsv1.AttemptRequest, reply *mlopsv1.AttemptReply) (err error) {
	if permit := r.GetPermit(); permit != nil {
		return c.host.Gate.Permit(ctx)
	}
	if c.host.Artifacts == nil {
		return errNoArtifacts
	}
	switch kind := r.GetKind().(type) {
	case *mlopsv1.AttemptRequest_Publish:
		reply.Value, err = c.host.Artifacts.Publish(ctx, kind.Publish.GetPath(), kind.Publish.GetLink())
	case *mlopsv1.AttemptRequest_Fetch:
		reply.Value, err = c.host.Artifacts.Fetch(ctx, kind.Fetch.GetUrl())
	case *mlopsv1.AttemptRequest_List:
		reply.Links, err = c.host.Artifacts.List(ctx, kind.List.GetPrefix())
	default:
		err = errors.New("an unknown request")
	}
	return err
}

var errNoArtifacts = errors.New("this worker has no artifact service")
