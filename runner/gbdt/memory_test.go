//go:build !race

package gbdt

import (
	"context"
	"runtime"
	"testing"
)

// Dense data of 255 bins takes at most 1.3 bytes a value.
func TestDatasetTakesLittleMemory(t *testing.T) {
	const rows, columns = 700_000, 28
	features, _ := plainData(rows, columns, 4)
	label := make([]float64, rows)
	for i := range label {
		label[i] = oneIf(features[0].Values[i] > features[1].Values[i])
	}
	p := DefaultParams()
	p.Objective = Binary
	before := heapInUse()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	if d.order == nil {
		t.Fatal("the rows were not ordered: the dearest kind of data is not measured")
	}
	used := float64(heapInUse()-before) / rows / columns
	runtime.KeepAlive([]any{d, features, label})
	t.Logf("%.3f bytes a value", used)
	if used > 1.3 {
		t.Errorf("a dataset takes %.3f bytes a value", used)
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// An iteration allocates its tree and little besides, however many rows there
// are: at most allocatedPerTree bytes with 31 leaves and two threads.
const allocatedPerTree = 150_000

func TestAllocationOfAnIterationDoesNotGrowWithTheRows(t *testing.T) {
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
