package gbdt

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// stoppingColumn cancels at the end of its countdown, while it is being read.
type stoppingColumn struct {
	Column
	countdown *atomic.Int64
	cancel    context.CancelFunc
}

func (c stoppingColumn) Read(from int, buffer []float64) []float64 {
	if c.countdown.Add(-1) == 0 {
		c.cancel()
	}
	return c.Column.Read(from, buffer)
}

// A cancel at any moment of binning is an error, whatever is half done by then.
func TestBinningIsCancelledAtAnyMoment(t *testing.T) {
	features, label := mixedData(3000)
	p := DefaultParams()
	p.NumThreads = 1
	reference, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	ordered, orderedLabel, _ := orderedData(orderBytes/16 + 777)
	for name, c := range map[string]struct {
		features []Feature
		step     int
		bin      func(ctx context.Context, f []Feature) (*Dataset, error)
	}{
		"training": {features, 41, func(ctx context.Context, f []Feature) (*Dataset, error) { return NewDataset(ctx, f, label, nil, p) }},
		"validation": {features, 41, func(ctx context.Context, f []Feature) (*Dataset, error) {
			return NewValidation(ctx, reference, f, label, nil)
		}},
		"ordered": {ordered, 4001, func(ctx context.Context, f []Feature) (*Dataset, error) {
			return NewDataset(ctx, f, orderedLabel, nil, p)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for after := 1; ; after += c.step {
				ctx, cancel := context.WithCancel(context.Background())
				var countdown atomic.Int64
				countdown.Store(int64(after))
				stopping := make([]Feature, len(c.features))
				for i, f := range c.features {
					stopping[i] = Feature{Name: f.Name, Column: stoppingColumn{floats(f.Values), &countdown, cancel}, Categorical: f.Categorical}
				}
				d, err := c.bin(ctx, stopping)
				cancel()
				if countdown.Load() > 0 {
					return // nothing was left to cancel
				}
				if !errors.Is(err, context.Canceled) || d != nil {
					t.Fatalf("cancelled at read %d: %v", after, err)
				}
			}
		})
	}
}

// The tree that orders the rows, and the ordering, are cancelled too.
func TestOrderingIsCancelled(t *testing.T) {
	features, label, _ := orderedData(orderBytes/16 + 777)
	p := DefaultParams()
	p.NumThreads, p.Objective = 2, Binary
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	d.restoreOrder()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	workers := newPool(ctx, 2)
	defer workers.close()
	for !workers.stopped.Load() { // set by the context in its own time
	}
	if err := d.orderRows(ctx, &p, workers); !errors.Is(err, context.Canceled) || d.order != nil {
		t.Errorf("got %v", err)
	}
	if tree, err := d.orderingTree(context.Background(), &p, newStarted(t)); err != nil {
		t.Error(err)
	} else if place := d.rowsByLeaf(tree, workers); place != nil {
		t.Error("rows have places though nobody worked")
	}
}

func newStarted(t *testing.T) *pool {
	workers := newPool(context.Background(), 1)
	t.Cleanup(workers.close)
	return workers
}
