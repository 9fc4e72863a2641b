package worker

import (
	"context"
	"fmt"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
)

// gate lets one attempt publish when the master says so.
type gate struct {
	worker  *Worker
	attempt *attempt
}

// Permit asks the master for leave to publish and waits for it. The leave must
// arrive before the worker's lease has run out by its own clock; if it comes too
// late it is asked for again. Permit returns an error when the attempt is being
// stopped or is no longer the worker's.
func (g gate) Permit(ctx context.Context) error {
	w, a := g.worker, g.attempt
	for {
		w.mu.Lock()
		if a.stopped != stopNot || a.ctx.Err() != nil {
			reason := a.reason
			w.mu.Unlock()
			return fmt.Errorf("the attempt may not publish: it has ended or is being stopped: %s", reason)
		}
		if within(time.Now(), a.permit) {
			a.permit = time.Time{}
			w.mu.Unlock()
			return nil
		}
		a.permit = time.Time{}
		if a.permitted == nil {
			a.permitted = make(chan struct{})
			a.state = mlopsv1.AttemptState_ATTEMPT_STATE_PUBLISHING
			w.tell()
		}
		permitted := a.permitted
		w.mu.Unlock()
		select {
		case <-permitted:
		case <-a.ctx.Done():
		case <-ctx.Done():
			return fmt.Errorf("waiting for leave to publish: %w", context.Cause(ctx))
		}
	}
}

// admit gives an attempt leave to publish until the lease ends; with the lock
// held.
func (a *attempt) admit(until time.Time) {
	if a.permitted == nil || a.stopped != stopNot {
		return
	}
	a.permit = until
	a.state = mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING
	close(a.permitted)
	a.permitted = nil
}

// within tells whether until lies ahead of now, by the monotonic clock and by the
// wall clock: the first stands still while a host sleeps, the second may be set.
func within(now, until time.Time) bool {
	return now.Before(until) && now.Round(0).Before(until.Round(0))
}
