package statestore_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// drawEvent draws any event, with a reference that is mostly the current one.
func drawEvent(rt *rapid.T, t *mlopsv1.Task) (e statestore.Event, stale bool) {
	ref := statestore.Ref{Attempt: t.Attempt, SessionID: t.SessionId}
	switch rapid.IntRange(0, 5).Draw(rt, "reference") {
	case 0:
		ref.Attempt = rapid.Uint32Range(0, 40).Draw(rt, "attempt")
	case 1:
		ref.SessionID = "another"
	}
	stale = ref.Attempt == 0 || ref.Attempt != t.Attempt || ref.SessionID != t.SessionId
	list := []statestore.Event{
		statestore.Grant{WorkerID: rapid.SampledFrom([]string{"w1", "w2", "w3"}).Draw(rt, "worker"), SessionID: rapid.SampledFrom([]string{"s1", "s2"}).Draw(rt, "session")},
		statestore.RequestCancel{Reason: "enough"},
		statestore.Reoffer{Ref: ref}, statestore.Running{Ref: ref}, statestore.Running{Ref: ref},
		statestore.Succeed{Ref: ref, Result: &mlopsv1.Result{}},
		statestore.SpawnTasks{Ref: ref, Spawn: &mlopsv1.Spawn{Children: children}},
		statestore.Release{Ref: ref}, statestore.Lose{Ref: ref, Reason: "lease_expired"},
	}
	for kind := range mlopsv1.FailureKind_name {
		list = append(list, statestore.Fail{Ref: ref, Failure: failure(mlopsv1.FailureKind(kind))})
	}
	i := rapid.IntRange(0, 2*len(list)-1).Draw(rt, "event") % len(list)
	return list[i], stale && i > 1
}

// TestTransitionProperties follows a task through random events.
func TestTransitionProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		task := statestore.NewTask(&mlopsv1.Workflow{WorkflowId: workflowID}, 0, &mlopsv1.TaskSpec{
			Retry: &mlopsv1.RetryPolicy{MaxErrors: rapid.Int32Range(-1, 20).Draw(rt, "errors"), MaxLosses: rapid.Int32Range(-1, 20).Draw(rt, "losses")},
		}, start)
		now := start
		for range rapid.IntRange(1, 60).Draw(rt, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(rt, "pause")) * time.Second)
			e, stale := drawEvent(rt, task)
			before := proto.CloneOf(task)
			next, err := statestore.Transition(task, e, now)
			if !proto.Equal(before, task) {
				rt.Fatalf("%T changed the task it was given", e)
			}
			if err != nil {
				var refusal *statestore.RefusedError
				if !errors.As(err, &refusal) || next != nil {
					rt.Fatalf("%T gave %v and %v", e, next, err)
				}
				continue
			}
			if stale {
				rt.Fatalf("stale %T was accepted by %v", e, before)
			}
			checkStep(rt, before, next, e)
			task = next
		}
	})
}

// checkStep checks what holds of every accepted step.
func checkStep(rt *rapid.T, before, next *mlopsv1.Task, e statestore.Event) {
	_, granted := e.(statestore.Grant)
	switch {
	case statestore.Final(before.State):
		rt.Fatalf("%T changed a task that was %s", e, before.State)
	case granted != (next.Attempt == before.Attempt+1) || !granted && next.Attempt != before.Attempt:
		rt.Fatalf("%T moved attempt %d to %d", e, before.Attempt, next.Attempt)
	case next.State < before.State && next.State != queued:
		rt.Fatalf("%T moved %s back to %s", e, before.State, next.State)
	}
	if next.State == queued {
		release, released := e.(statestore.Release)
		spent := next.Errors + next.Losses - before.Errors - before.Losses
		if released && spent != 0 || !released && spent != 1 {
			rt.Fatalf("%T (%v) went back to the queue for %d of the budget", e, release, spent)
		}
	}
	retry := next.Spec.Retry
	allowed := func(n int32, byDefault uint32) uint32 {
		switch {
		case n < 0:
			return 0
		case n == 0:
			return byDefault
		}
		return uint32(n)
	}
	if !statestore.Final(next.State) && (next.Errors > allowed(retry.MaxErrors, statestore.DefaultMaxErrors) || next.Losses > allowed(retry.MaxLosses, statestore.DefaultMaxLosses)) {
		rt.Fatalf("%d errors and %d losses, and still %s", next.Errors, next.Losses, next.State)
	}
	if before.CancelRequested && next.State == queued {
		rt.Fatalf("%T queued a task again whose cancel is pending", e)
	}
	if len(next.Attempts) > statestore.MaxAttemptHistory {
		rt.Fatalf("%d attempts on record", len(next.Attempts))
	}
}
