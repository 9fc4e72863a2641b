package linear

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// SparseColumn holds the values of a column that are not zero, and their rows in
// rising order, counting from 0.
type SparseColumn struct {
	Rows   []int32
	Values []float64
}

// Sparse is a design of which only the values that are not zero are held, column
// by column (compressed sparse columns), as term weights of texts come.
type Sparse struct {
	names   []string
	columns []SparseColumn
	rows    int
	stored  int
}

// NewSparse makes a design of rows rows from columns; no value is copied. What is
// not finite, out of range or out of order is a [*FeatureError] that names its
// column and row.
func NewSparse(names []string, rows int, columns []SparseColumn) (*Sparse, error) {
	if err := checkNames(names, len(columns)); err != nil {
		return nil, err
	}
	if rows < 0 || rows > math.MaxInt32 {
		return nil, fmt.Errorf("linear: a sparse design has from 0 to %d rows, not %d", math.MaxInt32, rows)
	}
	s := &Sparse{names: slices.Clone(names), columns: slices.Clone(columns), rows: rows}
	for j, column := range s.columns {
		if len(column.Rows) != len(column.Values) {
			return nil, &FeatureError{Feature: names[j], Row: -1, Reason: fmt.Sprintf("has %d row numbers and %d values", len(column.Rows), len(column.Values))}
		}
		last := int32(-1)
		for i, row := range column.Rows {
			switch {
			case row < 0 || int(row) >= rows:
				return nil, &FeatureError{Feature: names[j], Row: int(row), Reason: fmt.Sprintf("is not one of the %d rows", rows)}
			case row <= last:
				return nil, &FeatureError{Feature: names[j], Row: int(row), Reason: fmt.Sprintf("comes after row %d: rows must rise", last)}
			case !finite(column.Values[i]):
				return nil, &FeatureError{Feature: names[j], Row: int(row), Reason: notFinite(column.Values[i])}
			}
			last = row
		}
		s.stored += len(column.Rows)
	}
	return s, nil
}

// Rows is the number of rows.
func (s *Sparse) Rows() int { return s.rows }

// Names are the columns' names in order.
func (s *Sparse) Names() []string { return slices.Clone(s.names) }

func (s *Sparse) perColumn() int { return s.stored / len(s.columns) }

func (s *Sparse) add(j int, a float64, from int, out []float64) {
	column := &s.columns[j]
	first, _ := slices.BinarySearch(column.Rows, int32(from))
	for i := first; i < len(column.Rows) && int(column.Rows[i]) < from+len(out); i++ {
		out[int(column.Rows[i])-from] += a * column.Values[i]
	}
}

func (s *Sparse) dot(j int, v []float64) float64 {
	column, sum := &s.columns[j], 0.0
	for i, row := range column.Rows {
		sum += column.Values[i] * v[row]
	}
	return sum
}

func (s *Sparse) square(j int, h []float64) float64 {
	column, sum := &s.columns[j], 0.0
	for i, row := range column.Rows {
		sum += h[row] * (column.Values[i] * column.Values[i])
	}
	return sum
}

func (s *Sparse) addBoth(j int, a float64, h, x, g []float64) {
	column := &s.columns[j]
	for i, row := range column.Rows {
		v := a * column.Values[i]
		x[row] += v
		g[row] += h[row] * v
	}
}

// compressedRows is a sparse design row by row: row i has the columns
// column[start[i]:start[i+1]].
type compressedRows struct {
	start  []int
	column []int32
	value  []float64
}

// byRows is s row by row, each column divided by its scale.
func (s *Sparse) byRows(ctx context.Context, scale []float64) (*compressedRows, error) {
	r := &compressedRows{start: make([]int, s.rows+1), column: make([]int32, s.stored), value: make([]float64, s.stored)}
	for _, column := range s.columns {
		for _, row := range column.Rows {
			r.start[row+1]++
		}
	}
	for i := range s.rows {
		r.start[i+1] += r.start[i]
	}
	next := slices.Clone(r.start)
	for j, column := range s.columns {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for i, row := range column.Rows {
			r.column[next[row]], r.value[next[row]] = int32(j), column.Values[i]/scale[j]
			next[row]++
		}
	}
	return r, nil
}
