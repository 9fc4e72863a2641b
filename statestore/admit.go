package statestore

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

// admit says whether the event fits the task as it stands: nil, or why not.
func admit(t *mlopsv1.Task, e Event, now time.Time) error {
	switch e := e.(type) {
	case Grant:
		return admitGrant(t, e, now)
	case RequestCancel:
		return admitCancel(t, e)
	case Reoffer:
		return admitReoffer(t, e)
	case Running:
		return admitRunning(t, e)
	case Succeed:
		return admitEnd(t, e, e.Ref)
	case SpawnTasks:
		return admitEnd(t, e, e.Ref)
	case Fail:
		return admitEnd(t, e, e.Ref)
	case Release:
		return admitEnd(t, e, e.Ref)
	case Lose:
		return admitEnd(t, e, e.Ref)
	default:
		return refuse(t, e, "unknown event")
	}
}

// admitGrant lets a waiting task go to a worker that has not refused it, once
// its backoff is over.
func admitGrant(t *mlopsv1.Task, e Grant, now time.Time) error {
	switch {
	case t.State != queued:
		return refuse(t, e, "only a queued task is granted")
	case e.WorkerID == "" || e.SessionID == "":
		return refuse(t, e, "a grant names a worker and its session")
	case t.NotBefore != nil && now.Before(t.NotBefore.AsTime()):
		return refuse(t, e, "backs off until "+t.NotBefore.AsTime().Format(time.RFC3339Nano))
	case slices.Contains(t.ExcludedWorkers, e.WorkerID):
		return refuse(t, e, "worker "+e.WorkerID+" refused this task before")
	}
	return nil
}

// admitCancel lets any task be cancelled that is not final, once.
func admitCancel(t *mlopsv1.Task, e RequestCancel) error {
	switch {
	case t.State == cancelled:
		return refuseDone(t, e, "it is cancelled already")
	case Final(t.State):
		return refuse(t, e, "it has ended")
	case t.CancelRequested:
		return refuseDone(t, e, "its end was asked for already")
	}
	return nil
}

// admitReoffer lets a grant be repeated as long as the worker never said that it
// runs.
func admitReoffer(t *mlopsv1.Task, e Reoffer) error {
	if err := admitCurrent(t, e, e.Ref); err != nil {
		return err
	}
	if t.State != leased {
		return refuse(t, e, "the worker has taken it up")
	}
	return nil
}

// admitRunning lets an attempt run that was granted.
func admitRunning(t *mlopsv1.Task, e Running) error {
	if err := admitCurrent(t, e, e.Ref); err != nil {
		return err
	}
	if t.State == running {
		return refuseDone(t, e, "it runs already")
	}
	return nil
}

// admitEnd lets the current attempt end. A repeat of what ended an attempt is
// told apart from a stale report by the record of that attempt.
func admitEnd(t *mlopsv1.Task, e Event, ref Ref) error {
	if repeats(t, e, ref) {
		return refuseDone(t, e, "the attempt has ended so already")
	}
	return admitCurrent(t, e, ref)
}

// admitCurrent lets an event through that is about the attempt that a worker
// holds now.
func admitCurrent(t *mlopsv1.Task, e Event, ref Ref) error {
	if ref.Attempt == 0 || ref.Attempt != t.Attempt || ref.SessionID != t.SessionId {
		err := refuse(t, e, fmt.Sprintf("it is about attempt %d of session %q; the current one is attempt %d of session %q",
			ref.Attempt, ref.SessionID, t.Attempt, t.SessionId))
		err.Stale = true
		return err
	}
	if !held(t.State) {
		err := refuse(t, e, fmt.Sprintf("attempt %d has ended", ref.Attempt))
		err.Stale = t.State == queued
		return err
	}
	return nil
}

// repeats says whether the record of the attempt shows that this very event
// ended it.
func repeats(t *mlopsv1.Task, e Event, ref Ref) bool {
	for _, a := range t.Attempts {
		if a.Number != ref.Attempt || a.SessionId != ref.SessionID {
			continue
		}
		switch e := e.(type) {
		case Succeed:
			return a.Failure == nil
		case SpawnTasks:
			return a.Failure == nil || a.Failure.Reason == ReasonSpawnRefused || a.Failure.Reason == ReasonCancelled
		case Fail:
			return proto.Equal(a.Failure, normalFailure(e.Failure))
		case Release:
			return proto.Equal(a.Failure, releaseOf(e))
		case Lose:
			return proto.Equal(a.Failure, lossOf(e))
		}
	}
	return false
}

func refuse(t *mlopsv1.Task, e Event, reason string) *RefusedError {
	return &RefusedError{TaskID: t.TaskId, State: t.State, Event: eventName(e), Reason: reason}
}

func refuseDone(t *mlopsv1.Task, e Event, reason string) *RefusedError {
	err := refuse(t, e, reason)
	err.Done = true
	return err
}

// eventName is what refusals call an event.
func eventName(e Event) string {
	switch e.(type) {
	case Grant:
		return "grant"
	case Reoffer:
		return "reoffer"
	case Running:
		return "running"
	case Succeed:
		return "succeed"
	case SpawnTasks:
		return "spawn"
	case Fail:
		return "fail"
	case Release:
		return "release"
	case Lose:
		return "lose"
	case RequestCancel:
		return "cancel"
	default:
		return fmt.Sprintf("%T", e)
	}
}
