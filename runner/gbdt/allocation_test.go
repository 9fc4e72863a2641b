package gbdt

import (
	"context"
	"runtime"
	"testing"
)

// An iteration allocates its tree and little besides, however many rows there
// are: at most allocatedPerTree bytes with 31 leaves and two threads.
const allocatedPerTree = 150_000

func TestAllocationOfAnIterationDoesNotGrowWithTheRows(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates, too")
	}
	for _, rows := range []int{20_000, 160_000} {
		features, _, label := benchmarkData(rows, 10)
		p := DefaultParams()
		p.Objective, p.NumThreads = Binary, 2
		d, err := NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		allocated := func(trees int) float64 {
			p.NumIterations = trees
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := Train(context.Background(), d, nil, p); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return float64(after.TotalAlloc - before.TotalAlloc)
		}
		perTree := (allocated(40) - allocated(20)) / 20
		t.Logf("%d rows: %.0f bytes a tree", rows, perTree)
		if perTree > allocatedPerTree {
			t.Errorf("%d rows: an iteration allocates %.0f bytes, more than %d", rows, perTree, allocatedPerTree)
		}
	}
}
