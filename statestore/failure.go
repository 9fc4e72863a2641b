package statestore

import (
	"cmp"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

// normalFailure is a reported failure with nothing left open.
func normalFailure(f *mlopsv1.Failure) *mlopsv1.Failure {
	f = proto.CloneOf(f)
	if f == nil {
		f = &mlopsv1.Failure{}
	}
	if f.Kind == mlopsv1.FailureKind_FAILURE_KIND_UNSPECIFIED {
		f.Kind = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT
	}
	f.Message = cmp.Or(f.Message, "the worker gave no reason")
	f.Reason = cmp.Or(f.Reason, "internal")
	return f
}

// lossOf is the failure of an attempt that the master gave up.
func lossOf(e Lose) *mlopsv1.Failure {
	reason := cmp.Or(e.Reason, "lost")
	return &mlopsv1.Failure{
		Kind:    mlopsv1.FailureKind_FAILURE_KIND_LOST,
		Reason:  reason,
		Message: cmp.Or(e.Message, "the attempt was lost: "+reason),
	}
}

// releaseOf is the record of an attempt that was handed back. It is no failure
// of any kind, so that its kind stays open.
func releaseOf(e Release) *mlopsv1.Failure {
	return &mlopsv1.Failure{Reason: ReasonReleased, Message: cmp.Or(e.Reason, "handed back by a draining worker")}
}

// cancelFailure is why a cancelled task ended.
func cancelFailure(t *mlopsv1.Task) *mlopsv1.Failure {
	return &mlopsv1.Failure{
		Kind:    mlopsv1.FailureKind_FAILURE_KIND_CANCELLED,
		Reason:  ReasonCancelled,
		Message: cmp.Or(t.CancelReason, "cancelled"),
	}
}

// exhausted is why a task ended whose budget is spent: how often it was tried,
// and what ended the last attempt.
func exhausted(last *mlopsv1.Failure, reason string, n uint32, unit string) *mlopsv1.Failure {
	f := proto.CloneOf(last)
	if f.Kind == mlopsv1.FailureKind_FAILURE_KIND_CANCELLED {
		f.Kind = mlopsv1.FailureKind_FAILURE_KIND_LOST // nobody had asked for it
	}
	f.Reason = reason
	f.Message = fmt.Sprintf("gave up after %s; last: %s", count(n, unit), last.Message)
	return f
}

// count is "1 error", "3 errors", "2 losses".
func count(n uint32, unit string) string {
	switch {
	case n == 1:
		return "1 " + unit
	case unit == "loss":
		return fmt.Sprintf("%d losses", n)
	default:
		return fmt.Sprintf("%d %ss", n, unit)
	}
}

// maxErrors is how many retryable errors the task may have.
func maxErrors(t *mlopsv1.Task) uint32 {
	return budget(t.GetSpec().GetRetry().GetMaxErrors(), DefaultMaxErrors)
}

// maxLosses is how many losses the task may have.
func maxLosses(t *mlopsv1.Task) uint32 {
	return budget(t.GetSpec().GetRetry().GetMaxLosses(), DefaultMaxLosses)
}

// budget reads a bound of a retry policy: 0 is the default, negative is none.
func budget(n int32, byDefault uint32) uint32 {
	switch {
	case n == 0:
		return byDefault
	case n < 0:
		return 0
	default:
		return uint32(n)
	}
}

// backoff is the pause after the task's newest error: doubled for each one, up
// to the policy's bound.
func backoff(t *mlopsv1.Task) time.Duration {
	policy := t.GetSpec().GetRetry()
	pause, most := policy.GetInitialBackoff().AsDuration(), policy.GetMaxBackoff().AsDuration()
	if pause <= 0 {
		pause = DefaultInitialBackoff
	}
	if most <= 0 {
		most = max(DefaultMaxBackoff, pause)
	}
	for i := uint32(1); i < t.Errors && pause < most; i++ {
		pause += min(pause, most-pause)
	}
	return min(pause, most)
}
