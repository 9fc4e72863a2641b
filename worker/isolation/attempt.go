package isolation

import (
	"context"
	"errors"
	"fmt"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/worker/reporting"
)

// DefaultGrace is how long an attempt may take to stop when nobody said.
const DefaultGrace = 5 * time.Second

// Attempt is one grant of a task, to be run.
type Attempt struct {
	Ref        *mlopsv1.AttemptRef
	WorkflowID string
	Operation  *mlopsv1.Operation
	Inputs     []*mlopsv1.Result // results of joined children, for a continuation
	// ScratchDir is an empty directory of the attempt's own, deleted by the
	// caller afterwards.
	ScratchDir string
	// Force is closed when the attempt, asked to stop by the end of its context,
	// is to be ended by force.
	Force <-chan struct{}
}

// Host is what an attempt may ask of its worker.
type Host struct {
	// Reports takes progress and log lines.
	Reports *reporting.Buffer
	// Gate permits side effects.
	Gate runner.Gate
	// Artifacts stores and fetches files; nil: there is no artifact service.
	Artifacts runner.Artifacts
}

// Runner does the work: a [runner.TaskRunner], or a fake.
type Runner interface {
	// Run does an assignment and says how it ended. Ending ctx stops it.
	Run(ctx context.Context, a runner.Assignment) *mlopsv1.Outcome
}

// Stop is the cause with which an attempt's context is cancelled.
type Stop struct {
	// Grace is how long the attempt may take, as far as is known; what ends it by
	// force is [Attempt.Force].
	Grace time.Duration
	// Reason is for people.
	Reason string
}

// Error tells the reason.
func (s *Stop) Error() string { return s.Reason }

// stopOf returns how to stop an attempt whose context has ended.
func stopOf(ctx context.Context) *Stop {
	var stop *Stop
	if errors.As(context.Cause(ctx), &stop) {
		return stop
	}
	return &Stop{Grace: DefaultGrace, Reason: context.Cause(ctx).Error()}
}

func assignmentOf(a Attempt) runner.Assignment {
	return runner.Assignment{
		WorkflowID: a.WorkflowID, TaskID: a.Ref.GetTaskId(), Attempt: a.Ref.GetAttempt(),
		Operation: a.Operation, Inputs: a.Inputs,
	}
}

// lost is the outcome of an attempt that ended without one.
func lost(reason, format string, args ...any) *mlopsv1.Outcome {
	return failure(mlopsv1.FailureKind_FAILURE_KIND_LOST, reason, format, args...)
}

func failure(kind mlopsv1.FailureKind, reason, format string, args ...any) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Failure{Failure: &mlopsv1.Failure{
		Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...),
	}}}
}

// forced is the outcome of an attempt that was ended because it did not stop.
func forced(stop *Stop) *mlopsv1.Outcome {
	return failure(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled",
		"%s; it did not stop when asked and was ended by force", stop.Reason)
}
