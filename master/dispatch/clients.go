package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/master/fleet"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// QueueFullError says that too many tasks wait for another to be submitted.
type QueueFullError struct{ Waiting int }

// Error says how many wait.
func (e *QueueFullError) Error() string {
	return fmt.Sprintf("queue is full: %d waiting", e.Waiting)
}

// Submit stores a workflow and queues its first task. It tells whether the
// idempotency key had been used before, and returns the earlier workflow then.
func (d *Dispatcher) Submit(ctx context.Context, w *mlopsv1.Workflow) (*mlopsv1.Workflow, bool, error) {
	if err := d.enter(); err != nil {
		return nil, false, err
	}
	defer d.calls.Done()
	if err := d.admit(); err != nil {
		return nil, false, err
	}
	// The client may leave, but what becomes durable must reach the queue.
	ctx = context.WithoutCancel(ctx)
	changes, existed, err := d.store.Submit(ctx, statestore.Submission{Workflow: w})
	if err != nil && !errors.Is(err, statestore.ErrKeyReused) {
		// Whether it is durable is not known: if it is, it must reach the queue.
		if tasks, again := d.store.Tasks(ctx, w.GetWorkflowId(), 0); again == nil {
			changes.Tasks = tasks
		}
	}
	d.mu.Lock()
	d.admitting--
	if !existed {
		d.absorb(changes.Tasks)
		d.kick()
	}
	d.mu.Unlock()
	if err != nil {
		return nil, false, err
	}
	d.publish(changes)
	return changes.Workflow, existed, nil
}

// admit counts a submission in unless the queue is full.
func (d *Dispatcher) admit() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if waiting := d.queue.Len() + d.admitting; waiting >= d.opts.MaxQueued {
		return &QueueFullError{Waiting: waiting}
	}
	d.admitting++
	return nil
}

// Cancel asks for a workflow's end. A workflow that is final or already on its way
// is left as it is.
func (d *Dispatcher) Cancel(workflowID, reason string) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.calls.Done()
	var result error
	err := d.commit([]statestore.Command{{CancelWorkflow: workflowID, Reason: reason}}, func(outcomes []outcome) {
		result = outcomes[0].Err
	})
	var refused *statestore.RefusedError
	if err == nil && !errors.As(result, &refused) {
		err = result
	}
	return err
}

// Report takes in what running attempts say. Reports of attempts that the worker
// does not hold are ignored.
func (d *Dispatcher) Report(req *mlopsv1.ReportProgressRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, rep := range req.GetReports() {
		a := d.fleet.Attempt(rep.GetRef().GetTaskId())
		if a.Is(rep.GetRef()) && a.WorkerID == req.GetWorkerId() {
			d.recorder.take(a.WorkflowID, rep)
		}
	}
}

// Progress returns the newest progress of a workflow's running tasks, by task.
func (d *Dispatcher) Progress(workflowID string) map[string]*mlopsv1.Progress {
	return d.recorder.newest(workflowID)
}

// Drain keeps new work from a worker, or lifts that; it returns the worker, or
// statestore.ErrNotFound if it is not known.
func (d *Dispatcher) Drain(ctx context.Context, workerID string, drained bool) (*mlopsv1.WorkerInfo, error) {
	d.mu.Lock()
	known := d.fleet.Find(workerID) != nil
	d.mu.Unlock()
	if !known {
		return nil, statestore.ErrNotFound
	}
	// One at a time, so that memory follows the order of the commits.
	d.draining.Lock()
	defer d.draining.Unlock()
	if err := d.store.SetDrained(context.WithoutCancel(ctx), workerID, drained); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fleet.Drain(workerID, drained)
	d.wake(workerID)
	return d.info(workerID), nil
}

// Workers returns the workers that are known, by id.
func (d *Dispatcher) Workers() []*mlopsv1.WorkerInfo {
	d.mu.Lock()
	defer d.mu.Unlock()
	var infos []*mlopsv1.WorkerInfo
	for _, w := range d.fleet.Workers() {
		infos = append(infos, d.info(w.ID))
	}
	return infos
}

// info describes a worker that is known. The caller holds the lock.
func (d *Dispatcher) info(workerID string) *mlopsv1.WorkerInfo {
	w := d.fleet.Find(workerID)
	silent := d.silent(w)
	info := &mlopsv1.WorkerInfo{
		WorkerId:         w.ID,
		SessionId:        w.SessionID,
		State:            stateOf(w.Drained, w.Draining, silent > d.opts.LeaseTTL),
		Slots:            int32(w.Slots),
		InteractiveSlots: int32(w.InteractiveSlots),
		Capabilities:     w.Profile.CapabilityNames(),
		Labels:           w.Profile.Labels,
		Version:          w.Version,
		LastSeen:         durationpb.New(silent.Round(time.Millisecond)),
		HostId:           w.HostID,
		Hostname:         w.Hostname,
	}
	for _, a := range w.Attempts() {
		info.Tasks = append(info.Tasks, a.TaskID)
	}
	return info
}

// silent is how long a worker has not been heard of; one whose call is held is not
// silent. The caller holds the lock.
func (d *Dispatcher) silent(w *fleet.Worker) time.Duration {
	if s := d.seats[w.ID]; s != nil && s.parked != nil {
		return 0
	}
	return max(d.opts.Now().Sub(w.LastSeen), 0)
}

func stateOf(drained, draining, lost bool) string {
	switch {
	case lost:
		return "lost"
	case drained:
		return "drained"
	case draining:
		return "draining"
	default:
		return "ready"
	}
}
