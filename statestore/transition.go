package statestore

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// States of a task by short names, for the table below.
const (
	queued    = mlopsv1.TaskState_TASK_STATE_QUEUED
	leased    = mlopsv1.TaskState_TASK_STATE_LEASED
	running   = mlopsv1.TaskState_TASK_STATE_RUNNING
	succeeded = mlopsv1.TaskState_TASK_STATE_SUCCEEDED
	failed    = mlopsv1.TaskState_TASK_STATE_FAILED
	cancelled = mlopsv1.TaskState_TASK_STATE_CANCELLED
)

// Reasons that the state machine itself gives in a [mlopsv1.Failure].
const (
	// ReasonCancelled marks a task that ended because a client asked for it.
	ReasonCancelled = "cancelled"
	// ReasonErrorBudget marks a task with too many retryable errors.
	ReasonErrorBudget = "error_budget"
	// ReasonLossBudget marks a task with too many losses.
	ReasonLossBudget = "loss_budget"
	// ReasonReleased marks an attempt that a draining worker handed back.
	ReasonReleased = "released"
	// ReasonOmitted marks an attempt whose grant never arrived.
	ReasonOmitted = "omitted"
	// ReasonSpawnRefused marks a task that asked for impossible children.
	ReasonSpawnRefused = "spawn_refused"
	// ReasonInputsTooLarge marks a continuation with more input than a worker
	// can be sent.
	ReasonInputsTooLarge = "inputs_too_large"
)

// NewTask is the state machine's first transition: a task as submitted or
// spawned, QUEUED.
func NewTask(w *mlopsv1.Workflow, ordinal uint32, spec *mlopsv1.TaskSpec, now time.Time) *mlopsv1.Task {
	return &mlopsv1.Task{
		TaskId:     TaskID(w.GetWorkflowId(), ordinal),
		WorkflowId: w.GetWorkflowId(),
		Ordinal:    ordinal,
		Spec:       spec,
		State:      queued,
		Priority:   w.GetPriority(),
		CreatedAt:  timestamppb.New(now),
	}
}

// Final says whether a task in this state has ended for good.
func Final(s mlopsv1.TaskState) bool { return s >= succeeded }

// FinalWorkflow says whether a workflow in this state has ended for good.
func FinalWorkflow(s mlopsv1.WorkflowState) bool {
	return s >= mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
}

// held says whether a worker has the task.
func held(s mlopsv1.TaskState) bool { return s == leased || s == running }

// Transition returns the task as it stands after the event, or a
// [*RefusedError]. The given task is not touched.
//
//	from             event                        to
//	QUEUED           Grant                        LEASED, attempt+1
//	LEASED           Reoffer, at most MaxOffers   LEASED; beyond: as Lose
//	LEASED           Running                      RUNNING
//	LEASED, RUNNING  Succeed                      SUCCEEDED
//	LEASED, RUNNING  SpawnTasks                   SUCCEEDED with a join
//	LEASED, RUNNING  Fail RETRYABLE               QUEUED after a backoff; budget spent: FAILED
//	LEASED, RUNNING  Fail PERMANENT               FAILED
//	LEASED, RUNNING  Fail LOST, Lose              QUEUED; budget spent: FAILED
//	LEASED, RUNNING  Fail REFUSED                 as LOST, and the worker is excluded
//	LEASED, RUNNING  Release                      QUEUED, budgets untouched
//	QUEUED           RequestCancel                CANCELLED
//	LEASED, RUNNING  RequestCancel                same state, cancel_requested
//
// With cancel_requested, whatever ends the attempt without a result ends the
// task as CANCELLED: a pending cancel beats a retry, and also a spawn, whose
// work does not exist yet. Success beats a pending cancel, because its work does
// exist. All else is refused.
func Transition(t *mlopsv1.Task, e Event, now time.Time) (*mlopsv1.Task, error) {
	if err := admit(t, e, now); err != nil {
		return nil, err
	}
	next := proto.CloneOf(t)
	switch e := e.(type) {
	case Grant:
		grant(next, e, now)
	case Reoffer:
		reoffer(next, now)
	case Running:
		next.State, next.StartedAt = running, timestamppb.New(now)
	case Succeed:
		succeed(next, e, now)
	case SpawnTasks:
		spawn(next, e, now)
	case Fail:
		fail(next, normalFailure(e.Failure), e.PeakRSSBytes, now)
	case Release:
		release(next, e, now)
	case Lose:
		lose(next, lossOf(e), 0, now)
	case RequestCancel:
		requestCancel(next, e, now)
	}
	return next, nil
}

// grant leases the task as a new attempt.
func grant(t *mlopsv1.Task, e Grant, now time.Time) {
	t.State = leased
	t.Attempt++
	t.WorkerId, t.SessionId = e.WorkerID, e.SessionID
	t.Offers = 0
	t.NotBefore, t.StartedAt = nil, nil
	t.LeasedAt = timestamppb.New(now)
}

// reoffer counts a repeated grant, up to the point where it counts as lost. A
// grant that never arrived is not repeated once a cancel is pending.
func reoffer(t *mlopsv1.Task, now time.Time) {
	if t.Offers < MaxOffers && !t.CancelRequested {
		t.Offers++
		return
	}
	lose(t, lossOf(Lose{
		Reason:  ReasonOmitted,
		Message: fmt.Sprintf("worker %s did not take up the task in %d offers", t.WorkerId, t.Offers+1),
	}), 0, now)
}

// succeed ends the task with a result.
func succeed(t *mlopsv1.Task, e Succeed, now time.Time) {
	endAttempt(t, nil, e.PeakRSSBytes, now)
	finish(t, succeeded, nil, now)
	t.Result = proto.CloneOf(e.Result)
}

// spawn ends the task's own part and leaves a join; [Settle] makes the children.
func spawn(t *mlopsv1.Task, e SpawnTasks, now time.Time) {
	if t.CancelRequested {
		endAttempt(t, cancelFailure(t), e.PeakRSSBytes, now)
		finish(t, cancelled, cancelFailure(t), now)
		return
	}
	endAttempt(t, nil, e.PeakRSSBytes, now)
	finish(t, succeeded, nil, now)
	t.Join = &mlopsv1.Join{Then: proto.CloneOf(e.Spawn.GetThen()), Size: uint32(len(e.Spawn.GetChildren()))}
}

// fail ends the attempt; the failure's kind decides what becomes of the task.
func fail(t *mlopsv1.Task, f *mlopsv1.Failure, peak int64, now time.Time) {
	switch f.Kind {
	case mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE:
		failRetryably(t, f, peak, now)
	case mlopsv1.FailureKind_FAILURE_KIND_REFUSED:
		if !slices.Contains(t.ExcludedWorkers, t.WorkerId) {
			t.ExcludedWorkers = append(t.ExcludedWorkers, t.WorkerId)
		}
		lose(t, f, peak, now)
	case mlopsv1.FailureKind_FAILURE_KIND_LOST, mlopsv1.FailureKind_FAILURE_KIND_CANCELLED:
		// An end for a cancel that nobody asked for is a loss like any other.
		lose(t, f, peak, now)
	default:
		endAttempt(t, f, peak, now)
		if t.CancelRequested {
			finish(t, cancelled, cancelFailure(t), now)
			return
		}
		finish(t, failed, f, now)
	}
}

// failRetryably costs an error and queues the task after a backoff.
func failRetryably(t *mlopsv1.Task, f *mlopsv1.Failure, peak int64, now time.Time) {
	endAttempt(t, f, peak, now)
	t.Errors++
	switch {
	case t.CancelRequested:
		finish(t, cancelled, cancelFailure(t), now)
	case t.Errors > maxErrors(t):
		finish(t, failed, exhausted(f, ReasonErrorBudget, t.Errors, "error"), now)
	default:
		requeue(t, f)
		t.NotBefore = timestamppb.New(now.Add(backoff(t)))
	}
}

// lose costs a loss and queues the task at once: what went away was the worker.
func lose(t *mlopsv1.Task, f *mlopsv1.Failure, peak int64, now time.Time) {
	endAttempt(t, f, peak, now)
	t.Losses++
	switch {
	case t.CancelRequested:
		finish(t, cancelled, cancelFailure(t), now)
	case t.Losses > maxLosses(t):
		finish(t, failed, exhausted(f, ReasonLossBudget, t.Losses, "loss"), now)
	default:
		requeue(t, f)
	}
}

// release queues the task at once and costs nothing.
func release(t *mlopsv1.Task, e Release, now time.Time) {
	endAttempt(t, releaseOf(e), 0, now)
	if t.CancelRequested {
		finish(t, cancelled, cancelFailure(t), now)
		return
	}
	requeue(t, t.Failure)
}

// requestCancel ends a waiting task, and marks a held one.
func requestCancel(t *mlopsv1.Task, e RequestCancel, now time.Time) {
	t.CancelRequested, t.CancelReason = true, e.Reason
	if t.State == queued {
		finish(t, cancelled, cancelFailure(t), now)
	}
}

// endAttempt records the current attempt as ended.
func endAttempt(t *mlopsv1.Task, f *mlopsv1.Failure, peak int64, now time.Time) {
	t.Attempts = append(t.Attempts, &mlopsv1.Attempt{
		Number:       t.Attempt,
		WorkerId:     t.WorkerId,
		SessionId:    t.SessionId,
		LeasedAt:     t.LeasedAt,
		EndedAt:      timestamppb.New(now),
		Failure:      f,
		PeakRssBytes: peak,
	})
	if extra := len(t.Attempts) - MaxAttemptHistory; extra > 0 {
		t.Attempts = slices.Delete(t.Attempts, 0, extra)
	}
}

// requeue lets the task wait for another attempt; f is what ended the last one.
func requeue(t *mlopsv1.Task, f *mlopsv1.Failure) {
	t.State = queued
	t.Offers = 0
	t.LeasedAt, t.StartedAt = nil, nil
	t.Failure = f
}

// finish makes the task final.
func finish(t *mlopsv1.Task, s mlopsv1.TaskState, f *mlopsv1.Failure, now time.Time) {
	t.State, t.Failure = s, f
	t.NotBefore = nil
	t.FinishedAt = timestamppb.New(now)
}
