package dispatch

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"mlops/master/fleet"
	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// ErrStopping says that the dispatcher takes no more calls.
var ErrStopping = errors.New("the master is shutting down")

// Publisher learns of events as soon as they are durable.
type Publisher interface {
	// Publish says that a workflow has new events. It must not block.
	Publish(workflowID string)
}

// Options of a dispatcher; all are required.
type Options struct {
	// Now is the master's clock.
	Now func() time.Time
	// Heartbeat is the period in which workers call.
	Heartbeat time.Duration
	// LeaseTTL is how long a lease lasts unrenewed; several heartbeats.
	LeaseTTL time.Duration
	// CancelGrace is how long a cancelled attempt may take before it is killed.
	CancelGrace time.Duration
	// MaxQueued bounds the waiting tasks beyond which nothing is submitted.
	MaxQueued int
	// MaxLogLine bounds a log line's bytes; longer ones are cut.
	MaxLogLine int
	// Publisher learns of events.
	Publisher Publisher
	// Logger takes what operators should know.
	Logger *slog.Logger
}

// Dispatcher hands tasks to workers. Its methods are safe for concurrent use.
type Dispatcher struct {
	store statestore.Store
	opts  Options

	// mu guards everything down to stopped; it is never held across a commit.
	mu        sync.Mutex
	queue     *queue.Queue
	fleet     *fleet.Fleet
	seats     map[string]*seat // by worker
	parked    list.List        // of *parked, longest first
	wakeAt    time.Time        // when the keeper wakes; zero: never
	admitting int              // submissions under way
	stopped   bool

	draining sync.Mutex // held while a drain is being stored
	commits  committer
	recorder *recorder
	poke     chan struct{} // tells the keeper to look again
	stopping chan struct{} // closed by Stop
	stopOnce sync.Once
	calls    sync.WaitGroup // calls being served
	tasks    sync.WaitGroup // the dispatcher's own goroutines
	cancel   context.CancelFunc
}

// seat is a worker's place at the dispatcher.
type seat struct {
	// turn is held by the one call that is being served.
	turn chan struct{}
	// parked is that call, while it waits.
	parked *parked
	// session is whose call was answered last, sent how often each directive of
	// that answer has been repeated, and drained what it said.
	session string
	sent    map[string]int
	drained bool
	// unsent are starts that were too much for that answer.
	unsent map[string]*mlopsv1.Directive
}

// New loads what the store has that is not final and starts the dispatcher. Held
// attempts get twice the usual lease, so that their workers have time to find the
// master again. Stop ends it.
func New(ctx context.Context, store statestore.Store, opts Options) (*Dispatcher, error) {
	d := &Dispatcher{
		store:    store,
		opts:     opts,
		queue:    queue.New(),
		fleet:    fleet.New(),
		seats:    map[string]*seat{},
		poke:     make(chan struct{}, 1),
		stopping: make(chan struct{}),
	}
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	d.commits.wake = make(chan struct{}, 1)
	d.recorder = newRecorder(store, opts)
	d.tasks.Go(func() { d.runCommitter(own) })
	d.tasks.Go(func() { d.runKeeper(own) })
	d.tasks.Go(func() { d.recorder.run(own) })
	return d, nil
}

// load fills memory from the store.
func (d *Dispatcher) load(ctx context.Context) error {
	now := d.opts.Now()
	for t, err := range d.store.Unfinished(ctx) {
		if err != nil {
			return fmt.Errorf("load unfinished tasks: %w", err)
		}
		if t.GetState() == mlopsv1.TaskState_TASK_STATE_QUEUED {
			d.queue.Put(queue.ItemOf(t))
			continue
		}
		d.fleet.Hold(t, now.Add(2*d.opts.LeaseTTL))
		d.fleet.Seen(t.GetWorkerId(), now)
	}
	drained, err := d.store.Drained(ctx)
	if err != nil {
		return fmt.Errorf("load drained workers: %w", err)
	}
	for _, id := range drained {
		d.fleet.Drain(id, true)
	}
	d.queue.Advance(now)
	return nil
}

// Quiesce stops granting and answers every waiting call; calls that arrive later
// get ErrStopping. It waits until the calls under way are answered.
func (d *Dispatcher) Quiesce() {
	d.mu.Lock()
	d.stopped = true
	d.stopOnce.Do(func() { close(d.stopping) })
	d.mu.Unlock()
	d.calls.Wait()
}

// Stop quiesces, stores what progress there is, and ends the dispatcher's
// goroutines. The store stays open.
func (d *Dispatcher) Stop() {
	d.Quiesce()
	d.cancel()
	d.tasks.Wait()
}

// enter counts a call in, unless the dispatcher stops.
func (d *Dispatcher) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return ErrStopping
	}
	d.calls.Add(1)
	return nil
}

func (d *Dispatcher) seatOf(workerID string) *seat {
	s := d.seats[workerID]
	if s == nil {
		s = &seat{turn: make(chan struct{}, 1)}
		d.seats[workerID] = s
	}
	return s
}

// publish tells watchers of what is durable.
func (d *Dispatcher) publish(changes ...statestore.Changes) {
	for _, c := range changes {
		if len(c.Events) > 0 {
			d.opts.Publisher.Publish(c.Events[0].GetWorkflowId())
		}
	}
}
