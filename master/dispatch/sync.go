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
	began := c.d.opts.Now()
	if !c.begin(began) {
		return c.overtaken()
	}
	// What an attempt said belongs before its end in the workflow's story.
	c.d.recorder.flushTasks(ctx, c.ended)
	if err := c.commit(); err != nil {
		return nil, err
	}
	return c.answer(ctx, began.Add(min(c.req.GetHoldFor().AsDuration(), c.d.opts.Heartbeat)))
}

// begin plans the call, unless it is no longer its worker's newest.
func (c *call) begin(now time.Time) (current bool) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	if !c.w.Current(c.req) {
		return false
	}
	if c.seat.session != c.req.GetSessionId() {
		*c.seat = seat{turn: c.seat.turn, session: c.req.GetSessionId()}
	}
	c.plan = c.d.planCall(c.w, c.seat, c.req, now)
	return true
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
	for {
		resp, p, current := c.look(until)
		var err error
		switch {
		case !current:
			return c.overtaken()
		case resp != nil:
			return resp, nil
		case p != nil:
			err = c.wait(ctx, p, until)
		default:
			err = c.commit()
		}
		if err != nil {
			return nil, err
		}
	}
}

// look sees how things stand: there is an answer, or the call is parked, or else
// it has planned what must be committed first.
func (c *call) look(until time.Time) (resp *mlopsv1.SynchronizeResponse, p *parked, current bool) {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if !c.w.Current(c.req) {
		return nil, nil, false
	}
	resp, news := c.response()
	if !news {
		c.planGrants(d)
	}
	switch {
	case len(c.commands) > 0:
		return nil, nil, true
	case news || d.stopped || !d.opts.Now().Before(until):
		c.sent(resp)
		return resp, nil, true
	}
	return nil, d.park(c), true
}

// wait blocks until the parked call is woken, the dispatcher stops, until has
// passed or ctx ends. Work that it was handed meanwhile is granted.
func (c *call) wait(ctx context.Context, p *parked, until time.Time) error {
	timer := time.NewTimer(until.Sub(c.d.opts.Now()))
	defer timer.Stop()
	var err error
	select {
	case <-p.woken:
	case <-timer.C:
	case <-c.d.stopping:
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.resume(p, err != nil)
	if err != nil {
		return err
	}
	return c.commit()
}

// resume ends the wait of a call, which has broken off or goes on, and plans the
// grants of what it was handed, or gives that back.
func (c *call) resume(p *parked, broke bool) {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unpark(p)
	d.fleet.Seen(c.w.ID, d.opts.Now())
	if broke || d.stopped || !c.w.Current(c.req) {
		d.giveBack(p.items)
		return
	}
	c.grantItems(d, p.items)
}

// overtaken is the answer to a call that is no longer its worker's newest.
func (c *call) overtaken() (*mlopsv1.SynchronizeResponse, error) {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
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
