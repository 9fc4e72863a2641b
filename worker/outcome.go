package worker

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

// maxOutcomeBytes bounds one outcome, so that a request always fits into a
// message.
const maxOutcomeBytes = 8 << 20

// maxFailureText bounds a failure's message.
const maxFailureText = 16 << 10

func failed(kind mlopsv1.FailureKind, reason, format string, args ...any) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Failure{Failure: &mlopsv1.Failure{
		Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...),
	}}}
}

// judge says what an attempt's end means where the worker had stopped it.
// Success beats every stop: the work exists.
func judge(outcome *mlopsv1.Outcome, stopped stopKind, reason string) *mlopsv1.Outcome {
	if outcome.GetKind() == nil {
		outcome = failed(mlopsv1.FailureKind_FAILURE_KIND_LOST, "internal", "the attempt ended without an outcome")
	}
	f := outcome.GetFailure()
	if f == nil || stopped == stopNot {
		return outcome
	}
	switch f.GetKind() {
	case mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, mlopsv1.FailureKind_FAILURE_KIND_LOST:
	default:
		return outcome // it failed on its own account before it heard of the stop
	}
	var judged *mlopsv1.Outcome
	switch stopped {
	case stopRelease:
		judged = &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Released{Released: &mlopsv1.Released{Reason: reason}}}
	case stopTimeout:
		judged = failed(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "timeout", "the attempt was stopped: %s", reason)
	case stopCutOff:
		judged = failed(mlopsv1.FailureKind_FAILURE_KIND_LOST, "disconnected", "the attempt was stopped: %s", reason)
	default:
		f.Kind = mlopsv1.FailureKind_FAILURE_KIND_CANCELLED
		if f.Message == "" || f.GetReason() != "cancelled" {
			f.Reason, f.Message = "cancelled", reason
		}
		return outcome
	}
	judged.PeakRssBytes = outcome.GetPeakRssBytes()
	return judged
}

// fit makes an outcome one that can be sent: an outcome that cannot would
// silence the worker for good.
func fit(outcome *mlopsv1.Outcome) *mlopsv1.Outcome {
	if f := outcome.GetFailure(); f != nil {
		f.Message, f.Reason, f.Stage = text(f.GetMessage(), maxFailureText), text(f.GetReason(), 64), text(f.GetStage(), 64)
	}
	if r := outcome.GetReleased(); r != nil {
		r.Reason = text(r.GetReason(), maxFailureText)
	}
	raw, err := proto.Marshal(outcome)
	switch {
	case err != nil:
		return failed(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "internal", "the result cannot be encoded: %v", err)
	case len(raw) > maxOutcomeBytes:
		return failed(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "result_too_large",
			"the result has %d bytes; at most %d can be reported", len(raw), maxOutcomeBytes)
	}
	return outcome
}

// text makes s valid UTF-8 of at most limit bytes.
func text(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit-len("…")]
		s = strings.ToValidUTF8(s, "") + "…"
	}
	return strings.ToValidUTF8(s, "?")
}
