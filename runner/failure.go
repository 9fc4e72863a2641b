package runner

import (
	"context"
	"errors"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/pipeline"
)

// RefusedError says that this worker cannot run the task though another might.
type RefusedError struct {
	Reason  string // "capability", "in_process"
	Problem string
}

// Error tells the problem.
func (e *RefusedError) Error() string { return e.Problem }

// InputError says that the operation itself asks for something impossible.
type InputError struct {
	Problem string
}

// Error tells the problem.
func (e *InputError) Error() string { return e.Problem }

// RetryableError says that the same task may succeed when tried again. The
// services of an [Environment] return it for their passing faults.
type RetryableError struct {
	Reason string
	Err    error
}

// Error tells the cause.
func (e *RetryableError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryableError) Unwrap() error { return e.Err }

// verdicts say what the master does about each kind of error.
var verdicts = map[pipeline.Kind]struct {
	kind   mlopsv1.FailureKind
	reason string
}{
	pipeline.Internal:     {mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "internal"},
	pipeline.BadConfig:    {mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "config"},
	pipeline.BadData:      {mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "data"},
	pipeline.Forbidden:    {mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "forbidden_path"},
	pipeline.NotPermitted: {mlopsv1.FailureKind_FAILURE_KIND_LOST, "not_permitted"},
	pipeline.Passing:      {mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "io"},
	pipeline.Cancelled:    {mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled"},
	pipeline.Conflict:     {mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "conflict"},
}

// failureOf sorts an error into what the master does about it.
func failureOf(ctx context.Context, err error) *mlopsv1.Failure {
	verdict := verdicts[pipeline.KindOf(ctx, err, pipeline.Internal)]
	f := &mlopsv1.Failure{Kind: verdict.kind, Reason: verdict.reason, Message: err.Error()}
	var refused *RefusedError
	var input *InputError
	var retryable *RetryableError
	var staged *pipeline.Error
	if errors.As(err, &staged) {
		f.Stage = staged.Stage
	}
	switch {
	case errors.As(err, &refused):
		f.Kind, f.Reason = mlopsv1.FailureKind_FAILURE_KIND_REFUSED, refused.Reason
	case errors.As(err, &input):
		f.Kind, f.Reason = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "config"
	case errors.As(err, &retryable) && f.Kind != mlopsv1.FailureKind_FAILURE_KIND_CANCELLED:
		f.Kind, f.Reason = mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, retryable.Reason
	}
	return f
}
