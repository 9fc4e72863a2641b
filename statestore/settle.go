package statestore

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Siblings gives [Carry], [Settle] and [CancelWorkflow] the other tasks of a
// workflow as they stand. None of its messages is modified, except what Unfinished
// yields after it was yielded.
type Siblings interface {
	// Joining returns the task at an ordinal; its spec, its inputs, its result, and
	// its join's children and then may be missing, so that counting one child of
	// many stays cheap.
	Joining(ordinal uint32) (*mlopsv1.Task, error)
	// Join returns the whole join of the task at an ordinal.
	Join(ordinal uint32) (*mlopsv1.Join, error)
	// Result returns the result of the task at an ordinal, nil if it has none.
	Result(ordinal uint32) (*mlopsv1.Result, error)
	// Unfinished yields the tasks that are not final, complete.
	Unfinished() iter.Seq2[*mlopsv1.Task, error]
}

// Effect is all that one command changes.
type Effect struct {
	// Changes are the rows as they stand afterwards. Its tasks are complete.
	Changes Changes
	// Joins are tasks of which nothing changed but the counters of their join:
	// succeeded and continuation. They are as incomplete as Joining gave them.
	Joins []*mlopsv1.Task
}

// Begin is the effect of a submission: the workflow and its first task, QUEUED.
func Begin(submitted *mlopsv1.Workflow) (Effect, error) {
	switch {
	case submitted.GetSpec().GetOperation() == nil:
		return Effect{}, errors.New("a submission needs a spec with an operation")
	case submitted.GetCreatedAt() == nil:
		return Effect{}, errors.New("a submission needs its created_at")
	}
	if _, err := ParseWorkflowID(submitted.GetWorkflowId()); err != nil {
		return Effect{}, err
	}
	s := begin(proto.CloneOf(submitted), submitted.GetCreatedAt().AsTime(), nil)
	s.w.State = mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED
	s.tellWorkflow(nil)
	s.add(NewTask(s.w, 0, s.w.Spec, s.now))
	return s.effect(), nil
}

// Carry carries out an event on a task of a workflow: [Transition], then
// [Settle]. A spawn that the workflow cannot hold becomes a permanent failure.
func Carry(w *mlopsv1.Workflow, t *mlopsv1.Task, e Event, now time.Time, siblings Siblings) (Effect, error) {
	if spawned, ok := e.(SpawnTasks); ok {
		if f := refusedSpawn(w, spawned.Spawn); f != nil {
			if repeats(t, e, spawned.Ref) {
				return Effect{}, refuseDone(t, e, "the attempt has ended so already")
			}
			e = Fail{Ref: spawned.Ref, Failure: f, PeakRSSBytes: spawned.PeakRSSBytes}
		}
	}
	next, err := Transition(t, e, now)
	if err != nil {
		return Effect{}, err
	}
	var children []*mlopsv1.TaskSpec
	if spawned, ok := e.(SpawnTasks); ok {
		children = spawned.Spawn.GetChildren()
	}
	return Settle(w, t, next, children, now, siblings)
}

// refusedSpawn says why a spawn is impossible, or nil.
func refusedSpawn(w *mlopsv1.Workflow, s *mlopsv1.Spawn) *mlopsv1.Failure {
	f := &mlopsv1.Failure{Kind: mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, Reason: ReasonSpawnRefused}
	asked := len(s.GetChildren())
	if s.GetThen() != nil {
		asked++
	}
	noOperation := func(c *mlopsv1.TaskSpec) bool { return c.GetOperation() == nil }
	switch {
	case len(s.GetChildren()) == 0:
		f.Message = "the task asked for a fan-out without children"
	case slices.ContainsFunc(s.Children, noOperation) || s.Then != nil && noOperation(s.Then):
		f.Message = "the task asked for a fan-out of which a child names no operation"
	case asked > MaxTasks-int(w.GetTasksTotal()):
		f.Message = fmt.Sprintf("the task asked for %d more tasks; its workflow has %d and may have %d: make fewer, larger ones",
			asked, w.GetTasksTotal(), MaxTasks)
	default:
		return nil
	}
	return f
}

// Settle is the pure function by which a task's change moves its workflow. It
// counts, queues the children that the task spawned, joins fan-outs, passes a
// failure or a cancel on to the workflow's other tasks and makes the workflow
// final once every task is. The given messages are not touched.
//
// A task that spawned counts towards its own parent's join when its own join is
// complete, and the result of its continuation stands for its own. A join
// without a continuation gives no result.
func Settle(w *mlopsv1.Workflow, before, after *mlopsv1.Task, children []*mlopsv1.TaskSpec, now time.Time, siblings Siblings) (Effect, error) {
	s := begin(proto.CloneOf(w), now, siblings)
	if after.GetJoin() != nil && before.GetJoin() == nil {
		after = proto.CloneOf(after)
	}
	s.ended = after
	s.record(before, after)
	s.start(after)
	if err := s.passOn(before, after, children); err != nil {
		return Effect{}, fmt.Errorf("settling task %s: %w", after.GetTaskId(), err)
	}
	s.conclude()
	return s.effect(), nil
}

// CancelWorkflow ends a workflow's waiting tasks and marks its held ones. On a
// workflow that is final or being cancelled it changes nothing.
func CancelWorkflow(w *mlopsv1.Workflow, reason string, now time.Time, siblings Siblings) (Effect, error) {
	s := begin(proto.CloneOf(w), now, siblings)
	if FinalWorkflow(w.GetState()) || w.GetCancelRequested() {
		return s.effect(), nil
	}
	s.w.CancelRequested = true
	if s.w.Failure == nil {
		s.w.Failure = cancelFailure(&mlopsv1.Task{CancelReason: reason})
	}
	if err := s.stopOthers(reason); err != nil {
		return Effect{}, fmt.Errorf("cancelling workflow %s: %w", w.GetWorkflowId(), err)
	}
	s.conclude()
	if !FinalWorkflow(s.w.State) {
		s.tellWorkflow(s.w.Failure)
	}
	return s.effect(), nil
}

// settling is one command's work on a workflow.
type settling struct {
	w        *mlopsv1.Workflow
	now      time.Time
	stamp    *timestamppb.Timestamp
	siblings Siblings
	tasks    []*mlopsv1.Task
	joins    []*mlopsv1.Task
	events   []*mlopsv1.Event
	ended    *mlopsv1.Task // the task whose change is settled; nil for none
	rootDone bool          // the task that the submission made has succeeded, fan-out and all
}

func begin(w *mlopsv1.Workflow, now time.Time, siblings Siblings) *settling {
	return &settling{w: w, now: now, stamp: timestamppb.New(now), siblings: siblings}
}

func (s *settling) effect() Effect {
	return Effect{Changes: Changes{Workflow: s.w, Tasks: s.tasks, Events: s.events}, Joins: s.joins}
}

// add queues a new task.
func (s *settling) add(t *mlopsv1.Task) {
	s.w.TasksTotal++
	s.tasks = append(s.tasks, t)
	s.tellTask(t)
}

// record takes a changed task into the effect, and counts it once it is final.
func (s *settling) record(before, after *mlopsv1.Task) {
	s.tasks = append(s.tasks, after)
	if before.GetState() != after.GetState() {
		s.tellTask(after)
	}
	if Final(after.GetState()) && !Final(before.GetState()) {
		s.w.TasksFinished++
		if after.GetState() == succeeded {
			s.w.TasksSucceeded++
		}
	}
}

// start makes the workflow RUNNING at the first sign that a worker ran a task.
func (s *settling) start(t *mlopsv1.Task) {
	began := t.State == running || t.State == succeeded
	if s.w.State != mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED || !began {
		return
	}
	s.w.State = mlopsv1.WorkflowState_WORKFLOW_STATE_RUNNING
	s.w.StartedAt = t.StartedAt
	if s.w.StartedAt == nil {
		s.w.StartedAt = t.LeasedAt
	}
	s.tellWorkflow(nil)
}

// passOn carries a task's end to the rest of the workflow.
func (s *settling) passOn(before, after *mlopsv1.Task, children []*mlopsv1.TaskSpec) error {
	if Final(before.GetState()) || !Final(after.GetState()) {
		return nil
	}
	switch {
	case after.State == failed:
		return s.stop(after, "task "+after.TaskId+" failed")
	case after.State == cancelled:
		return s.stop(after, after.CancelReason)
	case after.Join != nil:
		s.fanOut(after, children)
		return nil
	default:
		return s.complete(after)
	}
}

// stop makes the first failure or cancel of a task the workflow's own, and asks
// for the end of its other tasks.
func (s *settling) stop(t *mlopsv1.Task, reason string) error {
	if s.stopping() {
		return nil
	}
	s.w.Failure = t.Failure
	s.w.CancelRequested = t.State == cancelled
	return s.stopOthers(reason)
}

// stopping says whether the workflow cannot succeed any more, unless it was only
// asked to end.
func (s *settling) stopping() bool { return s.w.Failure != nil || s.w.CancelRequested }

// stopOthers asks for the end of every task that is not final, but for the one
// whose change is being settled.
func (s *settling) stopOthers(reason string) error {
	for t, err := range s.siblings.Unfinished() {
		if err != nil {
			return err
		}
		if t.TaskId == s.ended.GetTaskId() || t.CancelRequested {
			continue
		}
		next, err := Transition(t, RequestCancel{Reason: reason}, s.now)
		if err != nil {
			return err
		}
		s.record(t, next)
	}
	return nil
}

// conclude makes the workflow final once every task is.
func (s *settling) conclude() {
	if s.w.TasksFinished < s.w.TasksTotal || FinalWorkflow(s.w.State) {
		return
	}
	switch {
	case s.rootDone:
		s.w.State = mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
		s.w.Failure = nil
	case s.w.CancelRequested && s.w.Failure.GetKind() == mlopsv1.FailureKind_FAILURE_KIND_CANCELLED:
		s.w.State = mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED
	default:
		s.w.State = mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED
	}
	s.w.FinishedAt = s.stamp
	s.tellWorkflow(s.w.Failure)
}

// tellTask records a task's new state as an event.
func (s *settling) tellTask(t *mlopsv1.Task) {
	change := &mlopsv1.TaskChange{State: t.State, WorkerId: t.WorkerId, Failure: t.Failure}
	s.tell(&mlopsv1.Event{TaskId: t.TaskId, Attempt: t.Attempt, Kind: &mlopsv1.Event_TaskChanged{TaskChanged: change}})
}

// tellWorkflow records the workflow's state as an event.
func (s *settling) tellWorkflow(f *mlopsv1.Failure) {
	change := &mlopsv1.WorkflowChange{State: s.w.State, Failure: f}
	s.tell(&mlopsv1.Event{Kind: &mlopsv1.Event_WorkflowChanged{WorkflowChanged: change}})
}

func (s *settling) tell(e *mlopsv1.Event) {
	s.w.LastSeq++
	e.Seq, e.WorkflowId, e.Time = s.w.LastSeq, s.w.WorkflowId, s.stamp
	s.events = append(s.events, e)
}
