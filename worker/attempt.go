package worker

import (
	"context"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/isolation"
	"mlops/worker/reporting"
)

// stopKind is why an attempt is stopped; the greater one wins.
type stopKind int

const (
	stopNot     stopKind = iota
	stopTimeout          // it ran longer than its task allows
	stopRelease          // this worker drains
	stopCutOff           // the master is away for too long
	stopCancel           // the master wants its end
	stopDiscard          // it is no longer this worker's
)

// attempt is one attempt that the worker holds. Its fields are guarded by the
// worker's lock, but those set at its start.
type attempt struct {
	ref         *mlopsv1.AttemptRef
	workflowID  string
	spec        *mlopsv1.TaskSpec
	inputs      []*mlopsv1.Result
	interactive bool
	order       uint64
	ctx         context.Context // the attempt's own; nil for a replayed or refused one
	cancel      context.CancelCauseFunc
	force       chan struct{} // closed when its grace to stop is over
	reports     *reporting.Buffer
	batch       *batch // the attempts that were started with it

	state      mlopsv1.AttemptState
	stopped    stopKind
	reason     string           // of the stop
	deadline   time.Time        // end of the grace to stop
	grace      *time.Timer      // ends the grace
	dropped    bool             // taken from the set while it still ran
	discarded  bool             // taken from the set while its outcome was being journalled
	outcome    *mlopsv1.Outcome // once ENDED
	journalled bool
	permitted  chan struct{} // closed when leave to publish arrives; nil: nobody waits
	permit     time.Time     // until when the leave holds
}

func (a *attempt) ended() bool { return a.state == mlopsv1.AttemptState_ATTEMPT_STATE_ENDED }

// batch counts attempts that one answer started, so that those which end at
// once are reported once, as ended.
type batch struct {
	left, ended int           // not yet reportable as ended; ended in any way
	done        chan struct{} // closed when left is 0
}

// stop asks the attempt to end, within the grace; with the worker's lock held.
// A stronger reason replaces a weaker one, an earlier deadline a later one.
func (w *Worker) stop(a *attempt, how stopKind, grace time.Duration, reason string) {
	if a.ended() || a.outcome != nil || a.cancel == nil {
		return
	}
	if how > a.stopped {
		a.stopped, a.reason = how, reason
	}
	a.cancel(&isolation.Stop{Grace: grace, Reason: reason})
	if deadline := time.Now().Add(grace); a.grace == nil || deadline.Before(a.deadline) {
		if a.grace != nil && !a.grace.Stop() {
			return // it is over already
		}
		a.deadline = deadline
		a.grace = time.AfterFunc(grace, func() { close(a.force) })
	}
}

// begin starts a granted attempt; with the lock held.
func (w *Worker) begin(start *mlopsv1.Start, interactive bool, b *batch) {
	a := &attempt{
		ref: start.GetRef(), workflowID: start.GetWorkflowId(), spec: start.GetSpec(), inputs: start.GetInputs(),
		interactive: interactive, batch: b, force: make(chan struct{}), state: mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING,
	}
	b.left++
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	a.reports = reporting.NewBuffer(func() { w.stream.offer(a) })
	w.insert(a)
	w.attempts.Add(1)
	go func() {
		defer w.attempts.Done()
		w.work(a)
	}()
}

// work runs an attempt to its end.
func (w *Worker) work(a *attempt) {
	if limit := a.spec.GetTimeout().AsDuration(); limit > 0 {
		timer := time.AfterFunc(limit, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.stop(a, stopTimeout, w.opts.StopGrace, "it ran longer than the "+limit.String()+" that its task allows")
		})
		defer timer.Stop()
	}
	outcome := w.execute(a)
	a.cancel(nil)
	w.stream.flush(a)
	w.finish(a, outcome)
}

func (w *Worker) execute(a *attempt) *mlopsv1.Outcome {
	scratch, err := w.scratch.take()
	if err != nil {
		return failed(mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "io", "making the attempt's scratch directory: %v", err)
	}
	defer func() {
		// What was ended by force may write on, when it shares this process.
		if err := w.scratch.giveBack(scratch, a.ctx.Err() != nil); err != nil {
			w.log.Warn("an attempt's scratch directory could not be removed", "task", a.ref.GetTaskId(), "dir", scratch, "error", err)
		}
	}()
	host := isolation.Host{Reports: a.reports, Gate: gate{worker: w, attempt: a}}
	if w.opts.Artifacts != nil {
		artifacts, release := w.opts.Artifacts()
		defer release()
		host.Artifacts = artifacts
	}
	return w.opts.Executor.Execute(a.ctx, isolation.Attempt{
		Ref: a.ref, WorkflowID: a.workflowID, Operation: a.spec.GetOperation(), Inputs: a.inputs, ScratchDir: scratch, Force: a.force,
	}, host)
}

// finish records how an attempt ended and hands it to the journal.
func (w *Worker) finish(a *attempt, outcome *mlopsv1.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.grace != nil {
		a.grace.Stop()
	}
	a.batch.ended++
	if a.stopped == stopDiscard {
		if a.dropped {
			w.lingering[class(a)]--
		} else {
			delete(w.held, keyOf(a.ref))
		}
		w.log.Info("a discarded attempt has stopped", "task", a.ref.GetTaskId(), "attempt", a.ref.GetAttempt())
		a.settle()
		w.tell() // its slot is free
		return
	}
	a.outcome = fit(judge(outcome, a.stopped, a.reason))
	w.logEnd(a)
	w.journal.put(a)
}

// settle notes that the attempt's end can be reported; with the lock held.
func (a *attempt) settle() {
	if a.batch.left--; a.batch.left == 0 {
		close(a.batch.done)
	}
}

func (w *Worker) logEnd(a *attempt) {
	attrs := []any{"task", a.ref.GetTaskId(), "attempt", a.ref.GetAttempt()}
	f := a.outcome.GetFailure()
	switch {
	case a.stopped != stopNot:
		w.log.Info("an attempt was stopped", append(attrs, "why", a.reason, "failure", f.GetReason())...)
	case f != nil:
		w.log.Warn("an attempt failed", append(attrs, "kind", f.GetKind(), "reason", f.GetReason(), "message", f.GetMessage())...)
	default:
		w.log.Debug("an attempt ended", attrs...)
	}
}

// class is the index of an attempt's kind of slot.
func class(a *attempt) int {
	if a.interactive {
		return 1
	}
	return 0
}
