package worker

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// maxRequestBytes bounds the outcomes that one request carries; the rest waits
// for the next one.
const maxRequestBytes = 12 << 20

// call is one request and what the loop must know of it.
type call struct {
	request     *mlopsv1.SynchronizeRequest
	sent        time.Time     // leases count from here
	hold        time.Duration // long poll: how long the master may hold it
	spare       bool          // it may be answered with work
	prompted    bool          // there was news to tell
	interrupted bool          // news ended it; guarded by the worker's lock
}

// prepare builds the request that tells all that the worker holds now.
func (w *Worker) prepare() *call {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	req := &mlopsv1.SynchronizeRequest{
		WorkerId: w.opts.ID, SessionId: w.session, Seq: w.seq,
		Capabilities: w.opts.Capabilities, Labels: w.opts.Labels,
		Slots:            int32(max(0, w.opts.Slots-w.lingering[0])),
		InteractiveSlots: int32(max(0, w.opts.InteractiveSlots-w.lingering[1])),
		Draining:         w.draining,
		Version:          w.opts.Version, HostId: w.opts.HostID, Hostname: w.opts.Hostname,
	}
	bytes, deferred := 0, false
	for _, a := range w.sorted() {
		held := &mlopsv1.HeldAttempt{Ref: a.ref, State: a.state}
		if a.ended() {
			size := proto.Size(a.outcome)
			if bytes+size > maxRequestBytes && bytes > 0 {
				deferred = true
				if a.ref.GetSessionId() != w.session {
					continue // its time comes; as running it would be taken for a ghost
				}
				held.State = mlopsv1.AttemptState_ATTEMPT_STATE_RUNNING
			} else {
				bytes += size
				held.Outcome = a.outcome
			}
		}
		req.Held = append(req.Held, held)
	}
	c := &call{request: req, spare: !w.draining && w.spare(), prompted: w.news}
	// A request with something to say, or with something that the master must
	// answer (a leave to publish, an acknowledgement), is answered at once.
	if c.spare && !w.news && !deferred && !w.expectant() && !w.contact.IsZero() {
		c.hold = w.period
		req.HoldFor = durationpb.New(c.hold)
	}
	w.news = deferred
	c.sent = time.Now()
	return c
}

// spare tells whether a slot is free; with the lock held.
func (w *Worker) spare() bool {
	used := w.lingering
	for _, a := range w.held {
		if !a.ended() {
			used[class(a)]++
		}
	}
	return used[0] < w.opts.Slots || used[1] < w.opts.InteractiveSlots
}

// expectant tells whether the master owes an answer; with the lock held.
func (w *Worker) expectant() bool {
	for _, a := range w.held {
		if a.ended() || a.permitted != nil {
			return true
		}
	}
	return false
}
