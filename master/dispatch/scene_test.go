package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/master/dispatch"
	"mlops/master/watch"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	heartbeat = 5 * time.Second
	leaseTTL  = 15 * time.Second
)

// Short names of states, for tables.
const (
	accepted   = mlopsv1.AttemptState_ATTEMPT_STATE_ACCEPTED
	running    = mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING
	publishing = mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING
	ended      = mlopsv1.AttemptState_ATTEMPT_STATE_ENDED
)

// fallible is a store whose Apply can be made to fail.
type fallible struct {
	statestore.Store
	failing atomic.Bool
}

var errDisk = errors.New("input/output error")

func (f *fallible) Apply(ctx context.Context, now time.Time, commands ...statestore.Command) ([]statestore.Outcome, error) {
	if f.failing.Load() {
		return nil, errDisk
	}
	return f.Store.Apply(ctx, now, commands...)
}

// scene is a dispatcher on a fake clock.
type scene struct {
	t         testing.TB
	store     *fallible
	d         *dispatch.Dispatcher
	submitted int
}

// play runs a test with a dispatcher in a bubble of fake time.
func play(t *testing.T, f func(*testing.T, *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, err := bolt.Open(filepath.Join(t.TempDir(), "state.db"), bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		s := &scene{t: t, store: &fallible{Store: store}}
		s.start()
		defer func() {
			s.d.Stop()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(t, s)
	})
}

func (s *scene) start() {
	s.t.Helper()
	d, err := dispatch.New(context.Background(), s.store, dispatch.Options{
		Now: time.Now, Heartbeat: heartbeat, LeaseTTL: leaseTTL, CancelGrace: time.Second,
		MaxQueued: 100, MaxLogLine: 16, Publisher: &watch.Hub{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.d = d
}

// restart stops the dispatcher and starts another on the same store.
func (s *scene) restart() {
	s.t.Helper()
	s.d.Stop()
	s.start()
}

func probe() *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}}
}

// submit stores a workflow and returns its first task's id.
func (s *scene) submit(spec *mlopsv1.TaskSpec) (workflow, task string) {
	s.t.Helper()
	s.submitted++
	id := fmt.Sprintf("00000000-0000-7000-8000-%012d", s.submitted)
	w, existed, err := s.d.Submit(context.Background(), &mlopsv1.Workflow{
		WorkflowId: id, Operation: "probe", Spec: spec, CreatedAt: timestamppb.Now(),
	})
	if err != nil || existed {
		s.t.Fatalf("submit: existed %v, %v", existed, err)
	}
	return w.GetWorkflowId(), statestore.TaskID(w.GetWorkflowId(), 0)
}

// is checks where a task stands.
func (s *scene) is(task string, state mlopsv1.TaskState, attempt uint32) *mlopsv1.Task {
	s.t.Helper()
	got, err := s.store.Task(context.Background(), task)
	if err != nil {
		s.t.Fatal(err)
	}
	if got.GetState() != state || got.GetAttempt() != attempt {
		s.t.Fatalf("task %s is %s at attempt %d, want %s at %d", task, got.GetState(), got.GetAttempt(), state, attempt)
	}
	return got
}

// hand is a worker whose every call is written down by a test.
type hand struct {
	s   *scene
	req *mlopsv1.SynchronizeRequest
}

func (s *scene) worker(id, session string, slots int32) *hand {
	return &hand{s: s, req: &mlopsv1.SynchronizeRequest{
		WorkerId: id, SessionId: session, Slots: slots, InteractiveSlots: 1, Capabilities: []string{"probe", "status"},
	}}
}

// try makes one call that lists what is held.
func (h *hand) try(hold time.Duration, held ...*mlopsv1.HeldAttempt) (*mlopsv1.SynchronizeResponse, error) {
	return h.s.d.Synchronize(context.Background(), h.request(hold, held...))
}

// request is the next call.
func (h *hand) request(hold time.Duration, held ...*mlopsv1.HeldAttempt) *mlopsv1.SynchronizeRequest {
	h.req.Seq++
	return &mlopsv1.SynchronizeRequest{
		WorkerId: h.req.WorkerId, SessionId: h.req.SessionId, Seq: h.req.Seq, Slots: h.req.Slots,
		InteractiveSlots: h.req.InteractiveSlots, Capabilities: h.req.Capabilities, Labels: h.req.Labels,
		Draining: h.req.Draining, Held: held, HoldFor: durationpb.New(hold),
	}
}

// call makes one call that must be answered at once, and returns what it says.
func (h *hand) call(held ...*mlopsv1.HeldAttempt) said {
	h.s.t.Helper()
	return h.hold(0, held...)
}

func (h *hand) hold(d time.Duration, held ...*mlopsv1.HeldAttempt) said {
	h.s.t.Helper()
	resp, err := h.try(d, held...)
	if err != nil {
		h.s.t.Fatalf("synchronize: %v", err)
	}
	return read(resp)
}

// said is a response, by kind of directive.
type said struct {
	resp                             *mlopsv1.SynchronizeResponse
	start                            []*mlopsv1.Start
	cancel, discard, forget, publish []string // tasks
	superseded, drained              bool
}

func read(resp *mlopsv1.SynchronizeResponse) said {
	s := said{resp: resp, superseded: resp.GetSuperseded(), drained: resp.GetDrained()}
	for _, d := range resp.GetDirectives() {
		switch k := d.GetKind().(type) {
		case *mlopsv1.Directive_Start:
			s.start = append(s.start, k.Start)
		case *mlopsv1.Directive_Cancel:
			s.cancel = append(s.cancel, k.Cancel.GetRef().GetTaskId())
		case *mlopsv1.Directive_Discard:
			s.discard = append(s.discard, k.Discard.GetRef().GetTaskId())
		case *mlopsv1.Directive_Forget:
			s.forget = append(s.forget, k.Forget.GetRef().GetTaskId())
		case *mlopsv1.Directive_Publish:
			s.publish = append(s.publish, k.Publish.GetRef().GetTaskId())
		}
	}
	return s
}

// expect checks how many directives of each kind there are.
func (s said) expect(t testing.TB, start, cancel, discard, forget, publish int) said {
	t.Helper()
	if len(s.start) != start || len(s.cancel) != cancel || len(s.discard) != discard || len(s.forget) != forget || len(s.publish) != publish {
		t.Fatalf("got %d start, %d cancel, %d discard, %d forget, %d publish; want %d, %d, %d, %d, %d: %v",
			len(s.start), len(s.cancel), len(s.discard), len(s.forget), len(s.publish),
			start, cancel, discard, forget, publish, s.resp.GetDirectives())
	}
	return s
}

func (s said) one(t testing.TB) *mlopsv1.AttemptRef {
	t.Helper()
	return s.expect(t, 1, 0, 0, 0, 0).start[0].GetRef()
}

func holds(ref *mlopsv1.AttemptRef, state mlopsv1.AttemptState) *mlopsv1.HeldAttempt {
	return &mlopsv1.HeldAttempt{Ref: ref, State: state}
}

func succeeds(ref *mlopsv1.AttemptRef) *mlopsv1.HeldAttempt {
	return ends(ref, &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: &mlopsv1.Result{
		Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{}},
	}}})
}

func fails(ref *mlopsv1.AttemptRef, kind mlopsv1.FailureKind) *mlopsv1.HeldAttempt {
	return ends(ref, &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Failure{Failure: &mlopsv1.Failure{Kind: kind, Message: "so it is"}}})
}

func refuses(ref *mlopsv1.AttemptRef, reason string) *mlopsv1.HeldAttempt {
	h := fails(ref, mlopsv1.FailureKind_FAILURE_KIND_REFUSED)
	h.Outcome.GetFailure().Reason = reason
	return h
}

func ends(ref *mlopsv1.AttemptRef, o *mlopsv1.Outcome) *mlopsv1.HeldAttempt {
	return &mlopsv1.HeldAttempt{Ref: ref, State: ended, Outcome: o}
}
