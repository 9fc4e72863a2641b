package fleet

import (
	"time"

	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Attempt is one grant that has not ended.
type Attempt struct {
	// TaskID, Number and SessionID name it.
	TaskID    string
	Number    uint32
	SessionID string
	// WorkflowID is the workflow of its task.
	WorkflowID string
	// WorkerID is the worker that it was granted to.
	WorkerID string
	// Need is what its task asks of a worker.
	Need queue.Need
	// Running says that the worker has said that it runs it.
	Running bool
	// CancelRequested says that a client asked for its end, with CancelReason.
	CancelRequested bool
	CancelReason    string
	// Expires is when its lease runs out.
	Expires time.Time
	// Losing says that its loss is being written: it may publish nothing any more.
	Losing bool
	// Ending says that its outcome is being written: its slot is free again.
	Ending bool
}

// Ref names the attempt in messages.
func (a *Attempt) Ref() *mlopsv1.AttemptRef {
	return &mlopsv1.AttemptRef{TaskId: a.TaskID, Attempt: a.Number, SessionId: a.SessionID}
}

// Is tells whether ref names this attempt exactly.
func (a *Attempt) Is(ref *mlopsv1.AttemptRef) bool {
	return a != nil && a.TaskID == ref.GetTaskId() && a.Number == ref.GetAttempt() && a.SessionID == ref.GetSessionId()
}

// Hold takes a LEASED or RUNNING task over as the store has it. An attempt that
// was known keeps its lease; a new one gets a lease until expires.
func (f *Fleet) Hold(t *mlopsv1.Task, expires time.Time) *Attempt {
	a := f.attempts[t.GetTaskId()]
	if a == nil || a.Number != t.GetAttempt() || a.SessionID != t.GetSessionId() {
		f.Drop(t.GetTaskId())
		a = &Attempt{
			TaskID:     t.GetTaskId(),
			Number:     t.GetAttempt(),
			SessionID:  t.GetSessionId(),
			WorkflowID: t.GetWorkflowId(),
			WorkerID:   t.GetWorkerId(),
			Need:       queue.NeedOf(t),
			Expires:    expires,
		}
		f.attempts[a.TaskID] = a
		f.worker(a.WorkerID).attempts[a.TaskID] = a
	}
	a.Running = t.GetState() == mlopsv1.TaskState_TASK_STATE_RUNNING
	a.CancelRequested = t.GetCancelRequested()
	a.CancelReason = t.GetCancelReason()
	return a
}

// Drop forgets a task's attempt, if there is one.
func (f *Fleet) Drop(taskID string) {
	if a := f.attempts[taskID]; a != nil {
		delete(f.attempts, taskID)
		delete(f.worker(a.WorkerID).attempts, taskID)
	}
}

// Attempt returns a task's attempt, or nil.
func (f *Fleet) Attempt(taskID string) *Attempt { return f.attempts[taskID] }

// Attempts is how many attempts are held.
func (f *Fleet) Attempts() int { return len(f.attempts) }
