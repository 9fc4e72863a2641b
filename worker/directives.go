package worker

import (
	"slices"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
)

// Bounds of what a master may ask for as its pace.
const (
	minPeriod = 10 * time.Millisecond
	maxPeriod = 10 * time.Minute
)

// obey carries out an answer and tells whether it changed anything. Every
// directive may come twice, or for an attempt that is long gone.
func (w *Worker) obey(c *call, answer *mlopsv1.SynchronizeResponse) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.contact, w.cutOff = c.sent, false
	w.leaseUntil = c.sent.Add(answer.GetLease().AsDuration())
	if d := answer.GetNextWithin().AsDuration(); d > 0 {
		w.period = min(max(d, minPeriod), maxPeriod)
	}
	if w.drained != answer.GetDrained() {
		w.drained = answer.GetDrained()
		w.log.Info("an operator changed whether the master gives work to this worker", "drained", w.drained)
	}
	b := &batch{done: make(chan struct{})}
	for _, d := range answer.GetDirectives() {
		switch kind := d.GetKind().(type) {
		case *mlopsv1.Directive_Start:
			changed = w.grant(kind.Start, b) || changed
		case *mlopsv1.Directive_Cancel:
			changed = w.cancel(kind.Cancel) || changed
		case *mlopsv1.Directive_Discard:
			changed = w.discard(kind.Discard) || changed
		case *mlopsv1.Directive_Forget:
			changed = w.forget(kind.Forget) || changed
		case *mlopsv1.Directive_Publish:
			if a, ok := w.held[keyOf(kind.Publish.GetRef())]; ok && a.permitted != nil && listed(c, a) {
				a.admit(w.leaseUntil)
				changed = true
			}
		default:
			w.log.Warn("the master sent a directive that this worker does not know; it may be newer")
		}
	}
	if b.left > 0 {
		w.fresh = b
		w.news = true
	}
	if w.draining && len(w.held) == 0 {
		w.news = true // that it holds nothing is the last thing to tell
	}
	return changed
}

// listed tells whether the request said that the attempt waits for leave: a
// leave that answers an earlier wait is no leave for this one.
func listed(c *call, a *attempt) bool {
	return slices.ContainsFunc(c.request.GetHeld(), func(held *mlopsv1.HeldAttempt) bool {
		return held.GetRef() == a.ref && held.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING
	})
}

// grant starts an attempt, once.
func (w *Worker) grant(start *mlopsv1.Start, b *batch) bool {
	ref := start.GetRef()
	if _, ok := w.held[keyOf(ref)]; ok {
		return false // repeated until the master has seen it listed
	}
	interactive := start.GetSpec().GetSlotClass() == mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
	w.log.Debug("attempt granted", "task", ref.GetTaskId(), "attempt", ref.GetAttempt())
	switch operation := runner.OperationName(start.GetSpec().GetOperation()); {
	case ref.GetTaskId() == "" || ref.GetSessionId() != w.session:
		w.log.Warn("the master granted an attempt to another session; ignored", "task", ref.GetTaskId(), "session", ref.GetSessionId())
		return false
	case w.draining:
		// It crossed the drain on its way: handing it back costs nothing.
		w.answer(ref, &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Released{Released: &mlopsv1.Released{Reason: "the worker drains"}}})
	case !slices.Contains(w.opts.Capabilities, operation):
		w.answer(ref, failed(mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "capability",
			"worker %s cannot run operation %q; it can run %v", w.opts.ID, operation, w.opts.Capabilities))
	case w.free(interactive) <= 0:
		w.answer(ref, failed(mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "slots", "worker %s has no free slot", w.opts.ID))
	default:
		w.begin(start, interactive, b)
	}
	return true
}

// answer holds an attempt that ended before it began; with the lock held. Its
// outcome is not journalled: losing it costs no more than it says.
func (w *Worker) answer(ref *mlopsv1.AttemptRef, outcome *mlopsv1.Outcome) {
	w.insert(&attempt{ref: ref, state: mlopsv1.AttemptState_ATTEMPT_STATE_ENDED, outcome: outcome})
	w.tell()
}

// free counts the free slots of a class as the master sees them; with the lock
// held.
func (w *Worker) free(interactive bool) int {
	n := w.opts.Slots
	if interactive {
		n = w.opts.InteractiveSlots
	}
	for _, a := range w.held {
		if !a.ended() && a.interactive == interactive {
			n--
		}
	}
	return n
}

func (w *Worker) cancel(d *mlopsv1.Cancel) bool {
	a, ok := w.held[keyOf(d.GetRef())]
	if !ok || a.ended() || a.stopped >= stopCancel && a.grace != nil && time.Now().Add(d.GetGrace().AsDuration()).After(a.deadline) {
		return false
	}
	grace := w.opts.StopGrace
	if d.GetGrace() != nil {
		grace = max(0, d.GetGrace().AsDuration())
	}
	reason := d.GetReason()
	if reason == "" {
		reason = "cancelled"
	}
	w.stop(a, stopCancel, grace, reason)
	return true
}

// discard takes an attempt from the set; what still runs of it keeps its slot
// until it has stopped.
func (w *Worker) discard(d *mlopsv1.Discard) bool {
	a, ok := w.held[keyOf(d.GetRef())]
	if !ok {
		return false
	}
	w.log.Warn("the master discards an attempt", "task", d.GetRef().GetTaskId(), "attempt", d.GetRef().GetAttempt(), "reason", d.GetReason())
	delete(w.held, keyOf(a.ref))
	if a.ended() {
		w.journal.forget(a)
		return true
	}
	if a.outcome != nil { // on its way into the journal
		a.discarded = true
		return true
	}
	a.dropped = true
	w.lingering[class(a)]++
	w.stop(a, stopDiscard, w.opts.StopGrace, "the attempt is no longer this worker's: "+d.GetReason())
	return true
}

func (w *Worker) forget(d *mlopsv1.Forget) bool {
	a, ok := w.held[keyOf(d.GetRef())]
	if !ok || !a.ended() {
		return false
	}
	delete(w.held, keyOf(a.ref))
	w.journal.forget(a)
	return true
}
