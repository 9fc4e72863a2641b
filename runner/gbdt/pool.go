package gbdt

import (
	"context"
	"sync"
	"sync/atomic"
)

// pool runs numbered tasks on a fixed set of goroutines. It belongs to one
// goroutine, which also works, and which must close it.
type pool struct {
	threads int
	wake    chan struct{}
	helpers sync.WaitGroup // lives of the helper goroutines
	busy    sync.WaitGroup // helpers still in the current call
	stopped atomic.Bool
	unwatch func() bool

	next  atomic.Int64
	tasks int
	run   func(worker, task int)
}

// newPool starts the helpers. Once ctx is done no further task starts.
func newPool(ctx context.Context, threads int) *pool {
	p := &pool{threads: threads, wake: make(chan struct{})}
	p.unwatch = context.AfterFunc(ctx, func() { p.stopped.Store(true) })
	for worker := 1; worker < threads; worker++ {
		p.helpers.Add(1)
		go func() {
			defer p.helpers.Done()
			for range p.wake {
				p.work(worker)
				p.busy.Done()
			}
		}()
	}
	return p
}

func (p *pool) close() {
	p.unwatch()
	close(p.wake)
	p.helpers.Wait()
}

// each runs the tasks 0 to n-1 and waits for them. The worker's number is
// below threads and never shared by two tasks at once. After the context is
// done the remaining tasks are left out: the caller must then drop the result.
func (p *pool) each(n int, run func(worker, task int)) {
	p.tasks, p.run = n, run
	p.next.Store(0)
	helpers := min(p.threads, n) - 1
	if helpers > 0 {
		p.busy.Add(helpers)
		for range helpers {
			p.wake <- struct{}{}
		}
	}
	p.work(0)
	p.busy.Wait()
}

func (p *pool) work(worker int) {
	for !p.stopped.Load() {
		task := int(p.next.Add(1)) - 1
		if task >= p.tasks {
			return
		}
		p.run(worker, task)
	}
}

// chunkRows is how many rows a task takes: small enough to stop soon.
const chunkRows = 1 << 14

func chunks(rows int) int { return (rows + chunkRows - 1) / chunkRows }

func chunk(task, rows int) (from, to int) {
	return task * chunkRows, min(rows, (task+1)*chunkRows)
}
