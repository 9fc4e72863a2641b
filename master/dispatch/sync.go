package dispatch

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/master/fleet"
	mlopsv1 "mlops/proto/mlops/v1"
)

// ErrOvertaken says that a newer call of the same session has taken over: the
// answer to this one is not worth waiting for.
var ErrOvertaken = errors.New("a newer call of this worker took over")

// maxRepeats is how often a directive is repeated at once to a worker that does
// not heed it. Beyond that it no longer cuts the call's wait short, so that a
// worker that takes its time, or a faulty one, does not make the master spin.
const maxRepeats = 3

// maxResponse bounds a response's starts in bytes, but for the first: what does
// not fit is told by the next answer. It leaves room for the rest below the 16 MiB
// that a message may have.
const maxResponse = 14 << 20

// call is one Synchronize being served.
type call struct {
	*plan
	d    *Dispatcher
	req  *mlopsv1.SynchronizeRequest
	w    *fleet.Worker
	seat *seat
}

// Synchronize answers a worker's call; see the protocol's comments. The request
// must have been validated. The error is ErrStopping, ErrOvertaken, ctx's or the
// store's.
func (d *Dispatcher) Synchronize(ctx context.Context, req *mlopsv1.SynchronizeRequest) (*mlopsv1.SynchronizeResponse, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.calls.Done()
	c, err := d.arrive(req)
	if err != nil || c == nil {
		return &mlopsv1.SynchronizeResponse{Superseded: err == nil}, err
	}
	select {
	case c.seat.turn <- struct{}{}:
		defer func() { <-c.seat.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return c.serve(ctx)
}

// arrive takes note of the call and ends an older one that waits. It returns nil
// for a call of a former session.
func (d *Dispatcher) arrive(req *mlopsv1.SynchronizeRequest) (*call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w, arrival := d.fleet.Arrive(req, d.opts.Now())
	switch arrival {
	case fleet.Superseded:
		return nil, nil
	case fleet.Late:
		return nil, ErrOvertaken
	}
	d.wake(w.ID)
	return &call{d: d, req: req, w: w, seat: d.seatOf(w.ID)}, nil
}

// serve carries the call out; the caller has the worker's turn.
func (c *call) serve(ctx context.Context) (*mlopsv1.SynchronizeResponse, error) {
	d := c.d
	began := d.opts.Now()
	d.mu.Lock()
	if !c.w.Current(c.req) {
		defer d.mu.Unlock()
		return c.overtaken()
	}
	if c.seat.session != c.req.GetSessionId() {
		*c.seat = seat{turn: c.seat.turn, session: c.req.GetSessionId()}
	}
	c.plan = d.planCall(c.w, c.seat, c.req, began)
	d.mu.Unlock()

	// What an attempt said belongs before its end in the workflow's story.
	d.recorder.flushTasks(ctx, c.ended)
	if err := c.commit(); err != nil {
		return nil, err
	}
	return c.answer(ctx, began.Add(min(c.req.GetHoldFor().AsDuration(), d.opts.Heartbeat)))
}

// commit carries out what is planned and forgets the plan's commands.
func (c *call) commit() error {
	if len(c.commands) == 0 {
		return nil
	}
	settle := c.settle
	err := c.d.commit(c.commands, func(outcomes []outcome) {
		for i, o := range outcomes {
			settle[i](o)
		}
	})
	c.commands, c.settle = nil, nil
	return err
}

// answer replies once there is something to say or until has passed.
func (c *call) answer(ctx context.Context, until time.Time) (*mlopsv1.SynchronizeResponse, error) {
	d := c.d
	for {
		d.mu.Lock()
		if !c.w.Current(c.req) {
			defer d.mu.Unlock()
			return c.overtaken()
		}
		resp, news := c.response()
		if !news {
			c.planGrants(d)
		}
		switch {
		case len(c.commands) > 0:
			d.mu.Unlock()
			if err := c.commit(); err != nil {
				return nil, err
			}
		case news || d.stopped || !d.opts.Now().Before(until):
			c.sent(resp)
			d.mu.Unlock()
			return resp, nil
		default:
			p := d.park(c)
			d.mu.Unlock()
			if err := c.wait(ctx, p, until); err != nil {
				return nil, err
			}
		}
	}
}

// wait blocks until the parked call is woken, the dispatcher stops, until has
// passed or ctx ends. Work that it was handed meanwhile is granted.
func (c *call) wait(ctx context.Context, p *parked, until time.Time) error {
	d := c.d
	timer := time.NewTimer(until.Sub(d.opts.Now()))
	defer timer.Stop()
	var err error
	select {
	case <-p.woken:
	case <-timer.C:
	case <-d.stopping:
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.mu.Lock()
	d.unpark(p)
	d.fleet.Seen(c.w.ID, d.opts.Now())
	if err != nil || d.stopped || !c.w.Current(c.req) {
		d.giveBack(p.items)
		d.mu.Unlock()
		return err
	}
	c.grantItems(d, p.items)
	d.mu.Unlock()
	return c.commit()
}

// overtaken is the answer to a call that is no longer its worker's newest.
func (c *call) overtaken() (*mlopsv1.SynchronizeResponse, error) {
	if c.w.SessionID != c.req.GetSessionId() {
		return &mlopsv1.SynchronizeResponse{Superseded: true}, nil
	}
	return nil, ErrOvertaken
}

// response is the answer as things stand, and whether it holds anything that the
// worker may not know yet. The caller holds the lock.
func (c *call) response() (*mlopsv1.SynchronizeResponse, bool) {
	d := c.d
	resp := &mlopsv1.SynchronizeResponse{
		Directives: append(c.held(d), c.directives...),
		NextWithin: durationpb.New(d.opts.Heartbeat),
		Lease:      durationpb.New(d.opts.LeaseTTL),
		Drained:    c.w.Drained,
	}
	news := resp.Drained != c.seat.drained
	for _, directive := range resp.Directives {
		if directive.GetStart() != nil || c.seat.sent[key(directive)] < maxRepeats {
			news = true
		}
	}
	return resp, news
}

// sent leaves out what is too much for one answer and remembers what the worker is
// told. The caller holds the lock.
func (c *call) sent(resp *mlopsv1.SynchronizeResponse) {
	sent := make(map[string]int, len(resp.GetDirectives()))
	unsent := map[string]*mlopsv1.Directive{}
	var kept []*mlopsv1.Directive
	size := 0
	for _, directive := range resp.GetDirectives() {
		k := key(directive)
		if directive.GetStart() != nil {
			n := proto.Size(directive)
			if size > 0 && size+n > maxResponse {
				unsent[k] = directive
				continue
			}
			size += n
		}
		kept = append(kept, directive)
		sent[k] = c.seat.sent[k] + 1
	}
	resp.Directives = kept
	c.seat.sent, c.seat.unsent, c.seat.drained = sent, unsent, resp.GetDrained()
}
