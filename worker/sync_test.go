package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/isolation"
)

func TestATaskIsRunReportedAndForgotten(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(3 * time.Second)
		s.master.tell(s.start("a"))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running", "a ended result:done", "")
		if s.journal.len() != 0 {
			t.Error("the journal keeps an acknowledged result")
		}
	})
}

// News ends a long poll: the end of a task is told at once, not at the next
// period.
func TestNewsInterruptsTheLongPoll(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(1100 * time.Millisecond)
		s.master.tell(s.start("a"))
		time.Sleep(1200 * time.Millisecond)
		synctest.Wait()
		s.wantStory("", "a running", "a ended result:done", "")
		if last := s.master.last(); last.GetHoldFor().AsDuration() != testPeriod {
			t.Errorf("with spare slots and nothing to say the call may be held for %v, want %v", last.GetHoldFor().AsDuration(), testPeriod)
		}
	})
}

// A worker with nothing to do asks once per period, and one without a spare slot
// does not long-poll.
func TestPaceOfCalls(t *testing.T) {
	play(t, func(o *Options) { o.Slots, o.InteractiveSlots = 1, 0 }, func(t *testing.T, s *scene) {
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if n := s.master.calls(); n < 10 || n > 14 {
			t.Errorf("%d calls in ten idle periods", n)
		}
		s.exec.tasks["a"] = lasting(time.Hour)
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		before := s.master.calls()
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if n := s.master.calls() - before; n < 9 || n > 14 {
			t.Errorf("%d calls in ten busy periods", n)
		}
		if s.master.last().GetHoldFor() != nil {
			t.Error("a long poll without a spare slot")
		}
	})
}

// A master that answers long polls at once, or never forgets, is not asked
// without pause.
func TestAHastyMasterIsNotAskedWithoutPause(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.master.set(func() { s.master.forgets = false })
		s.master.tell(s.start("a"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := s.master.calls(); n > 30 {
			t.Errorf("%d calls in six periods", n)
		}
		if last := s.master.story(); last[len(last)-1] != "a ended result:ok" {
			t.Errorf("the outcome is not repeated: %v", last)
		}
	})
}

func TestQuickTasksAreReportedOnceAndTogether(t *testing.T) {
	play(t, func(o *Options) { o.Slots = 8 }, func(t *testing.T, s *scene) {
		s.journal.set(func() { s.journal.slow = time.Millisecond })
		s.master.tell(s.start("a"), s.start("b"), s.start("c"), s.start("d"))
		time.Sleep(time.Second)
		synctest.Wait()
		story := s.master.story()
		if len(story) > 4 || !strings.Contains(strings.Join(story, ";"), "a ended result:ok, b ended result:ok, c ended result:ok, d ended result:ok") {
			t.Errorf("told %q, want the four ends in one call", story)
		}
		s.journal.mu.Lock()
		defer s.journal.mu.Unlock()
		if s.journal.puts > 2 {
			t.Errorf("%d flushes of the journal for four results at once", s.journal.puts)
		}
	})
}

func TestLostAnswersAreRepeated(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(2 * time.Second)
		s.master.tell(s.start("a"))
		s.master.set(func() { s.master.lose = 3 })
		time.Sleep(10 * time.Second)
		s.master.set(func() { s.master.lose = 2 })
		time.Sleep(20 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running", "a ended result:done", "")
		if s.exec.ran("a") != 1 {
			t.Errorf("the attempt ran %d times", s.exec.ran("a"))
		}
	})
}

func TestDuplicateStartsAreIgnored(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(20 * time.Second)
		s.master.tell(s.start("a"), s.start("a"))
		time.Sleep(time.Second)
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		if s.exec.ran("a") != 1 {
			t.Errorf("the attempt ran %d times", s.exec.ran("a"))
		}
		foreign := s.start("b")
		foreign.GetStart().Ref.SessionId = "another"
		s.master.tell(foreign)
		time.Sleep(time.Second)
		if s.exec.ran("b") != 0 {
			t.Error("an attempt of another session was run")
		}
	})
}

func TestWhatCannotRunIsRefused(t *testing.T) {
	play(t, func(o *Options) { o.Slots = 1 }, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(time.Hour)
		train := s.start("c")
		train.GetStart().Spec.Operation = &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{}}}
		s.master.tell(s.start("a"), s.start("b"), train)
		time.Sleep(time.Second)
		synctest.Wait()
		s.wantStory("", "a running, b ended refused:slots, c ended refused:capability", "a running")
		// A look-up has a slot of its own.
		status := s.start("d")
		status.GetStart().Spec.SlotClass = mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
		s.master.tell(status)
		time.Sleep(time.Second)
		if s.exec.ran("d") != 1 {
			t.Error("a look-up waited behind batch work")
		}
	})
}

func TestCancel(t *testing.T) {
	cancelling := func(s *scene, task string, grace time.Duration) *mlopsv1.Directive {
		return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Cancel{Cancel: &mlopsv1.Cancel{Ref: s.ref(task), Grace: durationpb.New(grace), Reason: "the user asked"}}}
	}
	t.Run("a willing task stops at once", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = lasting(time.Hour)
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.tell(cancelling(s, "a", 10*time.Second))
			time.Sleep(time.Millisecond)
			synctest.Wait()
			s.wantStory("", "a running", "a ended cancelled:cancelled", "")
		})
	})
	t.Run("a stubborn one is ended after the grace, repeated cancels do not prolong it", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = stubborn
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.tell(cancelling(s, "a", 10*time.Second))
			time.Sleep(9 * time.Second)
			s.master.tell(cancelling(s, "a", 10*time.Second))
			time.Sleep(900 * time.Millisecond)
			synctest.Wait()
			s.wantStory("", "a running")
			time.Sleep(200 * time.Millisecond)
			synctest.Wait()
			s.wantStory("", "a running", "a ended cancelled:cancelled", "")
		})
	})
	t.Run("a later cancel without grace is force", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = stubborn
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.tell(cancelling(s, "a", time.Hour))
			time.Sleep(time.Second)
			s.master.tell(cancelling(s, "a", 0))
			time.Sleep(time.Millisecond)
			synctest.Wait()
			s.wantStory("", "a running", "a ended cancelled:cancelled", "")
		})
	})
	t.Run("success beats a cancel", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = func(ctx context.Context, _ isolation.Attempt, _ isolation.Host) *mlopsv1.Outcome {
				<-ctx.Done()
				return success("already published")
			}
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.tell(cancelling(s, "a", time.Second))
			time.Sleep(time.Millisecond)
			synctest.Wait()
			s.wantStory("", "a running", "a ended result:already published", "")
		})
	})
	t.Run("of an unknown attempt", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.master.tell(cancelling(s, "nobody", time.Second))
			time.Sleep(time.Second)
			s.wantStory("")
		})
	})
}

func TestATimeoutEndsTheAttempt(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(time.Hour)
		start := s.start("a")
		start.GetStart().Spec.Timeout = durationpb.New(30 * time.Second)
		s.master.tell(start)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running", "a ended permanent:timeout", "")
	})
}

func TestDiscard(t *testing.T) {
	discard := func(s *scene, task string) *mlopsv1.Directive {
		return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Discard{Discard: &mlopsv1.Discard{Ref: s.ref(task), Reason: "lease expired"}}}
	}
	t.Run("a running attempt is stopped, publishes nothing and is not reported", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			var permit error
			s.exec.tasks["a"] = func(ctx context.Context, a isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
				<-a.Force
				permit = h.Gate.Permit(context.Background())
				return success("zombie")
			}
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.tell(discard(s, "a"))
			time.Sleep(time.Second)
			synctest.Wait()
			if slots := s.master.last().GetSlots(); slots != 1 {
				t.Errorf("%d slots are offered while a discarded attempt takes one of two", slots)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if permit == nil {
				t.Error("a discarded attempt was permitted to publish")
			}
			s.wantStory("", "a running", "")
			if slots := s.master.last().GetSlots(); slots != 2 {
				t.Errorf("%d slots are offered after it stopped, want 2", slots)
			}
			if s.journal.len() != 0 {
				t.Error("the journal keeps a discarded result")
			}
		})
	})
	t.Run("an outcome is dropped", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.master.set(func() { s.master.forgets = false })
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			if s.journal.len() != 1 {
				t.Fatal("the result is not journalled")
			}
			s.master.tell(discard(s, "a"))
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if s.journal.len() != 0 || len(s.master.last().GetHeld()) != 0 {
				t.Error("a discarded result is still held")
			}
		})
	})
}

func TestSuperseded(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(time.Hour)
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		s.master.set(func() { s.master.supersede = true })
		if err := <-s.ended; !errors.Is(err, ErrSuperseded) {
			t.Errorf("Run returned %v, want ErrSuperseded", err)
		}
		if s.worker.Status().Running != 0 {
			t.Error("attempts outlive a superseded worker")
		}
	})
}

func TestAMasterThatRefusesAtFirst(t *testing.T) {
	for code, want := range map[codes.Code]error{
		codes.Unauthenticated: ErrRejected, codes.PermissionDenied: ErrRejected, codes.InvalidArgument: ErrRejected, codes.Unimplemented: ErrRejected,
		codes.Unavailable: ErrUnreachable, codes.Internal: ErrUnreachable,
	} {
		t.Run(code.String(), func(t *testing.T) {
			play(t, func(o *Options) { o.UnreachableLimit = 30 * time.Second }, func(t *testing.T, s *scene) {
				s.cancel()
				<-s.ended // this worker met a healthy master; take another
				s.master.set(func() { s.master.down = status.Error(code, "no") })
				w, err := New(s.master, s.worker.opts)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Run(t.Context()); !errors.Is(err, want) {
					t.Errorf("Run returned %v, want %v", err, want)
				}
			})
		})
	}
}

func TestAnAcceptedWorkerSurvivesRefusals(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = lasting(30 * time.Second)
		s.master.tell(s.start("a"))
		time.Sleep(6 * time.Second)
		s.master.set(func() { s.master.down = status.Error(codes.Unauthenticated, "token expired") })
		time.Sleep(20 * time.Second)
		s.master.set(func() { s.master.down = nil })
		time.Sleep(20 * time.Second)
		synctest.Wait()
		s.wantStory("", "a running", "a ended result:done", "")
	})
}
