package etl

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"mlops/runner/table"
)

// Tables streams an input that is a table in batches of so many rows: for an
// [Extractor]. Errors call it by its location.
func Tables(ctx context.Context, w *Work, in Input, rows int, o table.ReadOptions) Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		file, err := w.Open(ctx, in)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		if o.Name == "" {
			o.Name = in.Location
		}
		if o.Workers == 0 {
			o.Workers = 1 // the items are what runs at once
		}
		for t, err := range table.Batches(ctx, file, file.Size(), rows, o) {
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// PartCompression is for the Parquet of an item's part of something, and of other
// small files: of a few kilobytes zstd makes hardly less, and costs an encoder each.
const PartCompression = "snappy"

// CreateTable makes an output of a table that comes in batches, and counts its
// rows. There must be a batch, which may have no rows. Row groups of Parquet wait in
// the attempt's scratch directory.
func (w *Work) CreateTable(ctx context.Context, name string, in Batches[*table.Table], o table.WriteOptions) error {
	if o.Format == "" {
		format, err := table.FormatOf(name)
		if err != nil {
			return err
		}
		o.Format = format
	}
	o.Scratch = cmp.Or(w.job.env.ScratchDir, os.TempDir())
	rows := int64(0)
	err := w.Create(ctx, name, func(out io.Writer) error {
		rows = 0
		tw, err := table.NewWriter(out, o)
		if err != nil {
			return err
		}
		defer tw.Discard() // after Close it does nothing
		for t, err := range in {
			if err != nil {
				return err
			}
			if err := tw.Write(t); err != nil {
				return err
			}
			rows += int64(t.NumRows())
		}
		return tw.Close()
	})
	if err != nil {
		return err
	}
	w.AddRows(rows)
	return nil
}

// OutputTables streams the outputs of items which are tables, one after another
// in the items' order: for a [Gatherer]. pick chooses an outcome's output; nil
// leaves the item out. Only the columns that are named are read, all where none is.
func OutputTables(ctx context.Context, w *Work, outcomes []Outcome, rows int, pick func(o Outcome) *Output, columns ...string) Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		for _, o := range outcomes {
			out := pick(o)
			if out == nil {
				continue
			}
			for t, err := range outputTable(ctx, w, *out, rows, columns) {
				if err != nil {
					err = fmt.Errorf("%s: %w", o.Item, err)
				}
				if !yield(t, err) || err != nil {
					return
				}
			}
		}
	}
}

func outputTable(ctx context.Context, w *Work, o Output, rows int, columns []string) Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		file, err := w.OpenOutput(ctx, o)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		for t, err := range table.Batches(ctx, file, file.Size(), rows, table.ReadOptions{Name: o.Path, Workers: 1, Columns: columns}) {
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}
