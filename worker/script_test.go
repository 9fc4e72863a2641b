package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/isolation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testPeriod = 5 * time.Second
	testLease  = 15 * time.Second
)

// scriptedMaster answers Synchronize as a test tells it: it holds long polls,
// keeps every request, and repeats its directives until they are taken back.
type scriptedMaster struct {
	t *testing.T

	mu         sync.Mutex
	requests   []*mlopsv1.SynchronizeRequest
	reports    []*mlopsv1.AttemptReport
	say        []*mlopsv1.Directive // the next answer, then nothing
	changed    chan struct{}        // closed when say changes
	down       error                // what every call fails with
	lose       int                  // answers that get lost on their way
	deaf       bool                 // calls hang until their deadline
	forgets    bool                 // acknowledge every outcome
	publishes  bool                 // permit every publication
	drained    bool
	supersede  bool
	streams    int
	streamErr  error
	streamLag  time.Duration // how long a message is on its way
	streamMute bool          // the end of a stream is never answered
	onEnd      func()        // called, locked, at each request that tells of an end
}

func newMaster(t *testing.T) *scriptedMaster {
	return &scriptedMaster{t: t, changed: make(chan struct{}), forgets: true, publishes: true}
}

func (m *scriptedMaster) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.changed)
	m.changed = make(chan struct{})
}

// tell makes the master say something in its next answer.
func (m *scriptedMaster) tell(d ...*mlopsv1.Directive) { m.set(func() { m.say = append(m.say, d...) }) }

func (m *scriptedMaster) Synchronize(ctx context.Context, in *mlopsv1.SynchronizeRequest, _ ...grpc.CallOption) (*mlopsv1.SynchronizeResponse, error) {
	in = proto.CloneOf(in)
	m.mu.Lock()
	if m.deaf {
		m.mu.Unlock()
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if m.down != nil {
		defer m.mu.Unlock()
		return nil, m.down
	}
	m.requests = append(m.requests, in)
	hold := time.NewTimer(in.GetHoldFor().AsDuration())
	defer hold.Stop()
	for over := in.GetHoldFor() == nil; len(m.say) == 0 && !m.supersede && !over; {
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-hold.C:
			over = true
		case <-changed:
		}
		m.mu.Lock()
		if m.deaf || m.down != nil {
			m.mu.Unlock()
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	defer m.mu.Unlock()
	answer := &mlopsv1.SynchronizeResponse{NextWithin: durationpb.New(testPeriod), Lease: durationpb.New(testLease), Superseded: m.supersede, Drained: m.drained}
	answer.Directives = m.say
	for _, held := range in.GetHeld() {
		if held.GetOutcome() != nil && m.onEnd != nil {
			m.onEnd()
		}
		switch {
		case held.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_ENDED && m.forgets:
			answer.Directives = append(answer.Directives, &mlopsv1.Directive{Kind: &mlopsv1.Directive_Forget{Forget: &mlopsv1.Forget{Ref: held.GetRef()}}})
		case held.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING && m.publishes:
			answer.Directives = append(answer.Directives, &mlopsv1.Directive{Kind: &mlopsv1.Directive_Publish{Publish: &mlopsv1.Publish{Ref: held.GetRef()}}})
		}
	}
	if m.lose > 0 {
		m.lose--
		return nil, status.Error(codes.Unavailable, "the answer got lost")
	}
	m.say = nil
	return answer, nil
}

// progressStream is the client's end of a stream to the scripted master.
type progressStream struct {
	grpc.ClientStream
	ctx     context.Context
	m       *scriptedMaster
	arrives *time.Time // when the newest message does
}

func (m *scriptedMaster) ReportProgress(ctx context.Context, _ ...grpc.CallOption) (grpc.ClientStreamingClient[mlopsv1.ReportProgressRequest, mlopsv1.ReportProgressResponse], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams++
	return progressStream{ctx: ctx, m: m, arrives: &time.Time{}}, m.streamErr
}

func (s progressStream) Send(r *mlopsv1.ReportProgressRequest) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.streamErr != nil {
		return s.m.streamErr
	}
	r = proto.CloneOf(r)
	*s.arrives = time.Now().Add(s.m.streamLag)
	time.AfterFunc(s.m.streamLag, func() {
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		s.m.reports = append(s.m.reports, r.GetReports()...)
	})
	return nil
}

func (s progressStream) CloseAndRecv() (*mlopsv1.ReportProgressResponse, error) {
	s.m.mu.Lock()
	mute, err, lag := s.m.streamMute, s.m.streamErr, time.Until(*s.arrives)
	s.m.mu.Unlock()
	if mute {
		<-s.ctx.Done()
		return nil, s.ctx.Err()
	}
	time.Sleep(lag + time.Nanosecond) // behind what is on its way
	return &mlopsv1.ReportProgressResponse{}, err
}

func (s progressStream) CloseSend() error { return nil }

// story tells the requests as lines: what was held in each, equal neighbours once.
func (m *scriptedMaster) story() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, r := range m.requests {
		var held []string
		for _, h := range r.GetHeld() {
			line := h.GetRef().GetTaskId() + " " + strings.ToLower(strings.TrimPrefix(h.GetState().String(), "ATTEMPT_STATE_"))
			if o := h.GetOutcome(); o != nil {
				line += " " + describe(o)
			}
			held = append(held, line)
		}
		slices.Sort(held)
		line := strings.Join(held, ", ")
		if r.GetDraining() {
			line = strings.TrimSpace("draining " + line)
		}
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return lines
}

func (m *scriptedMaster) last() *mlopsv1.SynchronizeRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests[len(m.requests)-1]
}

func (m *scriptedMaster) calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.requests)
}

func describe(o *mlopsv1.Outcome) string {
	switch kind := o.GetKind().(type) {
	case *mlopsv1.Outcome_Result:
		return "result:" + kind.Result.GetProbe().GetEcho()
	case *mlopsv1.Outcome_Released:
		return "released"
	case *mlopsv1.Outcome_Failure:
		return strings.ToLower(strings.TrimPrefix(kind.Failure.GetKind().String(), "FAILURE_KIND_")) + ":" + kind.Failure.GetReason()
	}
	return fmt.Sprintf("%T", o.GetKind())
}

// fakeExecutor runs attempts as the test's functions, by task.
type fakeExecutor struct {
	mu    sync.Mutex
	tasks map[string]func(ctx context.Context, a isolation.Attempt, h isolation.Host) *mlopsv1.Outcome
	runs  map[string]int
}

func newExecutor() *fakeExecutor {
	return &fakeExecutor{tasks: map[string]func(context.Context, isolation.Attempt, isolation.Host) *mlopsv1.Outcome{}, runs: map[string]int{}}
}

func (e *fakeExecutor) Execute(ctx context.Context, a isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
	e.mu.Lock()
	e.runs[a.Ref.GetTaskId()]++
	task := e.tasks[a.Ref.GetTaskId()]
	e.mu.Unlock()
	if task == nil {
		return success("ok")
	}
	return task(ctx, a, h)
}

func (e *fakeExecutor) ran(task string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.runs[task]
}

func success(echo string) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: &mlopsv1.Result{Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{Echo: echo}}}}}
}

// lasting is a task that takes d and stops when asked.
func lasting(d time.Duration) func(context.Context, isolation.Attempt, isolation.Host) *mlopsv1.Outcome {
	return func(ctx context.Context, _ isolation.Attempt, _ isolation.Host) *mlopsv1.Outcome {
		select {
		case <-time.After(d):
			return success("done")
		case <-ctx.Done():
			return failed(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "stopped")
		}
	}
}

// stubborn is a task that only force ends.
func stubborn(_ context.Context, a isolation.Attempt, _ isolation.Host) *mlopsv1.Outcome {
	<-a.Force
	return failed(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "ended by force")
}

// memoryJournal is a journal that remembers, or fails.
type memoryJournal struct {
	mu    sync.Mutex
	held  map[string]*mlopsv1.HeldAttempt
	puts  int
	fails error
	slow  time.Duration
}

func (j *memoryJournal) Put(entries ...*mlopsv1.HeldAttempt) error {
	j.mu.Lock()
	slow := j.slow
	j.mu.Unlock()
	time.Sleep(slow)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.puts++
	if j.fails != nil {
		return j.fails
	}
	for _, e := range entries {
		j.held[e.GetRef().String()] = e
	}
	return nil
}

func (j *memoryJournal) Forget(refs ...*mlopsv1.AttemptRef) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, ref := range refs {
		delete(j.held, ref.String())
	}
	return nil
}

func (j *memoryJournal) set(f func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f()
}

func (j *memoryJournal) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.held)
}

// scene is a worker against a scripted master.
type scene struct {
	t       *testing.T
	master  *scriptedMaster
	exec    *fakeExecutor
	journal *memoryJournal
	worker  *Worker
	cancel  context.CancelFunc
	ended   chan error
}

// play runs f in a bubble of fake time, against a worker that runs.
func play(t *testing.T, adapt func(*Options), f func(t *testing.T, s *scene)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, master: newMaster(t), exec: newExecutor(), journal: &memoryJournal{held: map[string]*mlopsv1.HeldAttempt{}}, ended: make(chan error, 1)}
		o := Options{
			ID: "w1", Slots: 2, InteractiveSlots: 1, Capabilities: []string{"probe"}, Executor: s.exec, Journal: s.journal,
			WorkDir: dir, DrainTimeout: 10 * time.Second, StopGrace: 2 * time.Second, DisconnectLimit: time.Minute,
		}
		if adapt != nil {
			adapt(&o)
		}
		var err error
		if s.worker, err = New(s.master, o); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.cancel = cancel
		go func() { s.ended <- s.worker.Run(ctx) }()
		f(t, s)
		cancel()
		synctest.Wait()
		time.Sleep(time.Minute) // everything that was stopped has ended by then
	})
}

func (s *scene) ref(task string) *mlopsv1.AttemptRef {
	return &mlopsv1.AttemptRef{TaskId: task, Attempt: 1, SessionId: s.worker.Session()}
}

func (s *scene) start(task string) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Start{Start: &mlopsv1.Start{
		Ref: s.ref(task), WorkflowId: "wf",
		Spec: &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}},
	}}}
}

// wantStory compares what the master was told.
func (s *scene) wantStory(want ...string) {
	s.t.Helper()
	if got := s.master.story(); !slices.Equal(got, want) {
		s.t.Errorf("the master was told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
