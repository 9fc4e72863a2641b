package windows

import (
	"context"
	"fmt"

	"mlops/runner/etl"
	"mlops/runner/table"
)

// batch is a run of a case's rows.
type batch struct {
	columns columns
	rows    *table.Table
	first   int64   // the number of the first row
	before  float64 // the time of the row before it
}

// made are windows of a run of rows.
type made struct {
	index   *table.Table
	rows    []*table.Table // of each window, where they are materialized
	columns []Column       // that the case has
}

// extractor reads the columns that windows are made with.
type extractor struct{ settings Settings }

// Extract streams a case.
func (x extractor) Extract(ctx context.Context, w *etl.Work) etl.Batches[batch] {
	return func(yield func(batch, error) bool) {
		in := w.Item.Inputs[0]
		c, err := x.columns(ctx, w, in)
		if err != nil {
			yield(batch{}, err)
			return
		}
		at := batch{columns: c}
		for t, err := range etl.Tables(ctx, w, in, x.settings.BatchSize, table.ReadOptions{Columns: c.read}) {
			at.rows = t
			if !yield(at, err) || err != nil {
				return
			}
			if n := t.NumRows(); n > 0 {
				if at.before, err = timeAt(t.Column(c.time), n-1); err != nil {
					yield(batch{}, err)
					return
				}
				at.first += int64(n)
			}
		}
	}
}

func (x extractor) columns(ctx context.Context, w *etl.Work, in etl.Input) (columns, error) {
	shape, err := shapeOf(ctx, w, in)
	if err != nil {
		return columns{}, err
	}
	c, err := x.settings.columnsOf(shape)
	if err != nil {
		return columns{}, fmt.Errorf("%s: %w", in.Location, err)
	}
	return c, nil
}

// shapeOf reads which columns a case has.
func shapeOf(ctx context.Context, w *etl.Work, in etl.Input) (table.Shape, error) {
	file, err := w.Open(ctx, in)
	if err != nil {
		return table.Shape{}, err
	}
	defer file.Close()
	return table.ParquetShape(file, file.Size(), table.ReadOptions{Name: in.Location})
}

// timeAt is the time of a row, of any kind, as a number to compare.
func timeAt(c *table.Column, row int) (float64, error) {
	values, err := c.Slice(row, row+1).AsFloats()
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

// timesAscend refuses a case whose times go backwards or are missing: it is not
// one series.
func timesAscend(_ context.Context, w *etl.Work, b batch) error {
	c := b.rows.Column(b.columns.time)
	if c.Kind() == table.Time || c.Kind() == table.Int64 {
		// Exact, where float64 is not.
		values := c.Ints()
		for i := range values {
			if c.IsNull(i) {
				return missingTime(w, b, i)
			}
			if i > 0 && values[i] < values[i-1] {
				return timeFault(w, b, i, c.Text(i), c.Text(i-1))
			}
		}
	} else {
		values := c.Floats()
		for i, v := range values {
			if c.IsNull(i) || v != v {
				return missingTime(w, b, i)
			}
			if i > 0 && v < values[i-1] {
				return timeFault(w, b, i, c.Text(i), c.Text(i-1))
			}
		}
	}
	if b.first == 0 || c.Len() == 0 {
		return nil
	}
	first, err := timeAt(c, 0)
	if err == nil && first < b.before {
		return timeFault(w, b, 0, c.Text(0), fmt.Sprint(b.before))
	}
	return err
}

func missingTime(w *etl.Work, b batch, i int) error {
	return fmt.Errorf("%s: row %d has no time in column %q", w.Item.Inputs[0].Location, b.first+int64(i)+1, b.columns.time)
}

func timeFault(w *etl.Work, b batch, i int, now, before string) error {
	return fmt.Errorf("%s: the time in column %q goes back from %s to %s at row %d; a case must be one series in the order of time",
		w.Item.Inputs[0].Location, b.columns.time, before, now, b.first+int64(i)+1)
}

// cutter cuts batches into windows.
type cutter struct{ settings Settings }

// Transform keeps the rows that a later window may begin with, and no more.
func (x cutter) Transform(ctx context.Context, w *etl.Work, in etl.Batches[batch]) etl.Batches[made] {
	return func(yield func(made, error) bool) {
		cut := &cutting{settings: x.settings, name: w.Item.Name}
		for b, err := range in {
			var out made
			if err == nil {
				out, err = cut.add(b)
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
		yield(cut.end())
	}
}

// cutting is one case that is cut.
type cutting struct {
	settings Settings
	name     string
	slide    *slider
	label    *window
	columns  columns
	rows     *table.Table // that are kept
	first    int64        // the number of their first
	windows  int64        // made so far
}

func (c *cutting) add(b batch) (made, error) {
	var err error
	if c.slide == nil {
		c.columns = b.columns
		c.slide = &slider{size: c.settings.WindowSize, step: c.settings.StepSize, tail: c.settings.ShortTail}
		labels := b.rows.Column(c.columns.label)
		c.label = &window{labeller: newLabeller(c.settings.Label, labels != nil && labels.Kind() == table.String)}
		c.rows = b.rows
	} else if c.rows, err = table.Concat(c.rows, b.rows); err != nil {
		return made{}, err
	}
	if err := c.label.add(b.rows.Column(c.columns.label), b.rows.NumRows()); err != nil {
		return made{}, err
	}
	out, err := c.make(c.slide.add(int64(b.rows.NumRows())))
	if err != nil {
		return made{}, err
	}
	if n := c.slide.needed() - c.first; n > 0 {
		c.rows = c.rows.Slice(int(min(n, int64(c.rows.NumRows()))), c.rows.NumRows())
		c.first += n
		c.label.forget(min(c.first, c.label.start))
	}
	return out, nil
}

// end makes the window of the short tail.
func (c *cutting) end() (made, error) {
	tail := c.slide.end()
	if c.windows == 0 && len(tail) == 0 {
		return made{}, etl.Skip(fmt.Sprintf("%d rows are fewer than window_size %d", c.slide.rows, c.settings.WindowSize))
	}
	return c.make(tail)
}

// make makes windows of rows that are all kept.
func (c *cutting) make(spans []span) (made, error) {
	n := len(spans)
	numbers, starts, ends := make([]int64, n), make([]int64, n), make([]int64, n)
	firsts, lasts := make([]int, n), make([]int, n)
	labels, cases := make([]label, n), make([]uint32, n)
	out := made{columns: c.columns.all}
	for i, s := range spans {
		numbers[i], starts[i], ends[i] = c.windows, s.start, s.end
		firsts[i], lasts[i] = int(s.start-c.first), int(s.end-1-c.first)
		c.label.to(s)
		labels[i] = c.label.label()
		if c.settings.Materialize {
			out.rows = append(out.rows, c.rows.Slice(firsts[i], lasts[i]+1))
		}
		c.windows++
	}
	times := c.rows.Column(c.columns.time)
	var err error
	out.index, err = table.New(
		table.NewDictionary("case", cases, []string{c.name}, nil),
		table.NewInt64("window", numbers, nil), table.NewInt64("start", starts, nil), table.NewInt64("end", ends, nil),
		times.Take(firsts).Rename("start_time"), times.Take(lasts).Rename("end_time"),
		c.label.column(labels),
	)
	return out, err
}
