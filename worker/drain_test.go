package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/isolation"
)

func TestDrain(t *testing.T) {
	t.Run("an idle worker leaves when the master has heard", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			time.Sleep(time.Second)
			s.worker.Drain()
			s.worker.Drain()
			synctest.Wait()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
			s.wantStory("", "draining")
		})
	})
	t.Run("running work is finished", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = lasting(8 * time.Second)
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.worker.Drain()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
			s.wantStory("", "a running", "draining a running", "draining a ended result:done", "draining")
		})
	})
	t.Run("what is left at the end of the time is released", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = lasting(time.Hour)
			s.exec.tasks["b"] = stubborn
			s.master.tell(s.start("a"), s.start("b"))
			time.Sleep(time.Second)
			began := time.Now()
			s.worker.Drain()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took < 12*time.Second || took > 13*time.Second {
				t.Errorf("the drain took %v, want its ten seconds and the grace of two", took)
			}
			s.wantStory("", "a running, b running", "draining a running, b running", "draining a ended released, b running", "draining b ended released", "draining")
		})
	})
	t.Run("a permanent failure is not released", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = func(ctx context.Context, _ isolation.Attempt, _ isolation.Host) *mlopsv1.Outcome {
				<-ctx.Done()
				return failed(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "data", "row 7")
			}
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.worker.Drain()
			<-s.ended
			s.wantStory("", "a running", "draining a running", "draining a ended permanent:data", "draining")
		})
	})
	t.Run("a grant that crossed the drain is handed back", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			time.Sleep(time.Second)
			s.master.mu.Lock() // the answer to the draining request grants
			s.master.say = []*mlopsv1.Directive{s.start("a")}
			s.master.mu.Unlock()
			s.worker.Drain()
			<-s.ended
			s.wantStory("", "draining", "draining a ended released", "draining")
			if s.exec.ran("a") != 0 {
				t.Error("it was run")
			}
		})
	})
	t.Run("without a master it leaves when its lease is over, its results in the journal", func(t *testing.T) {
		play(t, nil, func(t *testing.T, s *scene) {
			s.exec.tasks["a"] = lasting(8 * time.Second)
			s.master.tell(s.start("a"))
			time.Sleep(time.Second)
			s.master.set(func() { s.master.down = status.Error(codes.Unavailable, "gone") })
			began := time.Now()
			s.worker.Drain()
			if err := <-s.ended; err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took < 13*time.Second || took > 21*time.Second {
				t.Errorf("it left after %v, want about the lease of 15 s", took)
			}
			if s.journal.len() != 1 {
				t.Errorf("the journal keeps %d results, want 1", s.journal.len())
			}
		})
	})
}

// Leaving at once kills what runs and keeps word of it for the next start.
func TestLeavingAtOnce(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = stubborn
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		s.cancel()
		synctest.Wait()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		for _, held := range s.journal.held {
			if describe(held.GetOutcome()) != "released" {
				t.Errorf("journalled as %v", held.GetOutcome())
			}
		}
		if s.journal.len() != 1 {
			t.Errorf("%d results are journalled, want 1", s.journal.len())
		}
	})
}
