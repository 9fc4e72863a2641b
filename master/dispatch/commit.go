package dispatch

import (
	"context"
	"errors"
	"sync"

	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// maxBatch bounds the commands of one Apply.
const maxBatch = 4096

// committer gathers changes for the one goroutine that commits them.
type committer struct {
	mu      sync.Mutex
	waiting []*change
	closed  bool
	wake    chan struct{}
}

// change is a set of commands that are committed together.
type change struct {
	commands []statestore.Command
	// settle runs under the dispatcher's lock once memory has taken the outcomes,
	// one for each command. If the store failed, each outcome has its error.
	settle func([]statestore.Outcome)
	done   chan struct{}
	err    error
}

// commit carries out commands and waits until they are durable and settled. The
// error is the store's; refusals are in the outcomes.
func (d *Dispatcher) commit(commands []statestore.Command, settle func([]statestore.Outcome)) error {
	c := &change{commands: commands, settle: settle, done: make(chan struct{})}
	d.commits.mu.Lock()
	if d.commits.closed {
		d.commits.mu.Unlock()
		return ErrStopping
	}
	d.commits.waiting = append(d.commits.waiting, c)
	d.commits.mu.Unlock()
	select {
	case d.commits.wake <- struct{}{}:
	default:
	}
	<-c.done
	return c.err
}

// runCommitter commits what waits, in order, until ctx ends; what waits then is
// still committed.
func (d *Dispatcher) runCommitter(ctx context.Context) {
	for {
		if batch := d.commits.next(); len(batch) > 0 {
			d.commitBatch(context.WithoutCancel(ctx), batch)
			continue
		}
		select {
		case <-d.commits.wake:
		case <-ctx.Done():
			if d.commits.close() {
				return
			}
		}
	}
}

// next takes as many changes as one Apply may carry.
func (c *committer) next() []*change {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, commands := 0, 0
	for n < len(c.waiting) && (n == 0 || commands+len(c.waiting[n].commands) <= maxBatch) {
		commands += len(c.waiting[n].commands)
		n++
	}
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return batch
}

// close refuses further changes, unless some wait.
func (c *committer) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = len(c.waiting) == 0
	return c.closed
}

func (d *Dispatcher) commitBatch(ctx context.Context, batch []*change) {
	var commands []statestore.Command
	for _, c := range batch {
		commands = append(commands, c.commands...)
	}
	outcomes, err := d.store.Apply(ctx, d.opts.Now(), commands...)
	if err != nil {
		d.opts.Logger.Error("state store failed", "doing", "apply", "commands", len(commands), "error", err)
		outcomes = make([]statestore.Outcome, len(commands))
		for i := range outcomes {
			outcomes[i].Err = err
		}
	}
	truth := d.reread(ctx, commands, outcomes)

	d.mu.Lock()
	for _, o := range outcomes {
		d.absorb(o.Changes.Tasks)
	}
	d.absorb(truth)
	at := 0
	for _, c := range batch {
		c.err = err
		if c.settle != nil {
			c.settle(outcomes[at : at+len(c.commands)])
		}
		at += len(c.commands)
	}
	d.kick()
	d.mu.Unlock()

	for _, o := range outcomes {
		d.publish(o.Changes)
	}
	for _, c := range batch {
		close(c.done)
	}
}

// reread reads the tasks anew whose memory may be wrong: after a failed Apply it
// is not known what is durable, and a refused grant says that the queue's entry
// was out of date.
func (d *Dispatcher) reread(ctx context.Context, commands []statestore.Command, outcomes []statestore.Outcome) []*mlopsv1.Task {
	var tasks []*mlopsv1.Task
	for i, o := range outcomes {
		_, grant := commands[i].Event.(statestore.Grant)
		if o.Err == nil || !grant && !storeFailed(o.Err) {
			continue
		}
		if id := commands[i].CancelWorkflow; id != "" {
			if all, err := d.store.Tasks(ctx, id, 0); err == nil {
				tasks = append(tasks, all...)
			}
			continue
		}
		if t, err := d.store.Task(ctx, commands[i].TaskID); err == nil {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// storeFailed tells a failing store from a refused command.
func storeFailed(err error) bool {
	var refused *statestore.RefusedError
	return err != nil && !errors.As(err, &refused) && !errors.Is(err, statestore.ErrNotFound)
}

// absorb lets memory take tasks as they were committed. The caller holds the lock.
func (d *Dispatcher) absorb(tasks []*mlopsv1.Task) {
	for _, t := range tasks {
		id := t.GetTaskId()
		switch t.GetState() {
		case mlopsv1.TaskState_TASK_STATE_QUEUED:
			d.dropAttempt(id)
			item := queue.ItemOf(t)
			d.queue.Put(item)
			d.schedule(item.NotBefore)
		case mlopsv1.TaskState_TASK_STATE_LEASED, mlopsv1.TaskState_TASK_STATE_RUNNING:
			d.queue.Remove(id)
			had := d.fleet.Attempt(id)
			wasCancelled := had != nil && had.CancelRequested
			a := d.fleet.Hold(t, d.opts.Now().Add(d.opts.LeaseTTL))
			if a != had {
				d.schedule(a.Expires)
			}
			if a.CancelRequested && !wasCancelled {
				d.wake(a.WorkerID)
			}
		default:
			d.queue.Remove(id)
			d.dropAttempt(id)
		}
	}
}

// dropAttempt forgets a task's attempt and wakes its worker, which may hold it.
func (d *Dispatcher) dropAttempt(taskID string) {
	if a := d.fleet.Attempt(taskID); a != nil {
		d.fleet.Drop(taskID)
		d.recorder.drop(taskID)
		d.wake(a.WorkerID)
	}
}
