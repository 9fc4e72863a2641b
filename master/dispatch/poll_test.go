package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mlops/master/dispatch"
	mlopsv1 "mlops/proto/mlops/v1"
)

// later runs a call in a goroutine; the returned function waits for its answer.
func later[T any](f func() (T, error)) func() (T, error) {
	done := make(chan struct{})
	var value T
	var err error
	go func() {
		defer close(done)
		value, err = f()
	}()
	return func() (T, error) {
		<-done
		return value, err
	}
}

// settled waits until nothing moves any more without time passing.
func settled() { synctest.Wait() }

func TestACallWaitsForWork(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		a := s.worker("a", "s1", 1)
		began := time.Now()
		a.hold(time.Minute).expect(t, 0, 0, 0, 0, 0)
		if waited := time.Since(began); waited != heartbeat {
			t.Errorf("an idle call was held for %s", waited)
		}
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(time.Minute) })
		settled()
		began = time.Now()
		s.submit(probe())
		resp, err := waiting()
		if err != nil {
			t.Fatal(err)
		}
		read(resp).one(t)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("work reached the waiting call after %s", waited)
		}
	})
}

func TestWorkWakesOneWaitingWorkerThatFits(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		unfit := s.worker("unfit", "s0", 1)
		unfit.req.Capabilities = []string{"train"}
		a, b := s.worker("a", "s1", 1), s.worker("b", "s2", 1)
		waitU := later(func() (*mlopsv1.SynchronizeResponse, error) { return unfit.try(heartbeat) })
		settled()
		waitA := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(heartbeat) })
		settled()
		waitB := later(func() (*mlopsv1.SynchronizeResponse, error) { return b.try(heartbeat) })
		settled()
		s.submit(probe())
		for name, w := range map[string]func() (*mlopsv1.SynchronizeResponse, error){"unfit": waitU, "a": waitA, "b": waitB} {
			resp, err := w()
			if err != nil {
				t.Fatal(err)
			}
			if got := len(read(resp).start); (got == 1) != (name == "a") {
				t.Errorf("%s was given %d tasks", name, got)
			}
		}
	})
}

func TestWorkTakenForACallThatBrokeOffGoesToAnother(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		a, b := s.worker("a", "s1", 1), s.worker("b", "s2", 1)
		ctx, leave := context.WithCancel(context.Background())
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) {
			a.req.Seq++
			return s.d.Synchronize(ctx, &mlopsv1.SynchronizeRequest{
				WorkerId: "a", SessionId: "s1", Seq: a.req.Seq, Slots: 1, Capabilities: []string{"probe"}, HoldFor: b.req.HoldFor,
			})
		})
		settled()
		leave()
		s.submit(probe())
		resp, err := waiting()
		given := 0
		if err == nil {
			given = len(read(resp).start)
		}
		if got := len(b.call().start); got+given != 1 {
			t.Errorf("b was given %d tasks, a %d", got, given)
		}
	})
}

func TestAllFreeSlotsAreFilledAtOnceAndLookUpsKeepTheirOwn(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		for range 5 {
			s.submit(probe())
		}
		a := s.worker("a", "s1", 3)
		got := a.call().expect(t, 3, 0, 0, 0, 0)
		var held []*mlopsv1.HeldAttempt
		for _, st := range got.start {
			held = append(held, holds(st.GetRef(), running))
		}
		a.call(held...).expect(t, 0, 0, 0, 0, 0)
		lookup := &mlopsv1.TaskSpec{
			Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{Status: &mlopsv1.StatusOperation{}}},
			SlotClass: mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE,
		}
		_, task := s.submit(lookup)
		if got := a.call(held...).one(t); got.GetTaskId() != task {
			t.Errorf("granted %v", got)
		}
	})
}

func TestStartsThatAreTooMuchForOneAnswerFollowInTheNext(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		large := probe()
		large.Operation = &mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{Status: &mlopsv1.StatusOperation{
			Model: strings.Repeat("x", 6<<20),
		}}}
		for range 3 {
			s.submit(large)
		}
		a := s.worker("a", "s1", 3)
		first := a.call().expect(t, 2, 0, 0, 0, 0)
		held := []*mlopsv1.HeldAttempt{holds(first.start[0].GetRef(), running), holds(first.start[1].GetRef(), running)}
		last := a.call(held...).one(t)
		if got := s.is(last.GetTaskId(), isLeased, 1); got.GetOffers() != 0 {
			t.Errorf("a start that was held back cost %d offers", got.GetOffers())
		}
	})
}

func TestAnOutcomeAndTheNextGrantGoTogether(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		s.submit(probe())
		_, second := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		if got := a.call(succeeds(ref)).expect(t, 1, 0, 0, 1, 0); got.start[0].GetRef().GetTaskId() != second {
			t.Errorf("granted %v", got.start[0])
		}
	})
}

func TestADirectiveThatIsNotHeededDoesNotMakeTheMasterSpin(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, _ := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		if err := s.d.Cancel(w, "enough"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 6 {
			a.hold(heartbeat, holds(ref, running)).expect(t, 0, 1, 0, 0, 0)
		}
		if took := time.Since(began); took != 3*heartbeat {
			t.Errorf("six calls took %s: three should have been held", took)
		}
	})
}

func TestStoppingAnswersWaitingCallsAndRefusesNewOnes(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		a := s.worker("a", "s1", 1)
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(time.Minute) })
		settled()
		s.d.Quiesce()
		if _, err := waiting(); err != nil {
			t.Errorf("the waiting call: %v", err)
		}
		if _, err := a.try(0); !errors.Is(err, dispatch.ErrStopping) {
			t.Errorf("a new call: %v", err)
		}
	})
}

func TestAFailingStoreChangesNothing(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		s.store.failing.Store(true)
		if _, err := a.try(0); !errors.Is(err, errDisk) {
			t.Fatalf("got %v", err)
		}
		s.is(task, isQueued, 0)
		s.store.failing.Store(false)
		ref := a.call().one(t)
		a.call(holds(ref, running))

		s.store.failing.Store(true)
		if _, err := a.try(0, succeeds(ref)); !errors.Is(err, errDisk) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(leaseTTL + heartbeat)
		settled()
		s.is(task, isRunning, 1)
		s.store.failing.Store(false)
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isSucceeded, 1)
	})
}
