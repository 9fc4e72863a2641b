package fleet

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

// maxFormer is how many earlier sessions of a worker are remembered.
const maxFormer = 16

// Fleet is the set of workers and the attempts they hold. It is not safe for
// concurrent use.
type Fleet struct {
	workers  map[string]*Worker
	attempts map[string]*Attempt // by task
}

// New returns an empty fleet.
func New() *Fleet {
	return &Fleet{workers: map[string]*Worker{}, attempts: map[string]*Attempt{}}
}

// Worker is what is known of one worker.
type Worker struct {
	// ID names it.
	ID string
	// SessionID is its newest process; empty if none has called since the master
	// started.
	SessionID string
	// Seq is the number of that session's newest call.
	Seq uint64
	// Drained says that an operator keeps new work from it.
	Drained bool
	// Draining says that it wants no new work itself.
	Draining bool
	// Slots and InteractiveSlots are what it has in all.
	Slots, InteractiveSlots int
	// Profile is what its tasks' needs are matched against.
	Profile queue.Profile
	// Version, HostID and Hostname describe it.
	Version, HostID, Hostname string
	// LastSeen is when it called last.
	LastSeen time.Time

	former   []string
	attempts map[string]*Attempt
}

// Arrival says how a call stands to those before it.
type Arrival int

const (
	// Newest is a call to be served.
	Newest Arrival = iota
	// Late is an older call of the newest session: it is ignored.
	Late
	// Superseded is a call of a former session: its process must stop.
	Superseded
)

// Arrive takes note of a worker's call.
func (f *Fleet) Arrive(req *mlopsv1.SynchronizeRequest, now time.Time) (*Worker, Arrival) {
	w := f.worker(req.GetWorkerId())
	switch {
	case req.GetSessionId() == w.SessionID:
		if req.GetSeq() <= w.Seq {
			return w, Late
		}
	case slices.Contains(w.former, req.GetSessionId()):
		return w, Superseded
	case w.SessionID != "":
		w.former = append(w.former, w.SessionID)
		if len(w.former) > maxFormer {
			w.former = slices.Delete(w.former, 0, len(w.former)-maxFormer)
		}
	}
	w.SessionID, w.Seq = req.GetSessionId(), req.GetSeq()
	w.Draining = req.GetDraining()
	w.Slots, w.InteractiveSlots = int(req.GetSlots()), int(req.GetInteractiveSlots())
	w.Version, w.HostID, w.Hostname = req.GetVersion(), req.GetHostId(), req.GetHostname()
	w.LastSeen = now
	capabilities := make(map[string]bool, len(req.GetCapabilities()))
	for _, c := range req.GetCapabilities() {
		capabilities[c] = true
	}
	w.Profile = queue.Profile{WorkerID: w.ID, Capabilities: capabilities, Labels: req.GetLabels()}
	return w, Newest
}

// Current tells whether the call is still its worker's newest.
func (w *Worker) Current(req *mlopsv1.SynchronizeRequest) bool {
	return w.SessionID == req.GetSessionId() && w.Seq == req.GetSeq()
}

// Held yields what the worker holds, under whichever session, in no order.
func (w *Worker) Held() iter.Seq[*Attempt] { return maps.Values(w.attempts) }

// Attempts returns what the worker holds, under whichever session, by task.
func (w *Worker) Attempts() []*Attempt {
	return slices.SortedFunc(maps.Values(w.attempts), func(a, b *Attempt) int {
		return strings.Compare(a.TaskID, b.TaskID)
	})
}

// Find returns a worker that is known, or nil.
func (f *Fleet) Find(workerID string) *Worker { return f.workers[workerID] }

// Drain notes that an operator drained a worker, or lifted it.
func (f *Fleet) Drain(workerID string, drained bool) { f.worker(workerID).Drained = drained }

// Seen notes that a worker gives signs of life.
func (f *Fleet) Seen(workerID string, now time.Time) {
	if w := f.workers[workerID]; w != nil && w.LastSeen.Before(now) {
		w.LastSeen = now
	}
}

// Workers returns the workers by id.
func (f *Fleet) Workers() []*Worker {
	return slices.SortedFunc(maps.Values(f.workers), func(a, b *Worker) int {
		return strings.Compare(a.ID, b.ID)
	})
}

// Expired returns the attempts whose lease has run out and whose loss is not yet
// being written, earliest first.
func (f *Fleet) Expired(now time.Time) []*Attempt {
	var expired []*Attempt
	for _, a := range f.attempts {
		if !a.Losing && !a.Expires.After(now) {
			expired = append(expired, a)
		}
	}
	slices.SortFunc(expired, func(a, b *Attempt) int {
		if c := a.Expires.Compare(b.Expires); c != 0 {
			return c
		}
		return strings.Compare(a.TaskID, b.TaskID)
	})
	return expired
}

// NextExpiry is when the next lease runs out; false if none does.
func (f *Fleet) NextExpiry() (time.Time, bool) {
	var next time.Time
	for _, a := range f.attempts {
		if !a.Losing && (next.IsZero() || a.Expires.Before(next)) {
			next = a.Expires
		}
	}
	return next, !next.IsZero()
}

// Forget drops workers that were not heard of since before, hold nothing and are
// not drained.
func (f *Fleet) Forget(before time.Time) {
	maps.DeleteFunc(f.workers, func(_ string, w *Worker) bool {
		return w.LastSeen.Before(before) && len(w.attempts) == 0 && !w.Drained
	})
}

// worker returns a worker and makes a record of it if there is none.
func (f *Fleet) worker(id string) *Worker {
	w := f.workers[id]
	if w == nil {
		w = &Worker{ID: id, Profile: queue.Profile{WorkerID: id}, attempts: map[string]*Attempt{}}
		f.workers[id] = w
	}
	return w
}
