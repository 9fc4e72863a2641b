package profile

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"mlops/runner/table"
)

// blockRows is how many rows of a column one goroutine takes at a time. It is
// fixed, so that a profile does not depend on the number of threads.
const blockRows = 1 << 18

// Profile sums up a table.
type Profile struct {
	Rows    int64
	Columns []*Column // in the table's order
	// Predictions sums up what a model says of such rows; nil where none was asked.
	Predictions *Column
}

// Column returns the column of that name, or nil.
func (p *Profile) Column(name string) *Column {
	for _, c := range p.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Of sums up a table in one pass over its cells, blocks of columns in parallel.
func Of(ctx context.Context, t *table.Table) (*Profile, error) {
	p := &Profile{Rows: int64(t.NumRows()), Columns: make([]*Column, t.NumColumns())}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, cells := range t.Columns() {
		p.Columns[i] = newColumn(cells.Name(), cells.Kind())
		whole := &inOrder{column: p.Columns[i], waiting: make(map[int]*Column)}
		for low := 0; low < cells.Len(); low += blockRows {
			group.Go(func() error {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				return whole.merge(low/blockRows, OfColumn(cells.Slice(low, min(low+blockRows, cells.Len()))))
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("sum up the table's columns: %w", err)
	}
	return p, nil
}

// OfColumn sums up one column.
func OfColumn(cells *table.Column) *Column {
	c := newColumn(cells.Name(), cells.Kind())
	c.add(cells)
	return c
}

// inOrder merges the blocks of a column in their order, whichever is ready first.
type inOrder struct {
	mu      sync.Mutex
	column  *Column
	next    int
	waiting map[int]*Column
}

func (o *inOrder) merge(block int, c *Column) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting[block] = c
	for ; o.waiting[o.next] != nil; o.next++ {
		if err := o.column.Merge(o.waiting[o.next]); err != nil {
			return err
		}
		delete(o.waiting, o.next)
	}
	return nil
}

// Merge adds a profile of further rows. A column that only one of them has stays
// as it is, or is taken over.
func (p *Profile) Merge(other *Profile) error {
	p.Rows += other.Rows
	for _, c := range other.Columns {
		if err := merge(&p.Columns, p.Column(c.Name), c); err != nil {
			return err
		}
	}
	if other.Predictions == nil {
		return nil
	}
	var grown []*Column
	if err := merge(&grown, p.Predictions, other.Predictions); err != nil {
		return err
	}
	if len(grown) > 0 {
		p.Predictions = grown[0]
	}
	return nil
}

// merge adds a column to its like, or to the list where there is none.
func merge(list *[]*Column, into, c *Column) error {
	if into == nil {
		into = newColumn(c.Name, c.Kind)
		*list = append(*list, into)
	}
	return into.Merge(c)
}
