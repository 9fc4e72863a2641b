package master_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/master"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// served is a master on an in-memory connection.
type served struct {
	clients   mlopsv1.ClientServiceClient
	workers   mlopsv1.WorkerServiceClient
	artifacts mlopsv1.ArtifactServiceClient
	conn      *grpc.ClientConn
	store     statestore.Store
	routes    map[string]grpc.ServiceInfo
	master    *master.Master
	listener  *bufconn.Listener
	stop      func()
}

// serve starts a master on the store in dir; the test's end stops it.
func serve(t testing.TB, dir string, change ...func(*master.Options)) *served {
	t.Helper()
	store, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return serveStore(t, dir, store, change...)
}

// serveStore is serve for a store of the test's own.
func serveStore(t testing.TB, dir string, store statestore.Store, change ...func(*master.Options)) *served {
	t.Helper()
	opts := master.Options{
		ArtifactDir: filepath.Join(dir, "artifacts"),
		Heartbeat:   time.Second,
		Version:     "test",
		Logger:      slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&opts)
	}
	m, err := master.New(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := m.Serve(ctx, listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	conn := dial(t, listener)
	stop := sync.OnceFunc(func() {
		cancel()
		serving.Wait()
		conn.Close()
		if err := m.Close(); err != nil {
			t.Errorf("close master: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	t.Cleanup(stop)
	return &served{
		clients:   mlopsv1.NewClientServiceClient(conn),
		workers:   mlopsv1.NewWorkerServiceClient(conn),
		artifacts: mlopsv1.NewArtifactServiceClient(conn),
		conn:      conn,
		store:     store,
		routes:    m.Routes(),
		master:    m,
		listener:  listener,
		stop:      stop,
	}
}

func dial(t testing.TB, listener *bufconn.Listener, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	}, opts...)
	conn, err := grpc.NewClient("passthrough:///bufconn", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// probe is a task that any worker with the capability "probe" can run.
func probe() *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}}
}

func succeeded() *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: &mlopsv1.Result{
		Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{}},
	}}}
}

func (s *served) submit(t testing.TB, spec *mlopsv1.TaskSpec) *mlopsv1.Workflow {
	t.Helper()
	resp, err := s.clients.SubmitWorkflow(t.Context(), &mlopsv1.SubmitWorkflowRequest{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetWorkflow()
}

// obedient is a worker that does what it is told: each started attempt ends with
// what work says, at once.
type obedient struct {
	workers mlopsv1.WorkerServiceClient
	req     *mlopsv1.SynchronizeRequest
	work    func(*mlopsv1.Start) *mlopsv1.Outcome
	// forgotten is called for each outcome that the master has acknowledged.
	forgotten func()
}

func (s *served) worker(id string, slots int32, work func(*mlopsv1.Start) *mlopsv1.Outcome) *obedient {
	return &obedient{
		workers: s.workers,
		req: &mlopsv1.SynchronizeRequest{
			WorkerId: id, SessionId: id + "-session", Slots: slots, InteractiveSlots: 2,
			Capabilities: []string{"probe", "status", "train"}, HoldFor: durationpb.New(time.Minute),
		},
		work: work,
	}
}

// next is the worker's next call.
func (w *obedient) next() *mlopsv1.SynchronizeRequest {
	w.req.Seq++
	return w.req
}

// run synchronizes until ctx ends or the master does.
func (w *obedient) run(ctx context.Context) {
	for ctx.Err() == nil {
		resp, err := w.workers.Synchronize(ctx, w.next())
		if err != nil {
			return
		}
		w.obey(resp)
	}
}

func (w *obedient) obey(resp *mlopsv1.SynchronizeResponse) {
	var kept []*mlopsv1.HeldAttempt
	gone := map[string]bool{}
	for _, d := range resp.GetDirectives() {
		switch k := d.GetKind().(type) {
		case *mlopsv1.Directive_Forget:
			gone[k.Forget.GetRef().String()] = true
			if w.forgotten != nil {
				w.forgotten()
			}
		case *mlopsv1.Directive_Discard:
			gone[k.Discard.GetRef().String()] = true
		case *mlopsv1.Directive_Start:
			kept = append(kept, &mlopsv1.HeldAttempt{
				Ref: k.Start.GetRef(), State: mlopsv1.AttemptState_ATTEMPT_STATE_ENDED, Outcome: w.work(k.Start),
			})
		}
	}
	for _, h := range w.req.GetHeld() {
		if !gone[h.GetRef().String()] {
			kept = append(kept, h)
		}
	}
	w.req.Held = kept
}
