package dispatch

import (
	"errors"
	"time"

	"mlops/master/fleet"
	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

type outcome = statestore.Outcome

// plan is what a call asks of the store, and what it says whatever happens.
type plan struct {
	req  *mlopsv1.SynchronizeRequest
	w    *fleet.Worker
	seat *seat

	commands []statestore.Command
	settle   []func(outcome) // one for each command, run under the lock
	// directives that are settled: starts, forgets, discards.
	directives []*mlopsv1.Directive
	// live are listed attempts that had not ended and were the worker's.
	live []*mlopsv1.HeldAttempt
	// stale counts listed attempts that are not the worker's and still run there.
	stale int
	// ended are the tasks with an outcome in this call.
	ended []string
}

// planCall turns what a worker says into commands: outcomes first, those of its
// earlier processes included, then what it holds, then what it should hold and
// does not, and then new work. The caller holds the lock.
func (d *Dispatcher) planCall(w *fleet.Worker, s *seat, req *mlopsv1.SynchronizeRequest, now time.Time) *plan {
	p := &plan{req: req, w: w, seat: s}
	listed := make(map[string]bool, len(req.GetHeld()))
	for _, h := range req.GetHeld() {
		ref := h.GetRef()
		a := d.fleet.Attempt(ref.GetTaskId())
		if h.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_ENDED {
			listed[ref.GetTaskId()] = listed[ref.GetTaskId()] || a.Is(ref)
			p.planEnded(d, h)
			continue
		}
		if !a.Is(ref) || a.WorkerID != w.ID || a.SessionID != req.GetSessionId() || a.Losing {
			p.stale++
			p.directives = append(p.directives, discard(ref, "the attempt is no longer this worker's"))
			continue
		}
		listed[ref.GetTaskId()] = true
		p.planHeld(a, h, now.Add(d.opts.LeaseTTL))
	}
	for _, a := range w.Attempts() {
		if !listed[a.TaskID] && !a.Losing {
			p.planOmitted(d, a, now.Add(d.opts.LeaseTTL))
		}
	}
	p.planGrants(d)
	return p
}

func (p *plan) add(taskID string, event statestore.Event, settle func(outcome)) {
	p.commands = append(p.commands, statestore.Command{TaskID: taskID, Event: event})
	p.settle = append(p.settle, settle)
}

func refOf(ref *mlopsv1.AttemptRef) statestore.Ref {
	return statestore.Ref{Attempt: ref.GetAttempt(), SessionID: ref.GetSessionId()}
}

// planEnded reports an outcome. Whether it is current, a repeat or stale, the
// store decides: memory may not know the attempt any more.
func (p *plan) planEnded(d *Dispatcher, h *mlopsv1.HeldAttempt) {
	ref := h.GetRef()
	p.ended = append(p.ended, ref.GetTaskId())
	how := h.GetOutcome()
	if a := d.fleet.Attempt(ref.GetTaskId()); a.Is(ref) {
		a.Ending = true
		how = d.judgeRefusal(a, how)
	}
	p.add(ref.GetTaskId(), eventOf(ref, how), func(o outcome) {
		if a := d.fleet.Attempt(ref.GetTaskId()); a.Is(ref) {
			a.Ending = false
		}
		var refused *statestore.RefusedError
		switch {
		case o.Err == nil, errors.As(o.Err, &refused) && refused.Done:
			p.directives = append(p.directives, forget(ref))
		case !storeFailed(o.Err):
			p.directives = append(p.directives, discard(ref, o.Err.Error()))
		}
	})
}

// eventOf is the event that an outcome stands for.
func eventOf(ref *mlopsv1.AttemptRef, o *mlopsv1.Outcome) statestore.Event {
	switch k := o.GetKind().(type) {
	case *mlopsv1.Outcome_Result:
		return statestore.Succeed{Ref: refOf(ref), Result: k.Result, PeakRSSBytes: o.GetPeakRssBytes()}
	case *mlopsv1.Outcome_Spawn:
		return statestore.SpawnTasks{Ref: refOf(ref), Spawn: k.Spawn, PeakRSSBytes: o.GetPeakRssBytes()}
	case *mlopsv1.Outcome_Released:
		return statestore.Release{Ref: refOf(ref), Reason: k.Released.GetReason()}
	default:
		return statestore.Fail{Ref: refOf(ref), Failure: o.GetFailure(), PeakRSSBytes: o.GetPeakRssBytes()}
	}
}

// planHeld renews the lease of an attempt that the worker holds, and notes that
// it runs.
func (p *plan) planHeld(a *fleet.Attempt, h *mlopsv1.HeldAttempt, expires time.Time) {
	a.Expires = expires
	p.live = append(p.live, h)
	if a.Running || h.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_ACCEPTED {
		return
	}
	// A refusal needs no answer here: by then memory knows better, and held says
	// discard.
	p.add(a.TaskID, statestore.Running{Ref: refOf(h.GetRef())}, func(outcome) {})
}

// planOmitted deals with an attempt that the worker should hold and does not list.
func (p *plan) planOmitted(d *Dispatcher, a *fleet.Attempt, expires time.Time) {
	ref := a.Ref()
	switch {
	case a.SessionID != p.req.GetSessionId():
		p.add(d.lose(a, "session_replaced", "worker "+a.WorkerID+" was restarted"))
	case a.Running || a.CancelRequested:
		p.add(d.lose(a, statestore.ReasonOmitted, "worker "+a.WorkerID+" no longer holds the task"))
	case p.req.GetDraining():
		p.add(a.TaskID, statestore.Release{Ref: refOf(ref), Reason: "worker " + a.WorkerID + " drains"}, func(outcome) {})
	case p.seat.unsent[key(start(a.Ref(), nil))] != nil:
		a.Expires = expires
		p.directives = append(p.directives, p.seat.unsent[key(start(a.Ref(), nil))])
	default:
		a.Expires = expires
		p.add(a.TaskID, statestore.Reoffer{Ref: refOf(ref)}, func(o outcome) {
			for _, t := range o.Changes.Tasks {
				if d.fleet.Attempt(t.GetTaskId()).Is(ref) {
					p.directives = append(p.directives, start(taskRef(t), t))
				}
			}
		})
	}
}

// lose marks an attempt as being lost and returns the event with what settles it.
func (d *Dispatcher) lose(a *fleet.Attempt, reason, message string) (string, statestore.Event, func(outcome)) {
	a.Losing = true
	ref := a.Ref()
	event := statestore.Lose{Ref: refOf(ref), Reason: reason, Message: message}
	return a.TaskID, event, func(outcome) {
		if a := d.fleet.Attempt(ref.GetTaskId()); a.Is(ref) {
			a.Losing = false // the store failed: to be tried again
		}
	}
}

// planGrants takes waiting tasks for the worker's free slots. The caller holds the
// lock.
func (p *plan) planGrants(d *Dispatcher) {
	for _, class := range classes {
		p.grantItems(d, d.queue.Take(&p.w.Profile, class, p.free(d, class)))
	}
}

var classes = [...]mlopsv1.SlotClass{
	mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE,
	mlopsv1.SlotClass_SLOT_CLASS_BATCH,
}

// free is how many more tasks of a class the worker may be granted now.
func (p *plan) free(d *Dispatcher, class mlopsv1.SlotClass) int {
	if d.stopped || p.w.Draining || p.w.Drained {
		return 0
	}
	n := p.w.InteractiveSlots
	if class == mlopsv1.SlotClass_SLOT_CLASS_BATCH {
		n = p.w.Slots - p.stale
	}
	for a := range p.w.Held() {
		if a.Need.Class == class && !a.Losing && !a.Ending {
			n--
		}
	}
	return max(n, 0)
}

// grantItems plans the grants of tasks taken from the queue.
func (p *plan) grantItems(d *Dispatcher, items []queue.Item) {
	for _, item := range items {
		event := statestore.Grant{WorkerID: p.w.ID, SessionID: p.req.GetSessionId()}
		p.add(item.TaskID, event, func(o outcome) {
			if storeFailed(o.Err) && d.fleet.Attempt(item.TaskID) == nil {
				d.queue.Put(item)
			}
			for _, t := range o.Changes.Tasks {
				if t.GetTaskId() == item.TaskID {
					p.directives = append(p.directives, start(taskRef(t), t))
				}
			}
		})
	}
}

// held says what the worker is to do with the attempts that it listed, as things
// stand. The caller holds the lock.
func (p *plan) held(d *Dispatcher) []*mlopsv1.Directive {
	var directives []*mlopsv1.Directive
	for _, h := range p.live {
		ref := h.GetRef()
		a := d.fleet.Attempt(ref.GetTaskId())
		switch {
		case !a.Is(ref) || a.Losing:
			directives = append(directives, discard(ref, "the attempt is no longer this worker's"))
		case a.CancelRequested:
			directives = append(directives, d.cancelDirective(ref, a.CancelReason))
		case h.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING:
			directives = append(directives, permit(ref))
		}
	}
	return directives
}
