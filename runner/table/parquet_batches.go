package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
)

// Batches yields a table in parts of so many rows, the last one of each row group
// of fewer, and at least one, which may have no rows. Parquet is read page by
// page, so that memory is that of a page of each column and of a part; the other
// formats are read whole and cut. The options and errors are those of [Read],
// save that a column of large unsigned integers may be Int64 in one part and
// Float64 in another.
func Batches(ctx context.Context, r io.ReaderAt, size int64, rows int, opts ReadOptions) iter.Seq2[*Table, error] {
	return func(yield func(*Table, error) bool) {
		format, err := opts.Format.resolve(opts.Name)
		if err != nil {
			yield(nil, err)
			return
		}
		opts.Format = format
		if format != Parquet || size == 0 {
			t, err := Read(ctx, r, size, opts)
			if err != nil {
				yield(nil, err)
				return
			}
			for lo := 0; lo == 0 || lo < t.NumRows(); lo += rows {
				if !yield(t.Slice(lo, min(lo+rows, t.NumRows())), nil) {
					return
				}
			}
			return
		}
		b := batches{rows: max(1, rows), opts: opts.withDefaults()}
		if err := b.open(r, size); err != nil {
			yield(nil, err)
			return
		}
		defer b.closePages()
		for {
			t, err := b.next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// batches reads a Parquet file in parts.
type batches struct {
	rows   int
	opts   ReadOptions
	source parquetSource
	leaves []*parquetLeaf
	group  int // the next one
	left   int // rows of the current one that are not read yet
	any    bool
	pages  []parquet.Pages
	built  []parquetBuilder
}

func (b *batches) open(r io.ReaderAt, size int64) error {
	file, leaves, err := openLeaves(r, size, &b.opts)
	if err != nil {
		return err
	}
	b.source, b.leaves = parquetSource{r, size, file}, leaves
	return nil
}

// next returns the next part, io.EOF behind the last one.
func (b *batches) next(ctx context.Context) (*Table, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, b.opts.wrap(err)
	}
	groups := b.source.file.RowGroups()
	for b.left == 0 {
		if b.group == len(groups) {
			if b.any {
				return nil, io.EOF
			}
			b.any = true
			return b.part(0)
		}
		if err := b.begin(groups[b.group]); err != nil {
			return nil, err
		}
	}
	n := min(b.rows, b.left)
	for k := range b.leaves {
		if err := b.fill(k, n); err != nil {
			return nil, wrapParquet(b.opts.Name, fmt.Sprintf("column %q, row group %d", b.leaves[k].name, b.group), err)
		}
	}
	b.left -= n
	b.any = true
	return b.part(n)
}

// begin opens the columns of a row group.
func (b *batches) begin(group parquet.RowGroup) error {
	b.closePages()
	for _, leaf := range b.leaves {
		if err := b.source.check(leaf.index, b.group); err != nil {
			return wrapParquet(b.opts.Name, fmt.Sprintf("column %q, row group %d", leaf.name, b.group+1), err)
		}
		b.pages = append(b.pages, group.ColumnChunks()[leaf.index].Pages())
		built := parquetBuilder{leaf: leaf, maxCell: b.opts.MaxCellBytes}
		built.p.kind = leaf.kind
		built.reserve(0)
		b.built = append(b.built, built)
	}
	b.left = int(group.NumRows())
	b.group++
	return nil
}

func (b *batches) closePages() {
	for _, p := range b.pages {
		p.Close()
	}
	b.pages, b.built = nil, nil
}

// fill reads pages of a column until it has n cells.
func (b *batches) fill(k, n int) (err error) {
	defer recoverAs(&err)
	for built := &b.built[k]; built.p.rows < n; {
		page, err := b.pages[k].ReadPage()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%d rows are missing of those promised", n-built.p.rows)
		}
		if err != nil {
			return err
		}
		err = built.addPage(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	return nil
}

// part takes the first n cells of each column.
func (b *batches) part(n int) (*Table, error) {
	columns := make([]*Column, len(b.leaves))
	for k, leaf := range b.leaves {
		c := &Column{name: leaf.name, kind: leaf.kind}
		if n > 0 {
			c = b.built[k].take(leaf.name, n)
		}
		if want, forced := b.opts.Types[leaf.name]; forced {
			var err error
			if c, err = c.convert(want, b.opts.Name); err != nil {
				return nil, err
			}
		}
		columns[k] = c
	}
	t, err := New(columns...)
	if err != nil {
		return nil, &CorruptError{File: b.opts.Name, Err: err}
	}
	t.rows = n
	return t, nil
}

// take removes the first n cells and returns them, copied: the rest goes on
// growing.
func (b *parquetBuilder) take(name string, n int) *Column {
	p := &b.p
	c := &Column{name: name, kind: p.kind, dict: p.dict}
	switch p.kind {
	case Float64:
		c.floats, p.floats = cut(p.floats, n)
	case Int64, Time:
		c.ints, p.ints = cut(p.ints, n)
	case Bool:
		c.bools, p.bools = cut(p.bools, n)
	default:
		c.codes, p.codes = cut(p.codes, n)
	}
	if p.nulls != nil {
		c.nulls, p.nulls = cut(p.nulls, n)
		c.nulls = anyNull(c.nulls)
	}
	p.rows -= n
	return c
}

// cut copies the first n cells and moves the others to the front.
func cut[T any](cells []T, n int) (head, rest []T) {
	head = append(make([]T, 0, n), cells[:n]...)
	return head, cells[:copy(cells, cells[n:])]
}

// Shape is what a Parquet file says of itself.
type Shape struct {
	Names []string
	Kinds []Kind
	Rows  int64
	// Metadata are the texts by key that the file holds beside the table, as
	// [WriteOptions] has them; other programs' are among them.
	Metadata map[string]string
}

// ParquetShape reads the columns and the number of rows from a file's footer, and
// no cells. The options and errors are those of [Read].
func ParquetShape(r io.ReaderAt, size int64, opts ReadOptions) (Shape, error) {
	if size == 0 {
		return Shape{}, &EmptyError{File: opts.Name}
	}
	opts = opts.withDefaults()
	file, leaves, err := openLeaves(r, size, &opts)
	if err != nil {
		return Shape{}, err
	}
	s := Shape{Rows: file.NumRows()}
	for _, pair := range file.Metadata().KeyValueMetadata {
		if s.Metadata == nil {
			s.Metadata = map[string]string{}
		}
		s.Metadata[pair.Key] = pair.Value
	}
	for _, leaf := range leaves {
		s.Names, s.Kinds = append(s.Names, leaf.name), append(s.Kinds, leaf.kind)
	}
	return s, nil
}
