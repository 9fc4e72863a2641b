package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"mlops/master/dispatch"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

const (
	isQueued    = mlopsv1.TaskState_TASK_STATE_QUEUED
	isLeased    = mlopsv1.TaskState_TASK_STATE_LEASED
	isRunning   = mlopsv1.TaskState_TASK_STATE_RUNNING
	isSucceeded = mlopsv1.TaskState_TASK_STATE_SUCCEEDED
	isFailed    = mlopsv1.TaskState_TASK_STATE_FAILED
	isCancelled = mlopsv1.TaskState_TASK_STATE_CANCELLED
)

func TestATaskRunsToItsEnd(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		s.is(task, isLeased, 1)
		a.call(holds(ref, accepted)).expect(t, 0, 0, 0, 0, 0)
		s.is(task, isLeased, 1)
		a.call(holds(ref, running)).expect(t, 0, 0, 0, 0, 0)
		s.is(task, isRunning, 1)
		a.call(holds(ref, publishing)).expect(t, 0, 0, 0, 0, 1)
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isSucceeded, 1)
	})
}

func TestALostReplyIsHealedByOfferingTheGrantAgain(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		first := a.call().one(t)
		for range statestore.MaxOffers {
			if again := a.call().one(t); again.GetAttempt() != first.GetAttempt() {
				t.Fatalf("offered attempt %d, want %d again", again.GetAttempt(), first.GetAttempt())
			}
		}
		if next := a.call().one(t); next.GetAttempt() != 2 {
			t.Fatalf("offered attempt %d after the last offer", next.GetAttempt())
		}
		if got := s.is(task, isLeased, 2); got.GetLosses() != 1 {
			t.Errorf("losses %d", got.GetLosses())
		}
	})
}

func TestARepeatedOutcomeIsAcknowledgedAgain(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		first := s.is(task, isSucceeded, 1)
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		if again := s.is(task, isSucceeded, 1); !again.GetFinishedAt().AsTime().Equal(first.GetFinishedAt().AsTime()) {
			t.Error("the repeat changed the task")
		}
	})
}

func TestAZombieIsToldToDiscardAndMayNotPublish(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a, b := s.worker("a", "s1", 1), s.worker("b", "s2", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		time.Sleep(leaseTTL)
		settled()
		next := b.call().one(t)
		if next.GetAttempt() != 2 {
			t.Fatalf("the other worker got attempt %d", next.GetAttempt())
		}
		a.call(holds(ref, running)).expect(t, 0, 0, 1, 0, 0)
		a.call(holds(ref, publishing)).expect(t, 0, 0, 1, 0, 0)
		a.call(succeeds(ref)).expect(t, 0, 0, 1, 0, 0)
		s.is(task, isLeased, 2)
		b.call(succeeds(next)).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isSucceeded, 2)
	})
}

func TestALeaseIsRenewedByEachCallThatListsIt(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		for range 5 {
			time.Sleep(leaseTTL - time.Millisecond)
			a.call(holds(ref, running)).expect(t, 0, 0, 0, 0, 0)
		}
		s.is(task, isRunning, 1)
		time.Sleep(leaseTTL)
		settled()
		if got := s.is(task, isQueued, 1); got.GetFailure().GetReason() != "lease_expired" {
			t.Errorf("failure %v", got.GetFailure())
		}
	})
}

func TestARunningAttemptThatIsOmittedIsLost(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		if again := a.call().one(t); again.GetAttempt() != 2 {
			t.Errorf("offered attempt %d", again.GetAttempt())
		}
		if got := s.is(task, isLeased, 2); got.GetAttempts()[0].GetFailure().GetReason() != statestore.ReasonOmitted {
			t.Errorf("attempts %v", got.GetAttempts())
		}
	})
}

func TestARestartedWorkerReplaysItsJournalBeforeItsOtherAttemptsAreLost(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, done := s.submit(probe())
		_, cut := s.submit(probe())
		old := s.worker("a", "s1", 2)
		got := old.call().expect(t, 2, 0, 0, 0, 0)
		refs := map[string]*mlopsv1.AttemptRef{}
		for _, st := range got.start {
			refs[st.GetRef().GetTaskId()] = st.GetRef()
		}
		old.call(holds(refs[done], running), holds(refs[cut], running))

		fresh := s.worker("a", "s2", 2)
		after := fresh.call(succeeds(refs[done])).expect(t, 0, 0, 0, 1, 0)
		if after.superseded {
			t.Error("the newest session was superseded")
		}
		s.is(done, isSucceeded, 1)
		if lost := s.is(cut, isQueued, 1); lost.GetFailure().GetReason() != "session_replaced" {
			t.Errorf("failure %v", lost.GetFailure())
		}
		if !old.call(holds(refs[cut], running)).superseded {
			t.Error("the older session was not told")
		}
		if ref := fresh.call().one(t); ref.GetTaskId() != cut || ref.GetAttempt() != 2 {
			t.Errorf("offered %v", ref)
		}
	})
}

func TestANewerSessionEndsTheOlderOnesWait(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		old, fresh := s.worker("a", "s1", 1), s.worker("a", "s2", 1)
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return old.try(time.Minute) })
		settled()
		fresh.call()
		resp, err := waiting()
		if err != nil || !resp.GetSuperseded() {
			t.Errorf("got %v, %v", resp, err)
		}
	})
}

func TestAnOlderCallIsIgnored(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		a := s.worker("a", "s1", 1)
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(time.Minute) })
		settled()
		a.call()
		if _, err := waiting(); !errors.Is(err, dispatch.ErrOvertaken) {
			t.Errorf("the call that waited: %v", err)
		}
		a.req.Seq -= 2
		if _, err := a.try(0); !errors.Is(err, dispatch.ErrOvertaken) {
			t.Errorf("the call that came late: %v", err)
		}
	})
}

func TestAfterAMasterRestartWorkersReattach(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, kept := s.submit(probe())
		_, gone := s.submit(probe())
		a, b := s.worker("a", "s1", 1), s.worker("b", "s2", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		lost := b.call().one(t)
		b.call(holds(lost, running))
		if ref.GetTaskId() != kept || lost.GetTaskId() != gone {
			t.Fatal("granted in another order")
		}
		s.restart()
		time.Sleep(2*leaseTTL - time.Second)
		settled()
		a.call(holds(ref, running)).expect(t, 0, 0, 0, 0, 0)
		s.is(kept, isRunning, 1)
		s.is(gone, isRunning, 1)
		time.Sleep(time.Second)
		settled()
		s.is(kept, isRunning, 1)
		s.is(gone, isQueued, 1)
		a.call(succeeds(ref)).expect(t, 1, 0, 0, 1, 0)
		s.is(kept, isSucceeded, 1)
		s.is(gone, isLeased, 2)
	})
}

func TestARefusedTaskGoesToAnotherWorker(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a, b := s.worker("a", "s1", 1), s.worker("b", "s2", 1)
		ref := a.call().one(t)
		b.call().expect(t, 0, 0, 0, 0, 0)
		a.call(refuses(ref, "forbidden_path")).expect(t, 0, 0, 0, 1, 0)
		a.call().expect(t, 0, 0, 0, 0, 0)
		again := b.call().one(t)
		if again.GetTaskId() != task || again.GetAttempt() != 2 {
			t.Errorf("offered %v", again)
		}
		b.call(refuses(again, "forbidden_path")).expect(t, 0, 0, 0, 1, 0)
		if end := s.is(task, isFailed, 2); end.GetFailure().GetMessage() != "so it is" {
			t.Errorf("refused by all that there are, it failed with %v", end.GetFailure())
		}
	})
}

func TestARefusalForWantOfSlotsIsNotTheTasksEnd(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		a.call(refuses(a.call().one(t), "slots")).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isQueued, 1)
	})
}

func TestAWorkerThatIsGoneTakesNoRefusedTask(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a, gone := s.worker("a", "s1", 1), s.worker("gone", "s2", 1)
		ref := a.call().one(t)
		gone.call().expect(t, 0, 0, 0, 0, 0)
		for range 4 {
			time.Sleep(heartbeat)
			a.call(holds(ref, mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING)).expect(t, 0, 0, 0, 0, 0)
		}
		a.call(refuses(ref, "forbidden_path")).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isFailed, 1)
	})
}

func TestARetryWaitsForItsBackoff(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		began := time.Now()
		a.call(fails(ref, mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE)).expect(t, 0, 0, 0, 1, 0)
		again := a.hold(heartbeat).one(t)
		if waited := time.Since(began); waited < statestore.DefaultInitialBackoff || waited > statestore.DefaultInitialBackoff+time.Second {
			t.Errorf("offered after %s", waited)
		}
		a.call(fails(again, mlopsv1.FailureKind_FAILURE_KIND_PERMANENT)).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isFailed, 2)
	})
}
