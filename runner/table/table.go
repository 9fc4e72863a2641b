package table

import (
	"fmt"
	"slices"
)

// Table is an ordered set of equally long, uniquely named columns. The zero
// Table has no rows and no columns.
type Table struct {
	columns []*Column
	byName  map[string]int
	rows    int
}

// New makes a table of columns. Names must be distinct and not empty, lengths
// equal.
func New(columns ...*Column) (*Table, error) {
	t := &Table{columns: columns, byName: make(map[string]int, len(columns))}
	for i, c := range columns {
		if c.name == "" {
			return nil, fmt.Errorf("column %d has an empty name", i+1)
		}
		if j, ok := t.byName[c.name]; ok {
			return nil, fmt.Errorf("columns %d and %d are both named %q", j+1, i+1, c.name)
		}
		t.byName[c.name] = i
		if i == 0 {
			t.rows = c.Len()
		} else if c.Len() != t.rows {
			return nil, fmt.Errorf("column %q has %d rows, column %q has %d", c.name, c.Len(), columns[0].name, t.rows)
		}
	}
	return t, nil
}

// NumRows returns the number of rows.
func (t *Table) NumRows() int { return t.rows }

// NumColumns returns the number of columns.
func (t *Table) NumColumns() int { return len(t.columns) }

// Columns returns the columns in order. The caller must not change the slice.
func (t *Table) Columns() []*Column { return t.columns }

// Names returns the columns' names in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	if i, ok := t.byName[name]; ok {
		return t.columns[i]
	}
	return nil
}

// Has reports whether there is a column of that name.
func (t *Table) Has(name string) bool {
	_, ok := t.byName[name]
	return ok
}

// MissingColumnError says that a table lacks a column that was asked for.
type MissingColumnError struct {
	Name string   // the column asked for
	Have []string // the columns there are
}

// Error names the column and, if one is near, the likeliest intended one.
func (e *MissingColumnError) Error() string {
	if near := Nearest(e.Name, e.Have); near != "" {
		return fmt.Sprintf("no column %q; did you mean %q?", e.Name, near)
	}
	return fmt.Sprintf("no column %q; the table has %s", e.Name, quotedList(e.Have, 12))
}

// Select returns the named columns in the given order. A name that is not there
// gives a [*MissingColumnError].
func (t *Table) Select(names ...string) (*Table, error) {
	columns := make([]*Column, len(names))
	for i, name := range names {
		c := t.Column(name)
		if c == nil {
			return nil, &MissingColumnError{Name: name, Have: t.Names()}
		}
		columns[i] = c
	}
	return t.with(columns)
}

// Drop returns the table without the named columns; names not there are ignored.
func (t *Table) Drop(names ...string) *Table {
	var columns []*Column
	for _, c := range t.columns {
		if !slices.Contains(names, c.name) {
			columns = append(columns, c)
		}
	}
	out, _ := t.with(columns) // a subset of distinct, equally long columns
	return out
}

// With returns the table with c in the place of the column of the same name, or
// appended.
func (t *Table) With(c *Column) (*Table, error) {
	columns := slices.Clone(t.columns)
	if i, ok := t.byName[c.name]; ok {
		columns[i] = c
	} else {
		columns = append(columns, c)
	}
	return New(columns...)
}

// with builds a table that keeps its number of rows even without columns.
func (t *Table) with(columns []*Column) (*Table, error) {
	out, err := New(columns...)
	if err != nil {
		return nil, err
	}
	out.rows = t.rows
	return out, nil
}

// Slice returns rows [lo, hi) without copying cells.
func (t *Table) Slice(lo, hi int) *Table {
	columns := make([]*Column, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.Slice(lo, hi)
	}
	return &Table{columns: columns, byName: t.byName, rows: hi - lo}
}

// Compact returns the same cells, with dictionaries of text columns that hold no
// more than those need: of a slice of few rows of a large table.
func (t *Table) Compact() *Table {
	columns := make([]*Column, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.compact()
	}
	return &Table{columns: columns, byName: t.byName, rows: t.rows}
}

// Take returns the given rows in that order, copied.
func (t *Table) Take(rows []int) *Table {
	columns := make([]*Column, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.Take(rows)
	}
	return &Table{columns: columns, byName: t.byName, rows: len(rows)}
}
