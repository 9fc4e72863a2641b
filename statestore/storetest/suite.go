package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// EventLimit is how many progress and log events per workflow the stores keep
// that a [Factory] opens.
const EventLimit = 20

// Factory opens the stores of one implementation.
type Factory interface {
	// Open returns a new, empty store that keeps EventLimit progress and log events
	// per workflow. It is closed at the test's end at the latest.
	Open(t *testing.T) statestore.Store
	// Reopen closes a store and opens it again, as a new process would.
	Reopen(t *testing.T, s statestore.Store) statestore.Store
}

// Run runs the suite.
func Run(t *testing.T, f Factory) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *fixture)
	}{
		{"Submit", testSubmit},
		{"IdempotencyKey", testIdempotencyKey},
		{"LifeOfATask", testLifeOfATask},
		{"RefusedCommandsSpoilNothing", testRefusedCommands},
		{"FanOut", testFanOut},
		{"NestedFanOut", testNestedFanOut},
		{"FanOutInheritsRequirements", testFanOutInheritsRequirements},
		{"FanOutWithoutContinuation", testFanOutWithoutContinuation},
		{"FailureCancelsTheRest", testFailureCancelsTheRest},
		{"ImpossibleSpawns", testImpossibleSpawns},
		{"InputsTooLarge", testInputsTooLarge},
		{"CancelWorkflow", testCancelWorkflow},
		{"SuccessBeatsCancel", testSuccessBeatsCancel},
		{"BoundedEvents", testBoundedEvents},
		{"List", testList},
		{"FindWorkflow", testFindWorkflow},
		{"Unfinished", testUnfinished},
		{"Payloads", testPayloads},
		{"Retain", testRetain},
		{"Drained", testDrained},
		{"Links", testLinks},
		{"Closed", testClosed},
		{"CancelledContext", testCancelledContext},
		{"ConcurrentGrants", testConcurrentGrants},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(t, &fixture{t: t, factory: f, store: f.Open(t), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)})
		})
	}
	t.Run("Model", func(t *testing.T) { testModel(t, f) })
}

// fixture is a store under test, with a clock and shorthands that fail the test
// where the store fails.
type fixture struct {
	t       *testing.T
	factory Factory
	store   statestore.Store
	now     time.Time
	ids     int
}

func (f *fixture) ctx() context.Context { return f.t.Context() }

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// reopen closes the store and opens it again.
func (f *fixture) reopen() { f.store = f.factory.Reopen(f.t, f.store) }

// probe is a spec whose note tells it apart from others.
func probe(note string) *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{
		Operation:    &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}},
		Requirements: &mlopsv1.Requirements{Labels: map[string]string{"note": note}},
	}
}

// result is a result that can be told apart from others.
func result(name string) *mlopsv1.Result {
	return &mlopsv1.Result{Kind: &mlopsv1.Result_Train{Train: &mlopsv1.TrainResult{ModelName: name}}}
}

// id is the n-th id: a UUID of version 7 whose time grows with n.
func id(n int) string {
	u := uuid.UUID{0x01, 0x9a, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0x70, 0, 0x80}
	return u.String()
}

// workflow returns a new submission, a second younger than the one before.
func (f *fixture) workflow(change ...func(*mlopsv1.Workflow)) *mlopsv1.Workflow {
	f.ids++
	f.now = f.now.Add(time.Second)
	w := &mlopsv1.Workflow{
		WorkflowId: id(f.ids), Operation: "probe", Owner: "alice", Spec: probe(fmt.Sprint("root ", f.ids)),
		CreatedAt: timestamppb.New(f.now), Labels: map[string]string{"n": fmt.Sprint(f.ids % 3)},
	}
	for _, c := range change {
		c(w)
	}
	return w
}

// submit submits a new workflow and returns its id.
func (f *fixture) submit(change ...func(*mlopsv1.Workflow)) string {
	f.t.Helper()
	w := f.workflow(change...)
	_, existed, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: w})
	f.must(err)
	if existed {
		f.t.Fatalf("new workflow %s existed", w.WorkflowId)
	}
	return w.WorkflowId
}

// try carries out one command.
func (f *fixture) try(c statestore.Command) (statestore.Changes, error) {
	f.t.Helper()
	f.now = f.now.Add(time.Millisecond)
	outcomes, err := f.store.Apply(f.ctx(), f.now, c)
	f.must(err)
	if len(outcomes) != 1 {
		f.t.Fatalf("%d outcomes of one command", len(outcomes))
	}
	return outcomes[0].Changes, outcomes[0].Err
}

// do carries out an event that must be accepted.
func (f *fixture) do(task string, e statestore.Event) statestore.Changes {
	f.t.Helper()
	changes, err := f.try(statestore.Command{TaskID: task, Event: e})
	if err != nil {
		f.t.Fatalf("%T on %s: %v", e, task, err)
	}
	return changes
}

// session is who all tasks are granted to.
const session = "session-1"

// grant grants a task and returns the attempt.
func (f *fixture) grant(task string) statestore.Ref {
	f.t.Helper()
	changes := f.do(task, statestore.Grant{WorkerID: "worker-1", SessionID: session})
	return statestore.Ref{Attempt: changes.Tasks[0].Attempt, SessionID: session}
}

// succeed takes a queued task to its end with a result by this name.
func (f *fixture) succeed(task, name string) statestore.Changes {
	f.t.Helper()
	ref := f.grant(task)
	f.do(task, statestore.Running{Ref: ref})
	return f.do(task, statestore.Succeed{Ref: ref, Result: result(name)})
}

// spawn takes a queued task to its end with a fan-out.
func (f *fixture) spawn(task string, then *mlopsv1.TaskSpec, children ...*mlopsv1.TaskSpec) statestore.Changes {
	f.t.Helper()
	return f.do(task, statestore.SpawnTasks{Ref: f.grant(task), Spawn: &mlopsv1.Spawn{Children: children, Then: then}})
}

// fail takes a queued task to a permanent failure.
func (f *fixture) fail(task string) statestore.Changes {
	f.t.Helper()
	return f.do(task, statestore.Fail{Ref: f.grant(task), Failure: &mlopsv1.Failure{
		Kind: mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, Reason: "data", Message: "row 7 is ragged",
	}})
}

func (f *fixture) getWorkflow(id string) *mlopsv1.Workflow {
	f.t.Helper()
	w, err := f.store.Workflow(f.ctx(), id)
	f.must(err)
	return w
}

func (f *fixture) getTask(id string) *mlopsv1.Task {
	f.t.Helper()
	t, err := f.store.Task(f.ctx(), id)
	f.must(err)
	return t
}

// wantState checks a workflow's state and counts.
func (f *fixture) wantState(id string, state mlopsv1.WorkflowState, total, finished, succeeded uint32) {
	f.t.Helper()
	w := f.getWorkflow(id)
	if w.State != state || w.TasksTotal != total || w.TasksFinished != finished || w.TasksSucceeded != succeeded {
		f.t.Errorf("workflow is %s with %d tasks, %d finished, %d succeeded; want %s with %d, %d, %d",
			w.State, w.TasksTotal, w.TasksFinished, w.TasksSucceeded, state, total, finished, succeeded)
	}
	if final := statestore.FinalWorkflow(w.State); final != (w.FinishedAt != nil) {
		f.t.Errorf("workflow is %s and finished at %v", w.State, w.FinishedAt)
	}
}

// wantTask checks a task's state.
func (f *fixture) wantTask(id string, state mlopsv1.TaskState) *mlopsv1.Task {
	f.t.Helper()
	t := f.getTask(id)
	if t.State != state {
		f.t.Errorf("task %s is %s, want %s", id, t.State, state)
	}
	return t
}

func (f *fixture) same(what string, want, got any) {
	f.t.Helper()
	if d := cmp.Diff(want, got, protocmp.Transform(), cmpopts.EquateEmpty()); d != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func (f *fixture) wantError(what string, err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("%s: error is %v, want %v", what, err, want)
	}
}

// task is a task's id.
func task(workflow string, ordinal uint32) string { return statestore.TaskID(workflow, ordinal) }

// Workflow states by short names.
const (
	workflowQueued    = mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED
	workflowRunning   = mlopsv1.WorkflowState_WORKFLOW_STATE_RUNNING
	workflowSucceeded = mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
	workflowFailed    = mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED
	workflowCancelled = mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED
)

// Task states by short names.
const (
	queued    = mlopsv1.TaskState_TASK_STATE_QUEUED
	leased    = mlopsv1.TaskState_TASK_STATE_LEASED
	running   = mlopsv1.TaskState_TASK_STATE_RUNNING
	succeeded = mlopsv1.TaskState_TASK_STATE_SUCCEEDED
	failed    = mlopsv1.TaskState_TASK_STATE_FAILED
	cancelled = mlopsv1.TaskState_TASK_STATE_CANCELLED
)
