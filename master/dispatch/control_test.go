package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mlops/master/dispatch"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

func (s *scene) cancel(workflow string) {
	s.t.Helper()
	if err := s.d.Cancel(workflow, "enough"); err != nil {
		s.t.Fatal(err)
	}
}

func TestCancellingWaitingWorkEndsIt(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, task := s.submit(probe())
		s.cancel(w)
		s.cancel(w)
		s.is(task, isCancelled, 0)
		s.worker("a", "s1", 1).call().expect(t, 0, 0, 0, 0, 0)
		if err := s.d.Cancel("00000000-0000-7000-8000-0000000000ff", ""); !errors.Is(err, statestore.ErrNotFound) {
			t.Errorf("an unknown workflow: %v", err)
		}
	})
}

func TestACancelReachesAWorkerInItsWaitAndFreesTheSlot(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, task := s.submit(probe())
		_, next := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(time.Minute, holds(ref, running)) })
		settled()
		began := time.Now()
		s.cancel(w)
		resp, err := waiting()
		if err != nil || time.Since(began) != 0 {
			t.Fatalf("after %s: %v", time.Since(began), err)
		}
		read(resp).expect(t, 0, 1, 0, 0, 0)
		got := a.call(fails(ref, mlopsv1.FailureKind_FAILURE_KIND_CANCELLED)).expect(t, 1, 0, 0, 1, 0)
		s.is(task, isCancelled, 1)
		if got.start[0].GetRef().GetTaskId() != next {
			t.Errorf("the slot went to %v", got.start[0])
		}
	})
}

func TestSuccessBeatsAPendingCancelButPublishingDoesNotBegin(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		s.cancel(w)
		a.call(holds(ref, publishing)).expect(t, 0, 1, 0, 0, 0)
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		s.is(task, isSucceeded, 1)
	})
}

func TestACancelledGrantThatNeverArrivedIsNotOfferedAgain(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		a.call().one(t)
		s.cancel(w)
		a.call().expect(t, 0, 0, 0, 0, 0)
		s.is(task, isCancelled, 1)
	})
}

func TestADrainedWorkerGetsNoNewWork(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		a := s.worker("a", "s1", 1)
		waiting := later(func() (*mlopsv1.SynchronizeResponse, error) { return a.try(time.Minute) })
		settled()
		info, err := s.d.Drain(context.Background(), "a", true)
		if err != nil || info.GetState() != "drained" {
			t.Fatalf("drain: %v, %v", info, err)
		}
		resp, err := waiting()
		if err != nil || !resp.GetDrained() {
			t.Fatalf("the waiting call: %v, %v", resp, err)
		}
		_, task := s.submit(probe())
		if !a.call().expect(t, 0, 0, 0, 0, 0).drained {
			t.Error("not told again")
		}
		s.restart()
		if !a.call().expect(t, 0, 0, 0, 0, 0).drained {
			t.Error("forgotten by a restart")
		}
		if _, err := s.d.Drain(context.Background(), "a", false); err != nil {
			t.Fatal(err)
		}
		if got := a.call().one(t); got.GetTaskId() != task {
			t.Errorf("granted %v", got)
		}
		if _, err := s.d.Drain(context.Background(), "nobody", true); !errors.Is(err, statestore.ErrNotFound) {
			t.Errorf("an unknown worker: %v", err)
		}
	})
}

func TestADrainingWorkerHandsWorkBackForNothing(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		_, listed := s.submit(probe())
		_, unseen := s.submit(probe())
		a := s.worker("a", "s1", 2)
		got := a.call().expect(t, 2, 0, 0, 0, 0)
		a.req.Draining = true
		released := ends(got.start[0].GetRef(), &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Released{Released: &mlopsv1.Released{Reason: "drain"}}})
		a.call(released).expect(t, 0, 0, 0, 1, 0)
		for _, task := range []string{listed, unseen} {
			if back := s.is(task, isQueued, 1); back.GetLosses() != 0 || back.GetErrors() != 0 {
				t.Errorf("task %s paid %d losses, %d errors", task, back.GetLosses(), back.GetErrors())
			}
		}
		if w := s.d.Workers(); len(w) != 1 || w[0].GetState() != "draining" {
			t.Errorf("workers %v", w)
		}
	})
}

func TestSpawnedTasksUseTheFleetAndAreJoined(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, _ := s.submit(probe())
		a, b := s.worker("a", "s1", 2), s.worker("b", "s2", 2)
		ref := a.call().one(t)
		spawn := ends(ref, &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: &mlopsv1.Spawn{
			Children: []*mlopsv1.TaskSpec{probe(), probe(), probe()}, Then: probe(),
		}}})
		mine := a.call(spawn)
		mine.expect(t, 0, 0, 0, 1, 0)
		mine = a.call().expect(t, 2, 0, 0, 0, 0)
		theirs := b.call().expect(t, 1, 0, 0, 0, 0)
		a.call(succeeds(mine.start[0].GetRef()), succeeds(mine.start[1].GetRef())).expect(t, 0, 0, 0, 2, 0)
		b.call(succeeds(theirs.start[0].GetRef()))
		last := b.call().expect(t, 1, 0, 0, 0, 0)
		if n := len(last.start[0].GetInputs()); n != 3 {
			t.Errorf("the continuation has %d inputs", n)
		}
		b.call(succeeds(last.start[0].GetRef()))
		got, err := s.store.Workflow(context.Background(), w)
		if err != nil || got.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED || got.GetTasksTotal() != 5 {
			t.Errorf("workflow %v, %v", got, err)
		}
	})
}

func TestAFullQueueRefusesSubmissions(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		for range 100 {
			s.submit(probe())
		}
		_, _, err := s.d.Submit(context.Background(), &mlopsv1.Workflow{WorkflowId: "x", Spec: probe()})
		var full *dispatch.QueueFullError
		if !errors.As(err, &full) || full.Error() != "queue is full: 100 waiting" {
			t.Errorf("got %v", err)
		}
	})
}

func TestWorkersThatWentSilentAreListedAsLostForAWhile(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		if w := s.d.Workers()[0]; w.GetState() != "ready" || len(w.GetTasks()) != 1 {
			t.Errorf("worker %v", w)
		}
		time.Sleep(leaseTTL + time.Second)
		settled()
		if w := s.d.Workers()[0]; w.GetState() != "lost" || w.GetLastSeen().AsDuration() != leaseTTL+time.Second || len(w.GetTasks()) != 0 {
			t.Errorf("worker %v", w)
		}
		time.Sleep(3 * time.Hour)
		settled()
		if w := s.d.Workers(); len(w) != 0 {
			t.Errorf("workers %v", w)
		}
	})
}

func report(ref *mlopsv1.AttemptRef, seq uint64, p *mlopsv1.Progress, lines ...string) *mlopsv1.ReportProgressRequest {
	rep := &mlopsv1.AttemptReport{Ref: ref, Seq: seq, Progress: p}
	for _, text := range lines {
		rep.Log = append(rep.Log, &mlopsv1.LogLine{Text: text})
	}
	return &mlopsv1.ReportProgressRequest{WorkerId: "a", SessionId: "s1", Reports: []*mlopsv1.AttemptReport{rep}}
}

func TestProgressIsThinnedOutAndLogLinesAreCut(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, task := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		a.call(holds(ref, running))
		for i := range 20 {
			s.d.Report(report(ref, uint64(i+1), &mlopsv1.Progress{Stage: "train", Fraction: float64(i) / 20}))
			time.Sleep(50 * time.Millisecond)
		}
		s.d.Report(report(ref, 21, nil, strings.Repeat("é", 20)))
		s.d.Report(report(ref, 20, &mlopsv1.Progress{Stage: "old"}, "too late"))
		stranger := &mlopsv1.AttemptRef{TaskId: task, Attempt: 1, SessionId: "s0"}
		s.d.Report(report(stranger, 99, &mlopsv1.Progress{Stage: "stale"}, "not mine"))
		if p := s.d.Progress(w)[task]; p.GetStage() != "train" || p.GetFraction() != 0.95 {
			t.Errorf("newest progress %v", p)
		}
		a.call(succeeds(ref)).expect(t, 0, 0, 0, 1, 0)
		if p := s.d.Progress(w); len(p) != 0 {
			t.Errorf("progress of an ended task: %v", p)
		}
		s.d.Report(report(ref, 22, nil, "after the end"))
		time.Sleep(time.Second)
		settled()
		events, err := s.store.Events(context.Background(), w, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		var progress int
		var lines []string
		for _, e := range events {
			if e.GetProgress() != nil {
				progress++
			}
			if e.GetLog() != nil {
				lines = append(lines, e.GetLog().GetText())
			}
		}
		if progress < 2 || progress > 4 {
			t.Errorf("stored %d of 20 progress reports of one second", progress)
		}
		if len(lines) != 1 || lines[0] != strings.Repeat("é", 8) {
			t.Errorf("lines %q", lines)
		}
		if last := events[len(events)-1]; last.GetWorkflowChanged() == nil {
			t.Errorf("the story ends with %v", last)
		}
	})
}

func TestLogLinesBeyondTheirBoundAreCounted(t *testing.T) {
	play(t, func(t *testing.T, s *scene) {
		w, _ := s.submit(probe())
		a := s.worker("a", "s1", 1)
		ref := a.call().one(t)
		lines := make([]string, 1005)
		s.d.Report(report(ref, 1, nil, lines...))
		time.Sleep(time.Second)
		settled()
		events, err := s.store.Events(context.Background(), w, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		last := events[len(events)-1].GetLog()
		if last.GetLevel() != mlopsv1.LogLevel_LOG_LEVEL_WARNING || !strings.HasPrefix(last.GetText(), "5 log lines were dropped") {
			t.Errorf("the story ends with %v", last)
		}
	})
}
