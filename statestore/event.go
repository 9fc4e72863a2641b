package statestore

import (
	"fmt"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Event is something that happened to a task: one of the types below.
type Event interface{ isEvent() }

// Ref names the attempt that an event is about. It must match the task's current
// attempt and session, or the event is refused as stale.
type Ref struct {
	Attempt   uint32
	SessionID string
}

// Grant leases a QUEUED task to a worker as a new attempt.
type Grant struct {
	WorkerID  string
	SessionID string
}

// Reoffer repeats a grant that the worker did not list; after MaxOffers of them
// the attempt counts as lost.
type Reoffer struct{ Ref }

// Running says that the worker runs the attempt.
type Running struct{ Ref }

// Succeed ends the attempt with a result.
type Succeed struct {
	Ref
	Result       *mlopsv1.Result
	PeakRSSBytes int64
}

// SpawnTasks ends the attempt with more work.
type SpawnTasks struct {
	Ref
	Spawn        *mlopsv1.Spawn
	PeakRSSBytes int64
}

// Fail ends the attempt with a failure, whose kind decides what follows:
// PERMANENT fails the task, RETRYABLE costs an error, LOST and REFUSED cost a
// loss (REFUSED excludes the worker as well), CANCELLED confirms a cancel.
type Fail struct {
	Ref
	Failure      *mlopsv1.Failure
	PeakRSSBytes int64
}

// Release hands the attempt back from a draining worker; it costs nothing.
type Release struct {
	Ref
	Reason string
}

// Lose says that the master gave the attempt up: its lease ran out, its session
// was replaced or its worker no longer lists it.
type Lose struct {
	Ref
	Reason  string // "lease_expired", "session_replaced", "omitted", …
	Message string
}

// RequestCancel asks for the task's end.
type RequestCancel struct{ Reason string }

func (Grant) isEvent()         {}
func (Reoffer) isEvent()       {}
func (Running) isEvent()       {}
func (Succeed) isEvent()       {}
func (SpawnTasks) isEvent()    {}
func (Fail) isEvent()          {}
func (Release) isEvent()       {}
func (Lose) isEvent()          {}
func (RequestCancel) isEvent() {}

// Limits of the state machine where a task's own retry policy is silent.
const (
	// MaxOffers is how often a grant is repeated before it counts as lost.
	MaxOffers = 3
	// DefaultMaxErrors is the budget of retryable errors.
	DefaultMaxErrors = 2
	// DefaultMaxLosses is the budget of losses.
	DefaultMaxLosses = 3
	// DefaultInitialBackoff precedes the first retry.
	DefaultInitialBackoff = 2 * time.Second
	// DefaultMaxBackoff is the longest pause between retries.
	DefaultMaxBackoff = 2 * time.Minute
	// MaxAttemptHistory is how many ended attempts a task remembers.
	MaxAttemptHistory = 16
	// MaxTasks is how many tasks a workflow may have.
	MaxTasks = 100_000
)

// RefusedError says that an event does not fit the task as it stands.
type RefusedError struct {
	TaskID string
	State  mlopsv1.TaskState
	Event  string // the event's name
	Stale  bool   // it came from another attempt or session than the current one
	// Done says that the event repeats what already ended the same attempt: the
	// sender may be told that all is well.
	Done   bool
	Reason string
}

// Error says which event was refused, and why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("task %s is %s: %s refused: %s", e.TaskID, e.State, e.Event, e.Reason)
}
