package table

import (
	"errors"
	"fmt"
	"io"
)

// groupCells is the number of cells in a row group, where its rows are not said, of
// what a [Writer] keeps in memory, encoded, and scratchCells of what it keeps on disk.
// What is known of a row group, about a kilobyte a column, stays in memory until the
// end.
const (
	groupCells   = 4 << 20
	scratchCells = 16 << 20
)

// Writer writes a table that comes in parts. What it writes does not depend on
// where the parts begin and end. It is for one goroutine.
type Writer struct {
	out  io.Writer
	opts WriteOptions

	first   *Table // whose columns all parts have
	csv     *csvWriter
	parquet *parquetWriter
	rows    int      // of a row group
	written int      // of the current one
	pending []*Table // not written yet, fewer rows than a block
	waiting int      // their rows
}

// NewWriter returns a writer of CSV, TSV, JSONL or Parquet.
func NewWriter(out io.Writer, opts WriteOptions) (*Writer, error) {
	switch opts.Format {
	case CSV, TSV:
		delimiter, err := opts.Format.delimiter(opts.Delimiter)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", opts.Format, err)
		}
		return &Writer{out: out, opts: opts, csv: newCSVWriter(out, delimiter)}, nil
	case JSONL, Parquet:
		return &Writer{out: out, opts: opts}, nil
	case JSON:
		return nil, errors.New("write json: an array is written at once; write jsonl in parts")
	}
	return nil, &FormatError{Name: string(opts.Format)}
}

// Write writes the rows of a part. All parts have the columns of the first, in
// any order, of the same kinds; a column of nulls only goes with every kind, and
// Int64 with Float64 where the first part has that. A part may have no rows.
func (w *Writer) Write(t *Table) error {
	if err := w.write(t); err != nil {
		return fmt.Errorf("write %s: %w", w.opts.Format, err)
	}
	return nil
}

func (w *Writer) write(t *Table) error {
	if w.first == nil {
		if err := w.begin(t); err != nil {
			return err
		}
	}
	t, err := w.like(t)
	if err != nil {
		return err
	}
	switch w.opts.Format {
	case CSV, TSV:
		return w.csv.rows(t)
	case JSONL:
		return writeJSONL(w.out, t)
	}
	w.pending = append(w.pending, t)
	w.waiting += t.NumRows()
	return w.blocks(false)
}

// begin writes what comes before the rows.
func (w *Writer) begin(t *Table) (err error) {
	w.first = t.Slice(0, 0)
	switch w.opts.Format {
	case CSV, TSV:
		return w.csv.header(t)
	case Parquet:
		w.rows = w.opts.RowGroupRows
		if w.rows <= 0 {
			cells := groupCells
			if w.opts.Scratch != "" {
				cells = scratchCells
			}
			w.rows = max(1, min(parquetGroupRows, cells/max(1, t.NumColumns())))
		}
		// Later parts may have nulls wherever this one has none.
		w.parquet, err = newParquetWriter(w.out, t, w.opts, func(*Column) bool { return true })
		return err
	}
	return nil
}

// like returns a part with the first one's columns in their order and kinds.
func (w *Writer) like(t *Table) (*Table, error) {
	if t.NumColumns() != w.first.NumColumns() {
		return nil, fmt.Errorf("a part has %d columns, the first one %d", t.NumColumns(), w.first.NumColumns())
	}
	columns := make([]*Column, t.NumColumns())
	for i, want := range w.first.columns {
		c := t.Column(want.name)
		switch {
		case c == nil:
			return nil, &MissingColumnError{Name: want.name, Have: t.Names()}
		case c.kind != want.kind && c.piece().kind == 0:
			c = joinPieces(c.name, want.kind, []piece{{rows: c.Len()}})
		case c.kind == Int64 && want.kind == Float64:
			c = joinPieces(c.name, Float64, []piece{c.piece()})
		case c.kind != want.kind:
			return nil, fmt.Errorf("column %q is %s in a part and %s in the first one", c.name, c.kind, want.kind)
		}
		columns[i] = c
	}
	return t.with(columns)
}

// blocks writes whole blocks of what is pending, and with all the rest too. A row group
// ends with a block.
func (w *Writer) blocks(all bool) error {
	for {
		n := min(blockRows, w.rows-w.written)
		if w.waiting < n {
			if !all || w.waiting == 0 {
				return nil
			}
			n = w.waiting
		}
		if err := w.parquet.block(w.take(n)); err != nil {
			return err
		}
		if w.written += n; w.written == w.rows {
			if err := w.parquet.w.Flush(); err != nil {
				return err
			}
			w.written = 0
		}
	}
}

// take removes so many rows from what is pending.
func (w *Writer) take(rows int) []*Table {
	w.waiting -= rows
	var group []*Table
	for rows > 0 {
		first := w.pending[0]
		n := min(rows, first.NumRows())
		group = append(group, first.Slice(0, n))
		if rows -= n; n == first.NumRows() {
			w.pending = w.pending[1:]
		} else {
			w.pending[0] = first.Slice(n, first.NumRows())
		}
	}
	return group
}

// Close writes what is still to be written; it does not close what it is written
// to. Without a part there are no columns, which is an error.
func (w *Writer) Close() error {
	err := w.close()
	if err != nil {
		return fmt.Errorf("write %s: %w", w.opts.Format, err)
	}
	return nil
}

func (w *Writer) close() error {
	switch {
	case w.first == nil:
		return errors.New("a table without columns has no form; give at least one part, which may have no rows")
	case w.csv != nil:
		return w.csv.out.Flush()
	case w.parquet != nil:
		if err := w.blocks(true); err != nil {
			return err
		}
		return errors.Join(w.parquet.w.Close(), w.parquet.release())
	}
	return nil
}

// Discard lets go of what a writer has that is not to be closed, after an error. After
// Close it does nothing.
func (w *Writer) Discard() {
	if w.parquet != nil {
		_ = w.parquet.release() // nobody wants the file any more
	}
}
