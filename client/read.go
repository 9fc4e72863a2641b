package client

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// ServerInfo tells who the master is and what its limits are.
func (c *Client) ServerInfo(ctx context.Context) (*mlopsv1.GetServerInfoResponse, error) {
	var response *mlopsv1.GetServerInfoResponse
	err := c.try(ctx, "ask the master who it is", func(ctx context.Context) (err error) {
		response, err = c.service.GetServerInfo(ctx, &mlopsv1.GetServerInfoRequest{})
		return err
	})
	return response, err
}

// Get returns a workflow, by its id or a prefix that is unique, with its tasks
// and the newest progress of those that run.
func (c *Client) Get(ctx context.Context, id string) (*mlopsv1.GetWorkflowResponse, error) {
	return c.get(ctx, &mlopsv1.GetWorkflowRequest{WorkflowId: id})
}

func (c *Client) get(ctx context.Context, request *mlopsv1.GetWorkflowRequest) (*mlopsv1.GetWorkflowResponse, error) {
	var response *mlopsv1.GetWorkflowResponse
	err := c.try(ctx, "get workflow "+request.GetWorkflowId(), func(ctx context.Context) (err error) {
		response, err = c.service.GetWorkflow(ctx, request)
		return err
	})
	return response, err
}

// Filter picks workflows; zero fields match all.
type Filter struct {
	States       []mlopsv1.WorkflowState // only these
	Operations   []string                // only these
	Labels       map[string]string       // only with all of these
	Owner        string                  // only this owner's
	CreatedAfter time.Time               // only submitted at or after it
	PageSize     int32                   // workflows asked for at once; 0: the master's default
}

// List yields workflows, newest first, without specs and results, asking for a
// further page when the last one is used up. An error ends it.
func (c *Client) List(ctx context.Context, f Filter) iter.Seq2[*mlopsv1.Workflow, error] {
	return func(yield func(*mlopsv1.Workflow, error) bool) {
		request := &mlopsv1.ListWorkflowsRequest{
			States: f.States, Operations: f.Operations, Labels: f.Labels, Owner: f.Owner, PageSize: f.PageSize,
		}
		if !f.CreatedAfter.IsZero() {
			request.CreatedAfter = timestamppb.New(f.CreatedAfter)
		}
		for {
			var page *mlopsv1.ListWorkflowsResponse
			err := c.try(ctx, "list workflows", func(ctx context.Context) (err error) {
				page, err = c.service.ListWorkflows(ctx, request)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, w := range page.GetWorkflows() {
				if !yield(w, nil) {
					return
				}
			}
			if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
				return
			}
		}
	}
}

// Workers returns the workers that the master knows of, by id.
func (c *Client) Workers(ctx context.Context) ([]*mlopsv1.WorkerInfo, error) {
	var response *mlopsv1.ListWorkersResponse
	err := c.try(ctx, "list workers", func(ctx context.Context) (err error) {
		response, err = c.service.ListWorkers(ctx, &mlopsv1.ListWorkersRequest{})
		return err
	})
	return response.GetWorkers(), err
}

// Drain keeps new work from a worker; with resume it lifts that again.
func (c *Client) Drain(ctx context.Context, workerID string, resume bool) (*mlopsv1.WorkerInfo, error) {
	var response *mlopsv1.DrainWorkerResponse
	err := c.try(ctx, "drain worker "+workerID, func(ctx context.Context) (err error) {
		response, err = c.service.DrainWorker(ctx, &mlopsv1.DrainWorkerRequest{WorkerId: workerID, Resume: resume})
		return err
	})
	return response.GetWorker(), err
}
