package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

const (
	// minBackoff and maxBackoff bound the pause after a failed call.
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
	// settleAtOnce is how long just started attempts may take to end before they
	// are reported as running; settleDurably is how long the journal may then take.
	settleAtOnce  = 300 * time.Microsecond
	settleDurably = 5 * time.Millisecond
)

// loop calls Synchronize until the worker is to end. It is the only caller.
func (w *Worker) loop(ctx context.Context) error {
	failures, hasty := 0, 0
	begun := time.Now()
	for {
		c := w.prepare()
		answer, err := w.call(ctx, c)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the call failed because its owner ends it
		case err != nil && c.interrupted:
			continue // there is news: say it
		case err != nil:
			failures++
			if end, err := w.failed(err, failures, begun); end {
				return err
			}
			w.sleep(ctx, pause(failures, w.pace()), false)
			continue
		}
		if failures > 0 {
			w.log.Info("the master answers again", "failures", failures)
			failures = 0
		}
		if answer.GetSuperseded() {
			return fmt.Errorf("%w: %q, session %s", ErrSuperseded, w.opts.ID, w.session)
		}
		changed := w.obey(c, answer)
		if w.leave(c, answer) {
			return nil
		}
		w.settle(ctx)
		// A master that answers at once and says nothing new must not be asked
		// without pause.
		if !changed && !c.prompted && time.Since(c.sent) < w.pace()/2 {
			hasty++
			w.sleep(ctx, min(5*time.Millisecond<<min(hasty, 10), w.pace()), true)
		} else {
			hasty = 0
		}
		if !c.spare {
			w.sleep(ctx, jitter(w.pace()), true)
		}
	}
}

// call makes one request. A long poll is ended by news; then c.interrupted is
// set.
func (w *Worker) call(ctx context.Context, c *call) (*mlopsv1.SynchronizeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.hold+w.patience())
	defer cancel()
	if c.hold > 0 {
		w.mu.Lock()
		if w.news {
			c.interrupted = true
			w.mu.Unlock()
			return nil, context.Canceled
		}
		w.interrupt = func() {
			c.interrupted = true
			cancel()
		}
		w.mu.Unlock()
		defer func() {
			w.mu.Lock()
			w.interrupt = nil
			w.mu.Unlock()
		}()
	}
	answer, err := w.client.Synchronize(ctx, c.request)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && !c.interrupted {
		w.news = true // nobody knows what arrived
	}
	return answer, err
}

// patience is how long a call may take beyond its hold.
func (w *Worker) patience() time.Duration {
	return min(max(w.pace(), 2*time.Second), 10*time.Second)
}

func (w *Worker) pace() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.period
}

// failed judges a failed call: whether the worker must end, and with what. It
// stops attempts that were without the master for too long.
func (w *Worker) failed(err error, failures int, begun time.Time) (end bool, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	never := w.contact.IsZero()
	if never && fatal(err) {
		return true, fmt.Errorf("%w: %s", ErrRejected, explain(err))
	}
	if limit := w.opts.UnreachableLimit; never && limit > 0 && now.Sub(begun) >= limit {
		return true, fmt.Errorf("%w within %v: %s", ErrUnreachable, limit, explain(err))
	}
	if w.draining && w.runningLocked() == 0 && (never || !within(now, w.leaseUntil)) {
		// The master has given up whatever it believed this worker to have.
		return true, nil
	}
	if failures == 1 || failures%20 == 0 {
		w.log.Warn("the master does not answer; trying again", "error", explain(err), "failures", failures, "running", w.runningLocked())
	} else {
		w.log.Debug("the master does not answer", "error", err, "failures", failures)
	}
	if !never && !w.cutOff && now.Sub(w.contact) > w.opts.DisconnectLimit {
		w.cutOff = true
		w.log.Error("the master is away for too long: stopping attempts", "since", w.contact, "limit", w.opts.DisconnectLimit)
		for _, a := range w.sorted() {
			w.stop(a, stopCutOff, w.opts.StopGrace, fmt.Sprintf("the master was away for more than %v", w.opts.DisconnectLimit))
		}
	}
	return false, nil
}

// fatal tells whether asking again would change nothing. Only the first calls are
// judged so: a worker that was accepted once is not ended by a passing fault of
// the master's.
func fatal(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented:
		return true
	}
	return false
}

func explain(err error) string {
	message := transport.Reason(err)
	if hint := transport.Hint(err); hint != "" {
		message += " (" + hint + ")"
	}
	return message
}

// leave tells whether a draining worker may go: it holds nothing, and the
// master has heard so.
func (w *Worker) leave(c *call, answer *mlopsv1.SynchronizeResponse) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.request.GetDraining() && len(c.request.GetHeld()) == 0 && len(w.held) == 0 && len(answer.GetDirectives()) == 0
}

// settle waits a moment for attempts that were just started to end, so that
// quick ones cost one report.
func (w *Worker) settle(ctx context.Context) {
	w.mu.Lock()
	b := w.fresh
	w.fresh = nil
	w.mu.Unlock()
	if b == nil {
		return
	}
	for _, limit := range []time.Duration{settleAtOnce, settleDurably} {
		timer := time.NewTimer(limit)
		select {
		case <-b.done:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		w.mu.Lock()
		hopeless := b.left == 0 || b.ended == 0
		w.mu.Unlock()
		if hopeless {
			return
		}
	}
}

// sleep waits; with untilNews, at most until there is news.
func (w *Worker) sleep(ctx context.Context, d time.Duration, untilNews bool) {
	if untilNews {
		w.mu.Lock()
		news := w.news
		w.mu.Unlock()
		if news {
			return
		}
	}
	wake := w.wake
	if !untilNews {
		wake = nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-wake:
			w.mu.Lock()
			news := w.news
			w.mu.Unlock()
			if news { // else it was about news that is said already
				return
			}
		}
	}
}

// pause is the time to wait after so many failed calls in a row.
func pause(failures int, period time.Duration) time.Duration {
	limit := min(max(period, 2*minBackoff), maxBackoff)
	return jitter(min(minBackoff<<min(failures-1, 10), limit))
}

// jitter spreads a duration between three quarters and the whole of it, so that
// workers do not call in step.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/4+1))
}
