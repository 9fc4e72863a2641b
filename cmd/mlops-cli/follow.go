package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mlops/client"
	"mlops/cmd/mlops-cli/live"
	mlopsv1 "mlops/proto/mlops/v1"
)

// queuedPatience is how long a workflow may be queued before the user is told
// why.
const queuedPatience = 3 * time.Second

// cancelPatience is how long a cancelled workflow is waited for.
const cancelPatience = 30 * time.Second

// errLeft says that a workflow was left to its master.
var errLeft = errors.New("left running")

// follow shows a workflow's events until it is final and returns it then. An
// interrupt cancels the workflow or leaves it.
func (a *app) follow(ctx context.Context, c *connection, w *mlopsv1.Workflow) (*mlopsv1.Workflow, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	interrupted := make(chan struct{}, 1)
	before := a.handleInterrupt(func() { interrupted <- struct{}{} })
	defer func() { a.handleInterrupt(before) }()

	f := &following{app: a, connection: c, id: w.GetWorkflowId(), spec: w.GetSpec(), operation: w.GetOperation()}
	ended := make(chan error, 1)
	var watcher sync.WaitGroup
	watcher.Go(func() { ended <- f.watch(ctx) })
	defer watcher.Wait()
	defer stop(nil) // before the wait

	queued := time.NewTimer(queuedPatience)
	defer queued.Stop()
	var giveUp <-chan time.Time
	var answers <-chan string
	for {
		select {
		case err := <-ended:
			a.display.Close()
			if err != nil {
				return nil, err
			}
			return c.Wait(ctx, f.id)
		case <-queued.C:
			f.explainQueue(ctx)
		case <-interrupted:
			if !c.embedded && a.asks {
				answers = f.ask()
				continue
			}
			if !c.embedded {
				return nil, f.leave()
			}
			giveUp = f.cancel(ctx)
		case answer := <-answers:
			if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "c") {
				return nil, f.leave()
			}
			giveUp = f.cancel(ctx)
		case <-giveUp:
			return nil, fmt.Errorf("workflow %s did not end within %v of its cancellation", f.id, cancelPatience)
		}
	}
}

// followToSuccess is follow where anything but success is an error.
func (a *app) followToSuccess(ctx context.Context, c *connection, w *mlopsv1.Workflow) (*mlopsv1.Workflow, error) {
	w, err := a.follow(ctx, c, w)
	if err == nil && w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		err = &failure{w}
	}
	return w, err
}

// following is one workflow that is followed.
type following struct {
	app        *app
	connection *connection
	id         string
	operation  string
	spec       *mlopsv1.TaskSpec
	mu         sync.Mutex
	begun      bool // a worker runs it, or has
}

func (f *following) watch(ctx context.Context) error {
	var fanOut *live.FanOut
	asked := f.operation != "run"
	for event, err := range f.connection.Watch(ctx, f.id, 0) {
		if err != nil {
			return err
		}
		if event.GetTaskChanged().GetState() >= mlopsv1.TaskState_TASK_STATE_LEASED {
			f.mu.Lock()
			f.begun = true
			f.mu.Unlock()
		}
		if !asked && event.GetTaskId() != "" && !strings.HasSuffix(event.GetTaskId(), "/0") {
			asked = true
			// Without an answer each task's progress is shown for itself.
			if response, err := f.connection.Get(ctx, f.id); err == nil {
				fanOut = live.NewFanOut(response.GetTasks())
			}
		}
		if fanOut != nil {
			event = fanOut.Sum(event)
		}
		f.app.display.Event(event)
	}
	return nil
}

// explainQueue tells why no worker has taken the workflow yet.
func (f *following) explainQueue(ctx context.Context) {
	f.mu.Lock()
	begun := f.begun
	f.mu.Unlock()
	if begun {
		return
	}
	workers, err := f.connection.Workers(ctx)
	if errors.Is(err, client.ErrDenied) || ctx.Err() != nil {
		return // this caller may not know
	}
	if err != nil {
		f.app.display.Warn("the workflow is still queued, and the workers cannot be listed: %v", err)
		return
	}
	if reason := whyQueued(f.operation, f.spec, workers); reason != "" {
		f.app.display.Warn("%s", reason)
	}
}

func (f *following) cancel(ctx context.Context) <-chan time.Time {
	f.app.display.Warn("cancelling workflow %s (interrupt again to leave at once)", f.id)
	if _, err := f.connection.Cancel(ctx, f.id, "interrupted by the user"); err != nil {
		f.app.display.Warn("%v", err)
	}
	return time.After(cancelPatience)
}

func (f *following) leave() error {
	return &exitError{code: codeCancelled, reason: "left", err: fmt.Errorf(
		"%w: workflow %[2]s goes on; follow it with 'mlops-cli logs -f %[2]s', end it with 'mlops-cli cancel %[2]s'", errLeft, f.id)}
}

// ask puts the question of a first interrupt and returns where the answer comes.
func (f *following) ask() <-chan string {
	f.app.display.Close()
	fmt.Fprintf(f.app.stderr, "Cancel workflow %s, or leave it to the master? [c]ancel / [L]eave: ", f.id)
	answers := make(chan string, 1)
	// A read of a terminal cannot be called off; it ends with the process.
	go func() {
		line, err := bufio.NewReader(f.app.stdin).ReadString('\n')
		if err != nil && line == "" {
			line = "leave"
		}
		answers <- line
	}()
	return answers
}
