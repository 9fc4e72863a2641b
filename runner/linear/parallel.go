package linear

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs the tasks 0 to n-1 on as many goroutines as GOMAXPROCS and waits
// for them. How the work is cut into tasks must not depend on the number of
// goroutines, and each task writes where no other does: then neither does the
// result. Once ctx is done no further task starts, and ctx's error is returned.
func parallel(ctx context.Context, n int, run func(task int)) error {
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			task := int(next.Add(1)) - 1
			if task >= n {
				return
			}
			run(task)
		}
	}
	var helpers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	return ctx.Err()
}

// The work of one task, small enough to stop soon and large enough to be worth
// handing out.
const (
	taskRows   = 1 << 14
	taskValues = 1 << 18
)

// perColumn runs column for each of n columns of rows rows.
func perColumn(ctx context.Context, n, rows int, column func(j int)) error {
	batch := max(1, min(n, taskValues/max(1, rows)))
	return parallel(ctx, (n+batch-1)/batch, func(task int) {
		for j := task * batch; j < min(n, (task+1)*batch); j++ {
			column(j)
		}
	})
}

// perRows runs chunk for the rows from … to-1 of each task.
func perRows(ctx context.Context, rows int, chunk func(task, from, to int)) error {
	return parallel(ctx, rowTasks(rows), func(task int) {
		chunk(task, task*taskRows, min(rows, (task+1)*taskRows))
	})
}

func rowTasks(rows int) int { return (rows + taskRows - 1) / taskRows }
