package gbdt

import (
	"context"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// Every task runs once, whether helpers spin, sleep, or there are none; the
// worker's numbers are never shared.
func TestPoolRunsEachTaskOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, threads := range []int{1, 2, 3, 8} {
		for _, wake := range []bool{true, false} {
			p := newPool(context.Background(), threads)
			busy := make([]atomic.Int32, threads)
			for n := range 200 {
				ran := make([]atomic.Int32, n)
				p.share(n, wake, func(worker, task int) {
					if busy[worker].Add(1) != 1 {
						t.Errorf("worker %d has two tasks at once", worker)
					}
					ran[task].Add(1)
					busy[worker].Add(-1)
				})
				for task := range ran {
					if ran[task].Load() != 1 {
						t.Fatalf("%d threads: task %d of %d ran %d times", threads, task, n, ran[task].Load())
					}
				}
			}
			p.close()
		}
	}
}

func TestPoolStopsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(context.Background())
	p := newPool(ctx, 2)
	defer p.close()
	var ran atomic.Int32
	p.each(1000, func(int, int) {
		cancel()
		for !p.stopped.Load() {
		}
		ran.Add(1)
	})
	if n := ran.Load(); n > 2 {
		t.Errorf("%d tasks ran after the context was done", n)
	}
}
