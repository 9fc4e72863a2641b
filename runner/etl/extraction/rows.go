package extraction

import (
	"context"
	"fmt"
	"iter"

	"mlops/runner/table"
)

// caseRows are the rows of a case that a window may still need: a part of its
// file's, that moves forwards.
type caseRows struct {
	next    func() (*table.Table, error, bool)
	stop    func()
	name    string   // of the file
	columns []string // the times, then the others
	first   int64    // the number of the first row that is kept
	kept    [][]float64
	views   [][]float64 // of the last window
}

// openRows begins to read a case's columns, numbers all of them, the first of which
// are its times. The caller closes it.
func openRows(batches iter.Seq2[*table.Table, error], name string, columns []string) *caseRows {
	r := &caseRows{name: name, columns: columns, kept: make([][]float64, len(columns)), views: make([][]float64, len(columns))}
	r.next, r.stop = iter.Pull2(batches)
	return r
}

func (r *caseRows) close() { r.stop() }

// window returns the columns' values of rows [start, end), valid until the next
// call. start never goes back.
func (r *caseRows) window(ctx context.Context, start, end int64) ([][]float64, error) {
	if start < r.first {
		return nil, fmt.Errorf("a window of %s begins at row %d, before the one before it; run the windows pipeline again", r.name, start)
	}
	for r.first+int64(len(r.kept[0])) < end {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if err := r.read(start, end); err != nil {
			return nil, err
		}
	}
	for k, kept := range r.kept {
		r.views[k] = kept[start-r.first : end-r.first]
	}
	return r.views, nil
}

// read appends a batch, after what lies before the row start is forgotten.
func (r *caseRows) read(start, end int64) error {
	t, err, more := r.next()
	if !more {
		return fmt.Errorf("a window ends at row %d of %s, which has %d; run the windows pipeline again", end, r.name, r.first+int64(len(r.kept[0])))
	}
	if err != nil {
		return err
	}
	drop := min(start-r.first, int64(len(r.kept[0])))
	for k, name := range r.columns {
		column := t.Column(name)
		values, err := column.AsFloats()
		if err != nil {
			return fmt.Errorf("%s: the column %q is %s, and must be numbers: %w", r.name, name, column.Kind(), err)
		}
		r.kept[k] = append(r.kept[k][:copy(r.kept[k], r.kept[k][drop:])], values...)
		if k == 0 && column.Kind() == table.Time {
			added := r.kept[k][len(r.kept[k])-len(values):]
			for i := range added {
				added[i] /= 1e9 // nanoseconds
			}
		}
	}
	r.first += drop
	return nil
}
