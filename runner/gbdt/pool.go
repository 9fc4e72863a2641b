package gbdt

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// pool runs numbered tasks on a fixed set of goroutines. It belongs to one
// goroutine, which also works, and which must close it.
type pool struct {
	threads int
	spins   int // looks at memory before going to sleep
	current atomic.Pointer[job]
	helpers sync.WaitGroup
	stopped atomic.Bool
	unwatch func() bool

	sleepers atomic.Int32
	lock     sync.Mutex
	wake     *sync.Cond // of helpers without work
}

// job is one call of each.
type job struct {
	run   func(worker, task int)
	tasks int64
	next  atomic.Int64
	open  atomic.Int64 // tasks that are not done
	// asleep is true once the caller waits for done instead of open.
	asleep atomic.Bool
	done   chan struct{}
}

// spinLooks is about a tenth of a millisecond: jobs come quickly one after another, and
// waking a thread takes longer than most of them. Spinning for longer would take
// the processor from others.
const spinLooks = 200_000

// newPool starts the helpers. Once ctx is done no further task starts.
func newPool(ctx context.Context, threads int) *pool {
	p := &pool{threads: threads}
	if threads <= runtime.GOMAXPROCS(0) {
		p.spins = spinLooks
	}
	p.wake = sync.NewCond(&p.lock)
	p.unwatch = context.AfterFunc(ctx, func() { p.stopped.Store(true) })
	for worker := 1; worker < threads; worker++ {
		p.helpers.Go(func() { p.help(worker) })
	}
	return p
}

func (p *pool) close() {
	p.unwatch()
	if p.threads > 1 {
		p.publish(&job{}, true)
	}
	p.helpers.Wait()
}

// rouse wakes the helpers, for small work to come.
func (p *pool) rouse() { p.publish(&job{run: func(int, int) {}}, true) }

func (p *pool) publish(j *job, wake bool) {
	p.current.Store(j)
	if wake && p.sleepers.Load() > 0 {
		p.lock.Lock()
		p.wake.Broadcast()
		p.lock.Unlock()
	}
}

// help works on one job after another until one without work ends it.
func (p *pool) help(worker int) {
	var last *job
	for {
		j := p.await(last)
		if j.run == nil {
			return
		}
		p.work(worker, j)
		last = j
	}
}

// await gives the first job that is not last: spinning at first, then asleep.
func (p *pool) await(last *job) *job {
	for range p.spins {
		if j := p.current.Load(); j != last {
			return j
		}
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.sleepers.Add(1)
	defer p.sleepers.Add(-1)
	for {
		if j := p.current.Load(); j != last {
			return j
		}
		p.wake.Wait()
	}
}

// each runs the tasks 0 to n-1 and waits for them. The worker's number is
// below threads and never shared by two tasks at once. After the context is
// done the remaining tasks are left out: the caller must then drop the result.
//
// It waits for tasks, not for helpers: on a busy machine a helper that comes
// late finds the job done and holds nobody up.
func (p *pool) each(n int, run func(worker, task int)) { p.share(n, true, run) }

// share is each for work that is, unless wake is true, too small to wake a
// helper for: only those that are awake take part.
func (p *pool) share(n int, wake bool, run func(worker, task int)) {
	if n == 1 || p.threads == 1 {
		for task := range n {
			if !p.stopped.Load() {
				run(0, task)
			}
		}
		return
	}
	j := &job{run: run, tasks: int64(n), done: make(chan struct{}, 1)}
	j.open.Store(int64(n))
	p.publish(j, wake)
	p.work(0, j)
	for range p.spins {
		if j.open.Load() == 0 {
			return
		}
	}
	j.asleep.Store(true)
	if j.open.Load() > 0 {
		<-j.done
	}
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
		if j.open.Add(-1) == 0 && j.asleep.Load() {
			j.done <- struct{}{}
		}
	}
}

// chunkRows is how many rows a task takes: small enough to stop soon.
const chunkRows = 1 << 14

func chunks(rows int) int { return (rows + chunkRows - 1) / chunkRows }

func chunk(task, rows int) (from, to int) {
	return task * chunkRows, min(rows, (task+1)*chunkRows)
}

// pieceRows is chunkRows where small data, too, is worth sharing, and where no
// sum of float64 depends on where the rows are cut.
const pieceRows = 1 << 11

func pieces(rows int) int { return (rows + pieceRows - 1) / pieceRows }

func piece(task, rows int) (from, to int) {
	return task * pieceRows, min(rows, (task+1)*pieceRows)
}

// eachPiece shares out the pieces of rows.
func (p *pool) eachPiece(rows int, run func(task, from, to int)) {
	p.share(pieces(rows), rows >= chunkRows, func(_, task int) {
		from, to := piece(task, rows)
		run(task, from, to)
	})
}
