package worker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/isolation"
)

// publishing is a task that computes for d, asks for leave and publishes. It
// notes when.
func publishing(d time.Duration, published *time.Time, refused *error) func(context.Context, isolation.Attempt, isolation.Host) *mlopsv1.Outcome {
	return func(ctx context.Context, _ isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return failed(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "stopped")
		}
		if err := h.Gate.Permit(ctx); err != nil {
			*refused = err
			return failed(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "%v", err)
		}
		*published = time.Now()
		time.Sleep(time.Millisecond) // its end is news of its own, not told together with the leave
		return success("published")
	}
}

func TestLeaveToPublishCostsOneRoundTrip(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		var published time.Time
		var refused error
		s.exec.tasks["a"] = publishing(3*time.Second, &published, &refused)
		began := time.Now()
		s.master.tell(s.start("a"))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running", "a publishing", "a running", "a ended result:published", "")
		if published.Sub(began) > 3*time.Second+50*time.Millisecond {
			t.Errorf("published after %v: the long poll was not interrupted", published.Sub(began))
		}
	})
}

// A worker that is cut off goes on computing, but publishes nothing before the
// master has confirmed that the attempt is still its own.
func TestACutOffWorkerPublishesOnlyWhenHealed(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		var published time.Time
		var refused error
		s.exec.tasks["a"] = publishing(10*time.Second, &published, &refused)
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		s.master.set(func() { s.master.deaf = true })
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if !published.IsZero() {
			t.Fatalf("published at %v without a lease", published)
		}
		if s.worker.Status().Running != 1 {
			t.Fatal("the attempt was ended though the disconnect limit is a minute")
		}
		s.master.set(func() { s.master.deaf = false })
		healed := time.Now()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if published.Before(healed) {
			t.Errorf("published at %v, healed at %v", published, healed)
		}
		s.wantStory("", "a running", "a publishing", "a running", "a ended result:published", "")
	})
}

// A leave that arrives when its lease is over by the worker's clock is no leave.
func TestALateLeaveIsAskedForAgain(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		var published time.Time
		var refused error
		s.exec.tasks["a"] = publishing(time.Second, &published, &refused)
		s.master.tell(s.start("a"))
		time.Sleep(500 * time.Millisecond)
		w := s.worker
		w.mu.Lock()
		a := w.sorted()[0]
		w.mu.Unlock()
		s.master.set(func() { s.master.publishes = false })
		time.Sleep(time.Second)
		w.mu.Lock()
		a.admit(time.Now().Add(-time.Millisecond)) // as a reply held up on its way would
		w.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if !published.IsZero() {
			t.Fatal("published on a leave that was over")
		}
		s.master.set(func() { s.master.publishes = true })
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if published.IsZero() {
			t.Error("a valid leave was not taken")
		}
	})
}

func TestAPendingCancelRefusesThePublication(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		var published time.Time
		var refused error
		s.master.set(func() { s.master.publishes = false })
		s.exec.tasks["a"] = publishing(time.Second, &published, &refused)
		s.master.tell(s.start("a"))
		time.Sleep(2 * time.Second)
		s.master.tell(&mlopsv1.Directive{Kind: &mlopsv1.Directive_Cancel{Cancel: &mlopsv1.Cancel{Ref: s.ref("a"), Grace: durationpb.New(time.Second)}}})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if refused == nil || !published.IsZero() {
			t.Errorf("published %v, refused %v", published, refused)
		}
		s.wantStory("", "a running", "a publishing", "a ended cancelled:cancelled", "")
	})
}

func TestEachPublicationNeedsItsOwnLeave(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = func(ctx context.Context, _ isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
			for range 2 {
				if err := h.Gate.Permit(ctx); err != nil {
					return failed(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "%v", err)
				}
				time.Sleep(2 * time.Second)
			}
			return success("twice")
		}
		s.master.tell(s.start("a"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		published := 0
		s.master.mu.Lock()
		for _, r := range s.master.requests {
			for _, h := range r.GetHeld() {
				if h.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING {
					published++
				}
			}
		}
		s.master.mu.Unlock()
		if published != 2 {
			t.Errorf("leave was asked for %d times, want 2", published)
		}
	})
}

func TestAttemptsStopAtTheDisconnectLimit(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(time.Hour)
		s.exec.tasks["b"] = stubborn
		s.master.tell(s.start("a"), s.start("b"))
		time.Sleep(time.Second)
		s.master.set(func() { s.master.down = status.Error(codes.Unavailable, "gone") })
		time.Sleep(55 * time.Second)
		if n := s.worker.Status().Running; n != 2 {
			t.Fatalf("%d attempts run before the limit, want 2", n)
		}
		time.Sleep(20 * time.Second)
		if n := s.worker.Status().Running; n != 0 {
			t.Fatalf("%d attempts run behind the limit", n)
		}
		s.master.set(func() { s.master.down = nil })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running, b running", "a ended lost:disconnected, b ended lost:disconnected", "")
	})
}

func TestResultsOfAnEarlierProcessAreReplayedUnderItsSession(t *testing.T) {
	old := &mlopsv1.HeldAttempt{
		Ref:     &mlopsv1.AttemptRef{TaskId: "old", Attempt: 3, SessionId: "earlier"},
		State:   mlopsv1.AttemptState_ATTEMPT_STATE_ENDED,
		Outcome: success("saved"),
	}
	play(t, func(o *Options) {
		o.Replay = []*mlopsv1.HeldAttempt{old}
		if err := o.Journal.Put(old); err != nil {
			t.Fatal(err)
		}
	}, func(t *testing.T, s *scene) {
		time.Sleep(time.Second)
		synctest.Wait()
		s.wantStory("old ended result:saved", "")
		first := s.master.requests[0]
		if ref := first.GetHeld()[0].GetRef(); ref.GetSessionId() != "earlier" || first.GetSessionId() == "earlier" {
			t.Errorf("replayed as %v in session %s", ref, first.GetSessionId())
		}
		if s.journal.len() != 0 {
			t.Error("the journal keeps an acknowledged result")
		}
	})
}

func TestAFailingJournalDoesNotKeepResultsBack(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.journal.set(func() { s.journal.fails = errors.New("no space left on device") })
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		synctest.Wait()
		s.wantStory("", "a ended result:ok", "")
	})
}

// A slow disk under the journal keeps results back, but not the other attempts'
// leases.
func TestASlowJournalDoesNotDelayTheCalls(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.journal.set(func() { s.journal.slow = time.Minute })
		s.exec.tasks["a"] = lasting(time.Hour)
		s.master.tell(s.start("a"), s.start("b"))
		for range 11 {
			time.Sleep(5 * time.Second)
			if !s.worker.Status().Connected {
				t.Fatal("the lease ran out while the journal was flushed")
			}
		}
		synctest.Wait()
		s.wantStory("", "a running, b running")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running, b running", "a running, b ended result:ok", "a running")
	})
}
