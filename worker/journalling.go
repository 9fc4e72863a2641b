package worker

import (
	"sync"

	mlopsv1 "mlops/proto/mlops/v1"
)

// journalist makes outcomes durable before they are reported: one goroutine for
// all attempts, which flushes once for all that ended meanwhile.
type journalist struct {
	w    *Worker
	more *sync.Cond // on the worker's lock

	queue  []*attempt // ended, not yet durable
	forgot []*mlopsv1.AttemptRef
	closed bool
}

func (j *journalist) start(w *Worker, helpers *sync.WaitGroup) {
	j.w, j.more = w, sync.NewCond(&w.mu)
	helpers.Go(j.run)
}

// put hands over an attempt that ended; with the worker's lock held.
func (j *journalist) put(a *attempt) {
	j.queue = append(j.queue, a)
	j.more.Signal()
}

// forget hands over an acknowledged or discarded outcome; with the worker's lock
// held.
func (j *journalist) forget(a *attempt) {
	if !a.journalled {
		return
	}
	j.forgot = append(j.forgot, a.ref)
	j.more.Signal()
}

// finish lets the goroutine end when all is written.
func (j *journalist) finish() {
	j.w.mu.Lock()
	defer j.w.mu.Unlock()
	j.closed = true
	j.more.Signal()
}

func (j *journalist) run() {
	w := j.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(j.queue) == 0 && len(j.forgot) == 0 {
			if j.closed {
				return
			}
			j.more.Wait()
		}
		queue, forgot := j.queue, j.forgot
		j.queue, j.forgot = nil, nil
		w.mu.Unlock()
		durable := j.write(queue, forgot)
		w.mu.Lock()
		for _, a := range queue {
			a.journalled = durable
			a.state = mlopsv1.AttemptState_ATTEMPT_STATE_ENDED
			a.settle()
			if a.discarded {
				j.forget(a)
			}
		}
		if len(queue) > 0 {
			w.tell()
		}
	}
}

// write makes outcomes durable. Where that fails they are reported all the same:
// they are lost only if this process ends before the master has them.
func (j *journalist) write(queue []*attempt, forgot []*mlopsv1.AttemptRef) (durable bool) {
	w := j.w
	if w.opts.Journal == nil {
		return false
	}
	if len(forgot) > 0 {
		if err := w.opts.Journal.Forget(forgot...); err != nil {
			w.log.Warn("acknowledged results could not be removed from the journal; they will be reported again after a restart", "error", err)
		}
	}
	if len(queue) == 0 {
		return false
	}
	entries := make([]*mlopsv1.HeldAttempt, len(queue))
	for i, a := range queue {
		entries[i] = &mlopsv1.HeldAttempt{Ref: a.ref, State: mlopsv1.AttemptState_ATTEMPT_STATE_ENDED, Outcome: a.outcome}
	}
	if err := w.opts.Journal.Put(entries...); err != nil {
		w.log.Error("results could not be journalled; a crash of this worker before the master has them would lose them", "error", err, "results", len(queue))
		return false
	}
	return true
}
