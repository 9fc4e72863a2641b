package statestore

import (
	"context"
	"errors"
	"iter"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Errors that callers decide on.
var (
	// ErrNotFound says that there is no such workflow or task.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous says that an id prefix fits several workflows.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrKeyReused says that an idempotency key was used for something else.
	ErrKeyReused = errors.New("idempotency key was used for another operation")
	// ErrBadToken says that a page token is not from an earlier page.
	ErrBadToken = errors.New("page token is not from an earlier page")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("state store is closed")
)

// Store keeps workflows, tasks and their events. A method that changes
// something returns nil only when the change is durable. Methods are safe for
// concurrent use; returned messages belong to the caller.
type Store interface {
	// Submit stores a workflow with its first task QUEUED, and its first events.
	// If the idempotency key was used before by the same owner it stores nothing
	// and returns the earlier workflow with existed true, or ErrKeyReused if that
	// one's spec differs.
	Submit(ctx context.Context, s Submission) (changes Changes, existed bool, err error)

	// Apply carries out commands in order, in one transaction with whatever else
	// is being written, and returns one outcome for each. A refused command
	// changes nothing and does not keep the others from being carried out. The
	// error is of the store itself: then no command is known to be durable.
	Apply(ctx context.Context, now time.Time, commands ...Command) ([]Outcome, error)

	// Append adds progress and log events to their workflows, numbering them and
	// dropping a workflow's oldest such events beyond the store's bound. Events of
	// unknown workflows are dropped. It returns the events as numbered.
	Append(ctx context.Context, events []*mlopsv1.Event) ([]*mlopsv1.Event, error)

	// Workflow returns a workflow by its id.
	Workflow(ctx context.Context, id string) (*mlopsv1.Workflow, error)
	// FindWorkflow returns the workflow whose id is, or alone begins with, prefix.
	FindWorkflow(ctx context.Context, prefix string) (*mlopsv1.Workflow, error)
	// Tasks returns a workflow's tasks by ordinal, at most limit; 0: all.
	Tasks(ctx context.Context, workflowID string, limit int) ([]*mlopsv1.Task, error)
	// Task returns a task by its id.
	Task(ctx context.Context, id string) (*mlopsv1.Task, error)
	// List returns workflows that pass the filter, newest first, without their
	// specs and results, and the token of the next page.
	List(ctx context.Context, f Filter) (page []*mlopsv1.Workflow, next string, err error)
	// Events returns a workflow's events from a sequence number on, at most limit.
	Events(ctx context.Context, workflowID string, fromSeq uint64, limit int) ([]*mlopsv1.Event, error)
	// Unfinished yields every task that is not final, in queue order (priority,
	// then age): what a master loads when it starts. The caller may change the
	// store meanwhile.
	Unfinished(ctx context.Context) iter.Seq2[*mlopsv1.Task, error]

	// Payloads calls each with every spec, result, inputs and join that is kept,
	// encoded, in no order: for who looks for mentions and need not understand. The
	// bytes are valid during the call only, and each must not use the store.
	Payloads(ctx context.Context, each func(encoded []byte)) error

	// Retain deletes final workflows beyond the policy with all that belongs to
	// them, oldest first, and returns how many.
	Retain(ctx context.Context, now time.Time, policy Retention) (int, error)

	// SetDrained records that an operator drained a worker, or lifts it.
	SetDrained(ctx context.Context, workerID string, drained bool) error
	// Drained returns the ids of the drained workers.
	Drained(ctx context.Context) ([]string, error)

	// PutLink names an artifact; the same name replaces the earlier link.
	PutLink(ctx context.Context, link *mlopsv1.ArtifactLink) error
	// Links returns links whose names begin with prefix, by name, after the page
	// token, at most limit, and the token of the next page.
	Links(ctx context.Context, prefix, token string, limit int) ([]*mlopsv1.ArtifactLink, string, error)

	// Close waits for writes under way and closes the store.
	Close() error
}

// Submission is a workflow to be stored.
type Submission struct {
	// Workflow with its id, operation, priority, labels, owner, idempotency key,
	// spec and created_at set.
	Workflow *mlopsv1.Workflow
}

// Command is one change asked of the store. Exactly one of TaskID with Event, or
// CancelWorkflow, is set.
type Command struct {
	// TaskID names the task that Event is about.
	TaskID string
	// Event is what happened to the task.
	Event Event
	// CancelWorkflow is the id of a workflow to cancel, with all its tasks.
	CancelWorkflow string
	// Reason says why, for CancelWorkflow.
	Reason string
}

// Outcome is what became of a command.
type Outcome struct {
	// Changes made; empty if Err is set.
	Changes Changes
	// Err is nil, a *RefusedError or ErrNotFound; any other error says that the
	// rows concerned could not be read or encoded. Cancelling a workflow that is
	// final or being cancelled is no error: Changes hold the workflow alone.
	Err error
}

// Changes are the rows that a command changed, as they stand afterwards.
type Changes struct {
	// Workflow after the change.
	Workflow *mlopsv1.Workflow
	// Tasks that changed or are new, complete, first the one that the command was
	// about. A task of which only the counters of its join moved is not among them.
	Tasks []*mlopsv1.Task
	// Events recorded, numbered.
	Events []*mlopsv1.Event
}

// Filter picks workflows; zero fields match all.
type Filter struct {
	States       []mlopsv1.WorkflowState
	Operations   []string
	Labels       map[string]string
	Owner        string
	CreatedAfter time.Time
	Limit        int    // at most so many; 0 means 50
	Token        string // from an earlier page
}

// Retention bounds what is kept of final workflows.
type Retention struct {
	MaxAge   time.Duration // older ones go; 0: no bound
	MaxCount int           // the oldest beyond so many go; 0: no bound
}
