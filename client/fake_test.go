package client_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
)

// master is a ClientService with one workflow after another, whose streams and
// replies break off on request.
type master struct {
	mlopsv1.UnimplementedClientServiceServer
	mu        sync.Mutex
	workflows []*mlopsv1.Workflow
	byKey     map[string]*mlopsv1.Workflow
	events    []*mlopsv1.Event // of each workflow
	dropped   uint64           // events up to this number are gone

	loseReplies int   // so many submits are stored but their replies lost
	breakAfter  []int // the n-th stream breaks off after so many messages
	stragglers  bool  // streams repeat the event before the one asked for
	streams     int
	asked       []uint64 // from_seq of each stream
	deny        error
	missing     string // what is said of workflows that are not there
}

func newMaster(events int) *master {
	m := &master{byKey: map[string]*mlopsv1.Workflow{}}
	for seq := 1; seq <= events; seq++ {
		e := &mlopsv1.Event{Seq: uint64(seq), Kind: &mlopsv1.Event_Log{Log: &mlopsv1.LogLine{Text: fmt.Sprint("line ", seq)}}}
		m.events = append(m.events, e)
	}
	return m
}

func (m *master) GetServerInfo(context.Context, *mlopsv1.GetServerInfoRequest) (*mlopsv1.GetServerInfoResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &mlopsv1.GetServerInfoResponse{Version: "1.2.3"}, m.deny
}

func (m *master) SubmitWorkflow(_ context.Context, r *mlopsv1.SubmitWorkflowRequest) (*mlopsv1.SubmitWorkflowResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, existed := m.byKey[r.GetIdempotencyKey()]
	if !existed {
		w = &mlopsv1.Workflow{
			WorkflowId: fmt.Sprint("w", len(m.workflows)+1), IdempotencyKey: r.GetIdempotencyKey(), Spec: r.GetSpec(),
			Priority: r.GetPriority(), Labels: r.GetLabels(), State: mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED,
		}
		m.byKey[r.GetIdempotencyKey()] = w
		m.workflows = append(m.workflows, w)
	}
	if m.loseReplies > 0 {
		m.loseReplies--
		return nil, status.Error(codes.Unavailable, "the reply was lost")
	}
	return &mlopsv1.SubmitWorkflowResponse{Workflow: w, Existed: existed}, nil
}

func (m *master) GetWorkflow(_ context.Context, r *mlopsv1.GetWorkflowRequest) (*mlopsv1.GetWorkflowResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.workflows {
		if w.GetWorkflowId() == r.GetWorkflowId() {
			return &mlopsv1.GetWorkflowResponse{Workflow: w}, nil
		}
	}
	if m.missing != "" {
		return nil, status.Error(codes.NotFound, m.missing)
	}
	return nil, status.Errorf(codes.NotFound, "no workflow %q", r.GetWorkflowId())
}

// WatchWorkflow sends a workflow's events and makes it SUCCEEDED with the last.
func (m *master) WatchWorkflow(r *mlopsv1.WatchWorkflowRequest, stream grpc.ServerStreamingServer[mlopsv1.WatchWorkflowResponse]) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	breakAfter := -1
	if m.streams < len(m.breakAfter) {
		breakAfter = m.breakAfter[m.streams]
	}
	m.streams++
	m.asked = append(m.asked, r.GetFromSeq())
	from := max(r.GetFromSeq(), m.dropped+1)
	if m.stragglers {
		from--
	}
	response := &mlopsv1.WatchWorkflowResponse{Workflow: m.workflows[0]} // a snapshot first
	for sent := 0; ; sent++ {
		if sent == breakAfter {
			return status.Error(codes.Unavailable, "the line broke")
		}
		if err := stream.Send(response); err != nil {
			return err
		}
		if from > uint64(len(m.events)) {
			return nil
		}
		response = &mlopsv1.WatchWorkflowResponse{Event: m.events[max(from, 1)-1]}
		if from == uint64(len(m.events)) {
			m.workflows[0].State = mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
			response.Workflow = m.workflows[0]
		}
		from = max(from, 1) + 1
	}
}

// ListWorkflows returns two workflows a page, newest first.
func (m *master) ListWorkflows(_ context.Context, r *mlopsv1.ListWorkflowsRequest) (*mlopsv1.ListWorkflowsResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := len(m.workflows)
	if r.GetPageToken() != "" {
		if _, err := fmt.Sscan(r.GetPageToken(), &next); err != nil {
			return nil, status.Error(codes.InvalidArgument, "page token")
		}
	}
	page := &mlopsv1.ListWorkflowsResponse{}
	for ; next > 0 && len(page.Workflows) < 2; next-- {
		page.Workflows = append(page.Workflows, m.workflows[next-1])
	}
	if next > 0 {
		page.NextPageToken = fmt.Sprint(next)
	}
	return page, nil
}

func (m *master) RetryWorkflow(_ context.Context, r *mlopsv1.RetryWorkflowRequest) (*mlopsv1.RetryWorkflowResponse, error) {
	response, err := m.SubmitWorkflow(context.Background(), &mlopsv1.SubmitWorkflowRequest{IdempotencyKey: r.GetIdempotencyKey()})
	return &mlopsv1.RetryWorkflowResponse{Workflow: response.GetWorkflow()}, err
}

func (m *master) CancelWorkflow(_ context.Context, r *mlopsv1.CancelWorkflowRequest) (*mlopsv1.CancelWorkflowResponse, error) {
	return nil, status.Errorf(codes.FailedPrecondition, "%s: %s", r.GetWorkflowId(), r.GetReason())
}

func (m *master) ListWorkers(context.Context, *mlopsv1.ListWorkersRequest) (*mlopsv1.ListWorkersResponse, error) {
	return &mlopsv1.ListWorkersResponse{Workers: []*mlopsv1.WorkerInfo{{WorkerId: "a"}, {WorkerId: "b"}}}, nil
}

func (m *master) DrainWorker(_ context.Context, r *mlopsv1.DrainWorkerRequest) (*mlopsv1.DrainWorkerResponse, error) {
	state := "draining"
	if r.GetResume() {
		state = "ready"
	}
	return &mlopsv1.DrainWorkerResponse{Worker: &mlopsv1.WorkerInfo{WorkerId: r.GetWorkerId(), State: state}}, nil
}

// dial serves the fake in memory and returns a client that retries at once, and
// what ends both.
func dial(m *master) (c *client.Client, stop func()) {
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	mlopsv1.RegisterClientServiceServer(server, m)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return client.New(conn, client.Tuning{Pause: func(int) time.Duration { return 0 }}), func() {
		_ = conn.Close()
		server.Stop()
		<-done
	}
}

func start(t *testing.T, m *master) *client.Client {
	t.Helper()
	c, stop := dial(m)
	t.Cleanup(stop)
	return c
}
