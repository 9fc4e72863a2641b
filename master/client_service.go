package master

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/master/auth"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Limits of clients' requests.
const (
	maxPage     = 1000
	defaultPage = 50
	maxTasks    = 1000
	maxReason   = 1 << 10
)

// clientService is the master's face to clients.
type clientService struct {
	mlopsv1.UnimplementedClientServiceServer
	m *Master
}

// GetServerInfo tells who the master is.
func (s *clientService) GetServerInfo(ctx context.Context, _ *mlopsv1.GetServerInfoRequest) (*mlopsv1.GetServerInfoResponse, error) {
	who := auth.From(ctx)
	return &mlopsv1.GetServerInfoResponse{
		Version:          s.m.opts.Version,
		HostId:           s.m.opts.HostID,
		Time:             timestamppb.New(s.m.opts.Now()),
		MaxArtifactBytes: s.m.opts.MaxArtifactBytes,
		MaxMessageBytes:  int64(s.m.opts.MaxMessageBytes),
		Caller:           who.Name,
		Role:             string(who.Role),
		StartedAt:        timestamppb.New(s.m.started),
	}, nil
}

// GetWorkflow returns a workflow with its tasks.
func (s *clientService) GetWorkflow(ctx context.Context, req *mlopsv1.GetWorkflowRequest) (*mlopsv1.GetWorkflowResponse, error) {
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return nil, err
	}
	w, err := s.m.store.FindWorkflow(ctx, req.GetWorkflowId())
	if err != nil {
		return nil, s.m.statusOf("workflow "+req.GetWorkflowId(), err)
	}
	resp := &mlopsv1.GetWorkflowResponse{Workflow: w, Progress: s.m.dispatcher.Progress(w.GetWorkflowId())}
	if req.GetOmitTasks() {
		return resp, nil
	}
	resp.Tasks, err = s.m.store.Tasks(ctx, w.GetWorkflowId(), maxTasks)
	if err != nil {
		return nil, s.m.statusOf("tasks of workflow "+w.GetWorkflowId(), err)
	}
	room := s.m.opts.MaxMessageBytes/2 - proto.Size(w)
	for i, t := range resp.Tasks {
		if room -= proto.Size(t); room < 0 {
			resp.Tasks = resp.Tasks[:i]
			break
		}
	}
	return resp, nil
}

// ListWorkflows returns workflows, newest first.
func (s *clientService) ListWorkflows(ctx context.Context, req *mlopsv1.ListWorkflowsRequest) (*mlopsv1.ListWorkflowsResponse, error) {
	if n := req.GetPageSize(); n < 0 || n > maxPage {
		return nil, invalid("page_size", "must be between 0 and %d, is %d", maxPage, n)
	}
	for _, state := range req.GetStates() {
		if _, known := mlopsv1.WorkflowState_name[int32(state)]; !known || state == mlopsv1.WorkflowState_WORKFLOW_STATE_UNSPECIFIED {
			return nil, invalid("states", "%d is not a state", state)
		}
	}
	if err := checkLabels("labels", req.GetLabels()); err != nil {
		return nil, err
	}
	filter := statestore.Filter{
		States:     req.GetStates(),
		Operations: req.GetOperations(),
		Labels:     req.GetLabels(),
		Owner:      req.GetOwner(),
		Limit:      int(req.GetPageSize()),
		Token:      req.GetPageToken(),
	}
	if filter.Limit == 0 {
		filter.Limit = defaultPage
	}
	if t := req.GetCreatedAfter(); t != nil {
		if err := t.CheckValid(); err != nil {
			return nil, invalid("created_after", "%v", err)
		}
		filter.CreatedAfter = t.AsTime()
	}
	page, next, err := s.m.store.List(ctx, filter)
	if err != nil {
		return nil, s.m.statusOf("list workflows", err)
	}
	for _, w := range page {
		w.Spec, w.Result = nil, nil
	}
	return &mlopsv1.ListWorkflowsResponse{Workflows: page, NextPageToken: next}, nil
}

// CancelWorkflow asks for a workflow's end.
func (s *clientService) CancelWorkflow(ctx context.Context, req *mlopsv1.CancelWorkflowRequest) (*mlopsv1.CancelWorkflowResponse, error) {
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return nil, err
	}
	if len(req.GetReason()) > maxReason {
		return nil, invalid("reason", "at most %d bytes, has %d", maxReason, len(req.GetReason()))
	}
	doing := "cancel workflow " + req.GetWorkflowId()
	if err := s.m.dispatcher.Cancel(req.GetWorkflowId(), req.GetReason()); err != nil {
		return nil, s.m.statusOf(doing, err)
	}
	w, err := s.m.store.Workflow(ctx, req.GetWorkflowId())
	if err != nil {
		return nil, s.m.statusOf(doing, err)
	}
	return &mlopsv1.CancelWorkflowResponse{Workflow: w}, nil
}

// ListWorkers returns the workers that are known.
func (s *clientService) ListWorkers(context.Context, *mlopsv1.ListWorkersRequest) (*mlopsv1.ListWorkersResponse, error) {
	return &mlopsv1.ListWorkersResponse{Workers: s.m.dispatcher.Workers()}, nil
}

// DrainWorker keeps new work from a worker, or lifts that.
func (s *clientService) DrainWorker(ctx context.Context, req *mlopsv1.DrainWorkerRequest) (*mlopsv1.DrainWorkerResponse, error) {
	if id := req.GetWorkerId(); id == "" || len(id) > maxID {
		return nil, invalid("worker_id", "must have 1 to %d bytes, has %d", maxID, len(id))
	}
	info, err := s.m.dispatcher.Drain(ctx, req.GetWorkerId(), !req.GetResume())
	if err != nil {
		return nil, s.m.statusOf("worker "+req.GetWorkerId(), err)
	}
	return &mlopsv1.DrainWorkerResponse{Worker: info}, nil
}

func checkWorkflowID(id string) error {
	if id == "" || len(id) > maxID {
		return invalid("workflow_id", "must have 1 to %d bytes, has %d", maxID, len(id))
	}
	return nil
}

func errStopping() error {
	return status.Error(codes.Unavailable, "the master is shutting down")
}

// keepAlive is how often a watch with nothing to tell says so.
const keepAlive = 15 * time.Second
