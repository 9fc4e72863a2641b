package client

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Submission is a workflow to be done.
type Submission struct {
	Spec     *mlopsv1.TaskSpec // what to do; its operation must be set
	Priority int32             // larger goes first; between -1000 and 1000
	Labels   map[string]string // at most 32, to find the workflow by
	// Key makes the submission unique: submitted twice with one key, the second
	// gets the first's workflow. Empty: a new one is drawn.
	Key string
}

// Submit stores a workflow and returns it. When it returns without an error the
// workflow survives every restart of the master.
func (c *Client) Submit(ctx context.Context, s Submission) (*mlopsv1.Workflow, error) {
	key, err := keyOr(s.Key)
	if err != nil {
		return nil, fmt.Errorf("submit workflow: %w", err)
	}
	request := &mlopsv1.SubmitWorkflowRequest{IdempotencyKey: key, Spec: s.Spec, Priority: s.Priority, Labels: s.Labels}
	var response *mlopsv1.SubmitWorkflowResponse
	err = c.try(ctx, "submit workflow", func(ctx context.Context) (err error) {
		response, err = c.service.SubmitWorkflow(ctx, request)
		return err
	})
	return response.GetWorkflow(), err
}

// Retry submits a FAILED or CANCELLED workflow's operation anew and returns the
// new workflow. It carries labels, and requires them of its worker, over those
// that the old one had; nil: the old ones alone.
func (c *Client) Retry(ctx context.Context, id string, labels map[string]string) (*mlopsv1.Workflow, error) {
	key, err := keyOr("")
	if err != nil {
		return nil, fmt.Errorf("retry workflow %s: %w", id, err)
	}
	var response *mlopsv1.RetryWorkflowResponse
	err = c.try(ctx, "retry workflow "+id, func(ctx context.Context) (err error) {
		response, err = c.service.RetryWorkflow(ctx, &mlopsv1.RetryWorkflowRequest{WorkflowId: id, IdempotencyKey: key, RequireLabels: labels})
		return err
	})
	return response.GetWorkflow(), err
}

// Cancel asks for a workflow's end and returns it: CANCELLED, or on its way
// there. A final workflow is returned unchanged.
func (c *Client) Cancel(ctx context.Context, id, reason string) (*mlopsv1.Workflow, error) {
	var response *mlopsv1.CancelWorkflowResponse
	err := c.try(ctx, "cancel workflow "+id, func(ctx context.Context) (err error) {
		response, err = c.service.CancelWorkflow(ctx, &mlopsv1.CancelWorkflowRequest{WorkflowId: id, Reason: reason})
		return err
	})
	return response.GetWorkflow(), err
}

func keyOr(key string) (string, error) {
	if key != "" {
		return key, nil
	}
	drawn, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("draw an idempotency key: %w", err)
	}
	return drawn.String(), nil
}
