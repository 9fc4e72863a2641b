package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"
)

// readParquet reads the picked columns of every row group, each column of each
// group by itself, so that groups and columns spread over the workers.
func readParquet(ctx context.Context, r io.ReaderAt, size int64, opts ReadOptions) (*Table, error) {
	file, leaves, err := openLeaves(r, size, &opts)
	if err != nil {
		return nil, err
	}
	pieces, err := readLeaves(ctx, parquetSource{r, size, file}, leaves, &opts)
	if err != nil {
		return nil, err
	}
	columns := make([]*Column, len(leaves))
	for k, leaf := range leaves {
		kind := leaf.kind
		if hasValues(pieces[k]) {
			kind = columnKind(pieces[k])
		}
		columns[k] = joinPieces(leaf.name, kind, pieces[k])
		if want, forced := opts.Types[leaf.name]; forced {
			if columns[k], err = columns[k].convert(want, opts.Name); err != nil {
				return nil, err
			}
		}
	}
	t, err := New(columns...)
	if err != nil {
		return nil, &CorruptError{File: opts.Name, Err: err}
	}
	if len(columns) == 0 {
		t.rows = int(file.NumRows())
	}
	return t, nil
}

// openLeaves opens a file and picks its columns, in the order asked for.
func openLeaves(r io.ReaderAt, size int64, opts *ReadOptions) (*parquet.File, []*parquetLeaf, error) {
	file, err := openParquet(r, size)
	if err != nil {
		return nil, nil, &CorruptError{File: opts.Name, Err: err}
	}
	switch rows := file.NumRows(); {
	case rows < 0:
		return nil, nil, &CorruptError{File: opts.Name, Err: fmt.Errorf("%d rows are promised", rows)}
	case rows > opts.MaxRows:
		return nil, nil, &LimitError{File: opts.Name, What: "rows", Limit: opts.MaxRows}
	}
	if err := checkRows(file, size); err != nil {
		return nil, nil, &CorruptError{File: opts.Name, Err: err}
	}
	fields := file.Root().Columns()
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name()
	}
	if err := opts.checkHeader(names); err != nil {
		return nil, nil, err
	}
	picked, err := opts.pick(names)
	if err != nil {
		return nil, nil, err
	}
	if err := refuseNested(*opts, fields, picked); err != nil {
		return nil, nil, err
	}
	leaves := make([]*parquetLeaf, len(picked))
	for k, i := range picked {
		if leaves[k], err = newParquetLeaf(fields[i]); err != nil {
			return nil, nil, opts.wrap(err)
		}
	}
	return file, leaves, nil
}

// parquetSource is an opened file with its bytes.
type parquetSource struct {
	r    io.ReaderAt
	size int64
	file *parquet.File
}

// readLeaves returns the pieces of each column, one a row group.
func readLeaves(ctx context.Context, source parquetSource, leaves []*parquetLeaf, opts *ReadOptions) ([][]piece, error) {
	groups := source.file.RowGroups()
	pieces := make([][]piece, len(leaves))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(opts.Workers)
	for k, leaf := range leaves {
		pieces[k] = make([]piece, len(groups))
		for g, rows := range groups {
			group.Go(func() error {
				if err := ctx.Err(); err != nil {
					return opts.wrap(err)
				}
				err := source.check(leaf.index, g)
				var p piece
				if err == nil {
					p, err = leaf.read(rows, opts)
				}
				if err != nil {
					return wrapParquet(opts.Name, fmt.Sprintf("column %q, row group %d", leaf.name, g+1), err)
				}
				pieces[k][g] = p
				return nil
			})
		}
	}
	return pieces, group.Wait()
}

// check refuses pages that promise more than they can hold.
func (s parquetSource) check(leaf, group int) error {
	rows := s.file.Metadata().RowGroups[group]
	if leaf >= len(rows.Columns) {
		return errors.New("the row group lacks the column")
	}
	chunk := &rows.Columns[leaf].MetaData
	if chunk.Codec == format.Lz4Raw {
		// The library (v0.32) takes what lay in its buffer before for the values
		// of pages that shrink to no less than a third, and doubles its buffer
		// without end for those that are damaged.
		return &unsupportedValue{"is compressed with LZ4, which is not read reliably; write the file with Zstandard, Snappy or without compression"}
	}
	return checkPages(s.r, s.size, chunk, rows.NumRows)
}

// wrapParquet tells what is the matter with the input; limits and cells that a
// column cannot hold are no corruption.
func wrapParquet(name, part string, err error) error {
	var limit *LimitError
	var unsupported *unsupportedValue
	switch {
	case errors.As(err, &limit):
		limit.File = name
		return limit
	case errors.As(err, &unsupported):
		return fmt.Errorf("%s%s: %w", place(name, 0), part, err)
	}
	return &CorruptError{File: name, Part: part, Err: err}
}

// hasValues reports whether any piece holds a value.
func hasValues(pieces []piece) bool {
	for i := range pieces {
		if pieces[i].kind != 0 {
			return true
		}
	}
	return false
}

// openParquet reads the footer. The library may panic on hostile bytes.
func openParquet(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer recoverAs(&err)
	const shortest = 12 // magic number, length of the footer, magic number
	if size < shortest {
		return nil, fmt.Errorf("%d bytes are too few for a Parquet file", size)
	}
	magic := make([]byte, 4)
	for _, offset := range []int64{0, size - 4} {
		if err := readFull(r, magic, offset); err != nil {
			return nil, err
		}
		switch {
		case string(magic) == "PARE":
			return nil, errors.New("the file is encrypted, which is not supported")
		case string(magic) != "PAR1" && offset == 0:
			return nil, fmt.Errorf("it begins with %q, not with PAR1: this is not a Parquet file", magic)
		case string(magic) != "PAR1":
			return nil, fmt.Errorf("it ends with %q, not with PAR1: the end of the file is missing", magic)
		}
	}
	length := make([]byte, 4)
	if err := readFull(r, length, size-8); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(length))
	if n > size-shortest {
		return nil, fmt.Errorf("a footer of %d bytes is promised in a file of %d", n, size)
	}
	if err := checkFooter(r, size, n); err != nil {
		return nil, err
	}
	return parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.FileReadMode(parquet.ReadModeSync))
}

// recoverAs turns a panic of the Parquet library, which hostile bytes can cause,
// into an error.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("cannot be decoded: %v", p)
	}
}

// refuseNested names all picked columns that are lists or groups.
func refuseNested(opts ReadOptions, fields []*parquet.Column, picked []int) error {
	var nested []string
	for _, i := range picked {
		if f := fields[i]; !f.Leaf() || f.Repeated() {
			nested = append(nested, f.Name())
		}
	}
	if nested == nil {
		return nil
	}
	return &NestedError{File: opts.Name, Key: strings.Join(nested, `", "`), What: "lists or groups of values"}
}
