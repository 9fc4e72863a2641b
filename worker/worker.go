package worker

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
)

// defaultPeriod is the pace until the master names one.
const defaultPeriod = 5 * time.Second

// Worker holds attempts and keeps the master and itself agreed on them.
type Worker struct {
	client  Client
	opts    Options
	log     *slog.Logger
	session string
	scratch *scratchPool

	attempts sync.WaitGroup // their goroutines
	journal  journalist
	stream   stream

	// wake tells the loop that there is something to say.
	wake chan struct{}

	mu         sync.Mutex
	held       map[attemptKey]*attempt
	order      uint64        // of the newest attempt
	lingering  [2]int        // discarded attempts that still take a slot, by class
	news       bool          // something changed since the last request was built
	fresh      *batch        // attempts that the last answer started; nil: none
	interrupt  func()        // ends the long poll under way; nil if none is
	draining   bool          // Drain was called
	drainTimer *time.Timer   // hands back what is left when the drain's time is over
	seq        uint64        // of the last request
	period     time.Duration // between calls, as the master wants it
	contact    time.Time     // when the last successful request was sent; zero: never
	leaseUntil time.Time     // until when side effects are known to be allowed
	cutOff     bool          // attempts were stopped for want of a master
	drained    bool          // the master keeps work from this worker
}

// attemptKey identifies an attempt.
type attemptKey struct {
	task    string
	attempt uint32
	session string
}

func keyOf(ref *mlopsv1.AttemptRef) attemptKey {
	return attemptKey{ref.GetTaskId(), ref.GetAttempt(), ref.GetSessionId()}
}

// Session returns the identity of this process at the master.
func (w *Worker) Session() string { return w.session }

// Status is what a worker holds, for tests and logs.
type Status struct {
	Running    int           // attempts that run
	Waiting    int           // outcomes that the master has not acknowledged
	Connected  bool          // the last call succeeded within its lease
	LeaseLeft  time.Duration // until side effects stop; may be negative
	Draining   bool
	LastAnswer time.Time // when the last answered request was sent
}

// Status returns what the worker holds now.
func (w *Worker) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Status{Draining: w.draining, LastAnswer: w.contact, LeaseLeft: time.Until(w.leaseUntil)}
	s.Connected = !w.contact.IsZero() && s.LeaseLeft > 0
	for _, a := range w.held {
		if a.ended() {
			s.Waiting++
		} else {
			s.Running++
		}
	}
	return s
}

// Drain makes the worker take nothing new, finish what it has until the drain
// timeout, hand back the rest, and end Run. It may be called at any time, and
// again.
func (w *Worker) Drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.draining {
		return
	}
	w.draining = true
	w.log.Info("draining: taking no more work", "running", w.runningLocked(), "timeout", w.opts.DrainTimeout)
	w.drainTimer = time.AfterFunc(w.opts.DrainTimeout, func() {
		w.stopAll(stopRelease, w.opts.StopGrace, "the worker drains and its time is over")
	})
	w.tell()
}

// tell says that there is news for the master: it ends a long poll and wakes
// the loop. It is called with the lock held.
func (w *Worker) tell() {
	w.news = true
	if w.interrupt != nil {
		w.interrupt()
		w.interrupt = nil
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// insert adds an attempt to what is held; with the lock held, or before Run.
func (w *Worker) insert(a *attempt) {
	w.order++
	a.order = w.order
	w.held[keyOf(a.ref)] = a
}

// sorted returns what is held, oldest first; with the lock held.
func (w *Worker) sorted() []*attempt {
	return slices.SortedFunc(maps.Values(w.held), func(a, b *attempt) int { return cmp.Compare(a.order, b.order) })
}

// runningLocked counts attempts that have not ended; with the lock held.
func (w *Worker) runningLocked() int {
	n := 0
	for _, a := range w.held {
		if !a.ended() {
			n++
		}
	}
	return n
}

// stopAll stops every attempt that has not ended.
func (w *Worker) stopAll(how stopKind, grace time.Duration, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.sorted() {
		w.stop(a, how, grace, reason)
	}
}

// Run keeps the worker going until it is drained, superseded or refused, or ctx
// ends: then it stops its attempts at once, hands them back through the journal
// and returns nil.
func (w *Worker) Run(ctx context.Context) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	var helpers sync.WaitGroup
	w.journal.start(w, &helpers)
	w.stream.start(background, w, &helpers)
	w.log.Info("worker started", "session", w.session, "slots", w.opts.Slots, "interactive_slots", w.opts.InteractiveSlots,
		"capabilities", w.opts.Capabilities, "results_to_report", len(w.opts.Replay))

	err := w.loop(ctx)

	switch {
	case err != nil:
		w.stopAll(stopDiscard, 0, err.Error())
	default:
		w.stopAll(stopRelease, 0, "the worker left")
	}
	w.attempts.Wait()
	w.mu.Lock()
	if w.drainTimer != nil {
		w.drainTimer.Stop()
	}
	w.mu.Unlock()
	if err := w.scratch.clear(); err != nil {
		w.log.Warn("scratch directories could not be removed", "error", err)
	}
	w.journal.finish()
	stopBackground()
	helpers.Wait()
	s := w.Status()
	w.log.Info("worker stopped", "results_not_acknowledged", s.Waiting)
	return err
}
