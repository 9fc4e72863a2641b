package neural

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
	stopped atomic.Bool // the context is done
	unwatch func() bool
}

// job is one call of each.
type job struct {
	run  func(worker, task int)
	n    int64
	next atomic.Int64
	open sync.WaitGroup // tasks that are not done
}

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

// each runs the tasks 0 to n-1 and waits for them, though not for helpers that come
// late and find nothing to do. The worker's number is below threads and never
// shared by two tasks at once. After the context is done the remaining tasks are
// left out: the caller must then drop the result.
func (p *pool) each(n int, run func(worker, task int)) {
	if n == 1 || p.threads == 1 {
		for task := range n {
			if !p.stopped.Load() {
				run(0, task)
			}
		}
		return
	}
	j := &job{run: run, n: int64(n)}
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
		if task >= j.n {
			return
		}
		if !p.stopped.Load() {
			j.run(worker, int(task))
		}
		j.open.Done()
	}
}
