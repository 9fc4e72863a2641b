package table

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// join settles each column's kind over all chunks and makes the columns. Where a
// column turns out to hold text, chunks that took their part of it for something
// else are read again: so the text of numbers need never be kept.
func (c *csvReader) join(ctx context.Context) (*Table, error) {
	kinds := make([]Kind, len(c.picked))
	for k, j := range c.picked {
		if kind, forced := c.opts.Types[c.names[j]]; forced {
			kinds[k] = kind
		} else {
			kinds[k] = columnKind(c.column(k))
		}
	}
	if err := c.reread(ctx, kinds); err != nil {
		return nil, err
	}
	columns := make([]*Column, len(c.picked))
	group := new(errgroup.Group)
	group.SetLimit(c.opts.Workers)
	for k, j := range c.picked {
		pieces := c.column(k)
		for _, chunk := range c.chunks {
			chunk.pieces[k] = piece{} // the copies just made own the cells
		}
		group.Go(func() error {
			columns[k] = joinPieces(c.names[j], kinds[k], pieces)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	t, err := New(columns...)
	if err != nil {
		return nil, c.opts.wrap(err)
	}
	if len(columns) == 0 {
		for _, chunk := range c.chunks {
			t.rows += chunk.rows
		}
	}
	return t, nil
}

// column collects the pieces of picked column k.
func (c *csvReader) column(k int) []piece {
	pieces := make([]piece, len(c.chunks))
	for i, chunk := range c.chunks {
		pieces[i] = chunk.pieces[k]
	}
	return pieces
}

// reread reads again, as text, the pieces of text columns that lack it.
func (c *csvReader) reread(ctx context.Context, kinds []Kind) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.opts.Workers)
	var tokenizers sync.Pool
	for _, chunk := range c.chunks {
		var lacking []int
		for k, kind := range kinds {
			if kind == String && chunk.pieces[k].lacksText() {
				lacking = append(lacking, k)
			}
		}
		if lacking == nil {
			continue
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return c.opts.wrap(err)
			}
			t, _ := tokenizers.Get().(*tokenizer)
			if t == nil {
				t = newTokenizer(c.opts.Name, c.delimiter, len(c.names), c.opts.MaxCellBytes)
			}
			defer tokenizers.Put(t)
			data := make([]byte, chunk.length)
			if err := readFull(c.r, data, chunk.offset); err != nil {
				return c.opts.wrap(err)
			}
			var columns csvColumns
			if err := c.cells(t, &columns, span{chunk.offset, data}); err != nil || t.rows != chunk.rows {
				return c.opts.wrap(fmt.Errorf("the input changed while it was being read"))
			}
			for _, k := range lacking {
				chunk.pieces[k], _ = columns.force(c.picked[k], String)
			}
			return nil
		})
	}
	return group.Wait()
}
