package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/progress"
	"mlops/worker/isolation"
)

// talking is a task that reports n iterations, a tick apart.
func talking(n int, tick time.Duration) func(context.Context, isolation.Attempt, isolation.Host) *mlopsv1.Outcome {
	return func(_ context.Context, _ isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
		for i := range n {
			h.Reports.Report(progress.Report{Stage: "train", Fraction: float64(i+1) / float64(n), Metrics: map[string]float64{"iteration": float64(i + 1)}})
			time.Sleep(tick)
		}
		h.Reports.Report(progress.Report{Stage: "train", Fraction: 1, Message: "last words"})
		return success("done")
	}
}

func TestProgressIsCoalesced(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = talking(1000, 5*time.Millisecond) // five seconds
		s.master.tell(s.start("a"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		reports := s.master.reports
		if len(reports) < 20 || len(reports) > 30 {
			t.Errorf("%d messages for 1,000 reports in five seconds, want about 25", len(reports))
		}
		var seq uint64
		for _, r := range reports {
			if r.GetSeq() <= seq || r.GetRef().GetTaskId() != "a" {
				t.Fatalf("report %v after number %d", r, seq)
			}
			seq = r.GetSeq()
		}
		last := reports[len(reports)-1]
		if last.GetProgress().GetMetrics()["iteration"] != 1000 || len(last.GetLog()) != 1 || last.GetLog()[0].GetText() != "last words" {
			t.Errorf("the last report is %v", last)
		}
		if s.master.streams != 1 {
			t.Errorf("%d streams were opened", s.master.streams)
		}
	})
}

// heardBeforeTheEnd returns how many lines had arrived when the master was first
// told of an end.
func heardBeforeTheEnd(s *scene) (lines int, after time.Duration) {
	began := time.Now()
	s.master.set(func() {
		s.master.forgets = false
		s.master.onEnd = func() {
			if after == 0 {
				after = time.Since(began)
				for _, r := range s.master.reports {
					lines += len(r.GetLog())
				}
			}
		}
	})
	s.master.tell(s.start("a"))
	time.Sleep(10 * time.Second)
	synctest.Wait()
	return lines, after
}

// The words of an attempt take another way than its end: they must arrive first.
func TestLastWordsArriveBeforeTheEnd(t *testing.T) {
	for name, task := range map[string]func(context.Context, isolation.Attempt, isolation.Host) *mlopsv1.Outcome{
		"said at the end": talking(0, 0),
		// Its words have left already, but are still on their way.
		"said a moment before": func(_ context.Context, _ isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
			h.Reports.Log(mlopsv1.LogLevel_LOG_LEVEL_INFO, "last words")
			time.Sleep(flushEvery + time.Millisecond)
			return success("done")
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(t *testing.T, s *scene) {
				s.exec.tasks["a"] = task
				s.master.set(func() { s.master.streamLag = 400 * time.Millisecond })
				if lines, after := heardBeforeTheEnd(s); lines != 1 || after == 0 {
					t.Errorf("%d lines had arrived when the end was told after %v, want 1", lines, after)
				}
			})
		})
	}
}

func TestAnEndWaitsOnlyAMomentForItsWords(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = talking(0, 0)
		s.master.set(func() { s.master.streamMute = true })
		if _, after := heardBeforeTheEnd(s); after < maxFlushWait || after > maxFlushWait+10*time.Millisecond {
			t.Errorf("the end was told after %v, want %v", after, maxFlushWait)
		}
	})
}

// What a silent task does not say costs no stream.
func TestATaskThatSaysNothingOpensNoStream(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.master.tell(s.start("a"))
		time.Sleep(time.Second)
		synctest.Wait()
		if s.master.streams != 0 {
			t.Errorf("%d streams were opened", s.master.streams)
		}
	})
}

func TestABrokenStreamFailsNoWorkAndComesBack(t *testing.T) {
	play(t, nil, func(t *testing.T, s *scene) {
		s.exec.tasks["a"] = func(_ context.Context, _ isolation.Attempt, h isolation.Host) *mlopsv1.Outcome {
			for i := range 60 {
				h.Reports.Log(mlopsv1.LogLevel_LOG_LEVEL_INFO, fmt.Sprintf("line %d", i))
				time.Sleep(time.Second)
			}
			return success("done")
		}
		s.master.tell(s.start("a"))
		time.Sleep(10 * time.Second)
		s.master.set(func() { s.master.streamErr = errors.New("broken") })
		time.Sleep(20 * time.Second)
		s.master.set(func() { s.master.streamErr = nil })
		time.Sleep(40 * time.Second)
		synctest.Wait()
		lines := 0
		for _, r := range s.master.reports {
			lines += len(r.GetLog()) + int(r.GetDropped())
		}
		if lines != 60 {
			t.Errorf("%d lines arrived or were counted as dropped, want 60", lines)
		}
		story := s.master.story()
		if story[len(story)-2] != "a ended result:done" {
			t.Errorf("the work suffered: %v", story)
		}
	})
}
