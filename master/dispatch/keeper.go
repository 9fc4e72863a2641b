package dispatch

import (
	"context"
	"fmt"
	"time"

	"mlops/statestore"
)

// rememberLost is how long a worker that went silent is still listed.
const rememberLost = time.Hour

// runKeeper ends leases and backoffs when their time has come, until ctx ends.
func (d *Dispatcher) runKeeper(ctx context.Context) {
	for {
		wait, err := d.keep()
		if err != nil {
			// The store failed; leases stay over, so give it time to recover.
			wait = d.opts.Heartbeat
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-d.poke:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// keep does what is due and returns how long there is nothing more to do.
func (d *Dispatcher) keep() (time.Duration, error) {
	d.mu.Lock()
	now := d.opts.Now()
	if d.queue.Advance(now) > 0 {
		d.kick()
	}
	var commands []statestore.Command
	var settle []func(outcome)
	for _, a := range d.fleet.Expired(now) {
		d.opts.Logger.Warn("lease expired", "task", a.TaskID, "attempt", a.Number, "worker", a.WorkerID)
		id, event, after := d.lose(a, "lease_expired",
			fmt.Sprintf("worker %s was not heard of for %s", a.WorkerID, d.opts.LeaseTTL))
		commands = append(commands, statestore.Command{TaskID: id, Event: event})
		settle = append(settle, after)
	}
	d.forget(now)
	next := now.Add(rememberLost)
	if t, ok := d.queue.NextDue(); ok && t.Before(next) {
		next = t
	}
	if t, ok := d.fleet.NextExpiry(); ok && t.Before(next) {
		next = t
	}
	d.wakeAt = next
	d.mu.Unlock()

	if len(commands) == 0 {
		return next.Sub(now), nil
	}
	err := d.commit(commands, func(outcomes []outcome) {
		for i, o := range outcomes {
			settle[i](o)
		}
	})
	return 0, err
}

// schedule makes the keeper wake at t if it would wake later. The caller holds the
// lock.
func (d *Dispatcher) schedule(t time.Time) {
	if t.IsZero() || !d.wakeAt.IsZero() && !t.Before(d.wakeAt) {
		return
	}
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// forget drops workers that are long gone. The caller holds the lock.
func (d *Dispatcher) forget(now time.Time) {
	d.fleet.Forget(now.Add(-rememberLost))
	for id, s := range d.seats {
		if d.fleet.Find(id) == nil && len(s.turn) == 0 {
			delete(d.seats, id)
		}
	}
}
