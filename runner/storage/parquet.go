package storage

import (
	"context"
	"io"
	"iter"

	"mlops/runner/table"
)

// parquetFiles are the files that [Opener.ListParquetFiles] yields.
const parquetFiles = "**/*.{parquet,pq}"

// ReadParquet reads a Parquet file: the named columns in their order, or all where none
// is named. Errors are those of [Opener.Open] and [table.Read].
func (o *Opener) ReadParquet(ctx context.Context, location string, columns ...string) (*table.Table, error) {
	r, err := o.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return table.Read(ctx, r, r.Size(), table.ReadOptions{Name: location, Format: table.Parquet, Columns: columns})
}

// WriteParquet makes a Parquet file of a table, whole or not at all.
func (o *Opener) WriteParquet(ctx context.Context, location string, t *table.Table) error {
	return o.WriteAtomic(ctx, location, func(w io.Writer) error {
		return table.Write(w, t, table.WriteOptions{Format: table.Parquet})
	})
}

// ListParquetFiles yields what [Opener.List] does of the files beneath a folder, at any
// depth, that end in .parquet or .pq.
func (o *Opener) ListParquetFiles(ctx context.Context, folder string) iter.Seq2[Entry, error] {
	return o.Glob(ctx, folder, parquetFiles)
}
