package preprocess

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"mlops/runner/table"
)

// Frame is a table on its way through the steps. Its columns are Float64 or
// String. Steps do not change a frame's parts, they make a new one.
type Frame struct {
	Table *table.Table
	// Categorical holds the names of columns whose numbers are category codes.
	Categorical map[string]bool
	// Rows are the rows of the pipeline's input that are left, ascending; nil
	// means all.
	Rows []int

	origin *origin
}

// origin is what fitting knows of columns that are not in the frame, to say so
// to a step that names one.
type origin struct {
	target string
	empty  []string // raw columns without a value
}

// With returns the frame with columns in the place of those of the same names.
func (f Frame) With(columns ...*table.Column) (Frame, error) {
	byName := make(map[string]*table.Column, len(columns))
	for _, c := range columns {
		byName[c.Name()] = c
	}
	all := slices.Clone(f.Table.Columns())
	for i, c := range all {
		if replacement, ok := byName[c.Name()]; ok {
			all[i] = replacement
		}
	}
	return f.Of(all...)
}

// Append returns the frame with further columns after those there are.
func (f Frame) Append(columns ...*table.Column) (Frame, error) {
	return f.Of(append(slices.Clip(f.Table.Columns()), columns...)...)
}

// Of returns the frame with these columns alone. A name that is given twice is a
// [*ColumnError]. Columns that are gone no longer count as categorical.
func (f Frame) Of(columns ...*table.Column) (Frame, error) {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		if seen[c.Name()] {
			return Frame{}, &ColumnError{Column: c.Name(), Reason: "there would be two columns of that name; rename or drop the other one"}
		}
		seen[c.Name()] = true
	}
	f.Categorical = maps.Clone(f.Categorical)
	maps.DeleteFunc(f.Categorical, func(name string, _ bool) bool { return !seen[name] })
	var err error
	if len(columns) == 0 {
		f.Table, err = f.Table.Select() // no columns, but the rows' number
	} else {
		f.Table, err = table.New(columns...)
	}
	if err != nil {
		return Frame{}, err
	}
	return f, nil
}

// Keep returns the frame with only the given rows of its table.
func (f Frame) Keep(rows []int) Frame {
	before := f.Rows
	f.Table = f.Table.Take(rows)
	f.Rows = rows
	if before != nil {
		f.Rows = make([]int, len(rows))
		for i, r := range rows {
			f.Rows[i] = before[r]
		}
	}
	return f
}

// expand puts what f makes of each named column in its place: one column,
// several or none. They count as categorical no longer.
func (f Frame) expand(ctx context.Context, names []string, expansion func(i int, c *table.Column) ([]*table.Column, error)) (Frame, error) {
	made := make([][]*table.Column, len(names))
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	err := each(ctx, len(names), func(i int) error {
		c, err := column(f, names[i])
		if err == nil {
			made[i], err = expansion(i, c)
		}
		return err
	})
	if err != nil {
		return Frame{}, err
	}
	all := make([]*table.Column, 0, f.Table.NumColumns())
	plain := maps.Clone(f.Categorical)
	for _, c := range f.Table.Columns() {
		if i, ok := at[c.Name()]; ok {
			all = append(all, made[i]...)
			delete(plain, c.Name())
		} else {
			all = append(all, c)
		}
	}
	f.Categorical = plain
	return f.Of(all...)
}

// mapNumbers puts what f makes of each named column of numbers in its place.
func (f Frame) mapNumbers(ctx context.Context, kind string, names []string, change func(i int, v float64) float64) (Frame, error) {
	return f.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		if c.Kind() != table.Float64 {
			return nil, otherKind(kind, c)
		}
		values := make([]float64, c.Len())
		for j, v := range c.Floats() {
			values[j] = change(i, v)
		}
		return []*table.Column{table.NewFloat64(c.Name(), values, nil)}, nil
	})
}

// otherKind tells of fitted state that does not fit the columns before it.
func otherKind(kind string, c *table.Column) error {
	holds := "numbers"
	if c.Kind() == table.String {
		holds = "text"
	}
	return &StateError{Part: kind, Reason: fmt.Sprintf("column %q holds %s, which is not what the step was fitted on", c.Name(), holds)}
}

// label names a step in errors by its place, counted from 1.
func label(i int, kind string) string { return fmt.Sprintf("step %d (%s)", i+1, kind) }

// original is the row of the pipeline's input that a row of the frame is, both
// counted from 1.
func (f Frame) original(row int) int {
	if row > 0 && row <= len(f.Rows) {
		return f.Rows[row-1] + 1
	}
	return row
}

// located gives a step's error the row of the pipeline's input and the step's
// name. doing is "fit" or "apply".
func (f Frame) located(doing string, i int, kind string, err error) error {
	var unknown *UnknownCategoryError
	var column *ColumnError
	switch {
	case errors.As(err, &unknown):
		moved := *unknown
		moved.Row = f.original(unknown.Row)
		return fmt.Errorf("%s %s: %w", doing, kind, &moved)
	case errors.As(err, &column):
		moved := *column
		moved.Row = f.original(column.Row)
		moved.Reason = label(i, kind) + ": " + column.Reason
		return &moved
	}
	return fmt.Errorf("%s %s: %w", doing, kind, err)
}

// checkFinite refuses infinities that a step has made. Those that a column had
// before pass.
func checkFinite(before, after Frame) error {
	for _, c := range after.Table.Columns() {
		was := before.Table.Column(c.Name())
		if c == was || c.Kind() != table.Float64 {
			continue
		}
		comparable := was != nil && was.Kind() == table.Float64 && was.Len() == c.Len()
		for i, v := range c.Floats() {
			if math.IsInf(v, 0) && !(comparable && math.IsInf(was.Floats()[i], 0)) {
				return &ColumnError{Column: c.Name(), Row: i + 1, Reason: fmt.Sprintf(
					"the result is infinite (%v); correct the cell or leave it empty, or leave the column out of this step", v)}
			}
		}
	}
	return nil
}
