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
	jobs    chan *job
	helpers sync.WaitGroup
	stopped atomic.Bool
	unwatch func() bool
}

// job is one call of each.
type job struct {
	run   func(worker, task int)
	tasks int64
	next  atomic.Int64
	open  sync.WaitGroup // tasks that are not done
}

// newPool starts the helpers. Once ctx is done no further task starts.
func newPool(ctx context.Context, threads int) *pool {
	p := &pool{threads: threads, jobs: make(chan *job, threads)}
	p.unwatch = context.AfterFunc(ctx, func() { p.stopped.Store(true) })
	for worker := 1; worker < threads; worker++ {
		p.helpers.Go(func() {
			for j := range p.jobs {
				p.work(worker, j)
			}
		})
	}
	return p
}

func (p *pool) close() {
	p.unwatch()
	close(p.jobs)
	p.helpers.Wait()
}

// each runs the tasks 0 to n-1 and waits for them. The worker's number is
// below threads and never shared by two tasks at once. After the context is
// done the remaining tasks are left out: the caller must then drop the result.
//
// It waits for tasks, not for helpers: on a busy machine a helper that comes
// late finds the job done and holds nobody up.
func (p *pool) each(n int, run func(worker, task int)) {
	j := &job{run: run, tasks: int64(n)}
	j.open.Add(n)
	for range min(p.threads, n) - 1 {
		select {
		case p.jobs <- j:
		default: // all helpers have work waiting
		}
	}
	p.work(0, j)
	j.open.Wait()
}

func (p *pool) work(worker int, j *job) {
	for {
		task := j.next.Add(1) - 1
		if task >= j.tasks {
			return
		}
		if !p.stopped.Load() {
			j.run(worker, int(task))
		}
		j.open.Done()
	}
}

// chunkRows is how many rows a task takes: small enough to stop soon.
const chunkRows = 1 << 14

func chunks(rows int) int { return (rows + chunkRows - 1) / chunkRows }

func chunk(task, rows int) (from, to int) {
	return task * chunkRows, min(rows, (task+1)*chunkRows)
}
