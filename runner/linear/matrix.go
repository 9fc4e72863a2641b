package linear

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"gonum.org/v1/gonum/blas/blas64"
)

// Matrix is a design, rows × columns: a [*Dense] or a [*Sparse]. A Matrix is
// immutable: the slices that it was made from must not change afterwards.
type Matrix interface {
	Rows() int
	// Names are the columns' names in order.
	Names() []string
	// columnSource is what prediction and the methods that go column by column need.
	columnSource
}

// columnSource gives a design column by column.
type columnSource interface {
	// perColumn is how many values a column holds, on average.
	perColumn() int
	// add adds a times column j to out, for the rows from … from+len(out).
	add(j int, a float64, from int, out []float64)
	// dot is the product of column j and v.
	dot(j int, v []float64) float64
	// square is the sum of h times the square of column j.
	square(j int, h []float64) float64
	// addBoth adds a times column j to x, and the same times h to g.
	addBoth(j int, a float64, h, x, g []float64)
}

// Dense is a design whose columns hold every value.
type Dense struct {
	names   []string
	columns [][]float64
	rows    int
}

var (
	_ Matrix = (*Dense)(nil)
	_ Matrix = (*Sparse)(nil)
)

// NewDense makes a design of columns of equal length; no value is copied. A NaN
// or an infinity is a [*FeatureError] that names its column and row, and so is a
// column of another length or with the name of another column.
func NewDense(names []string, columns [][]float64) (*Dense, error) {
	if err := checkNames(names, len(columns)); err != nil {
		return nil, err
	}
	d := &Dense{names: slices.Clone(names), columns: slices.Clone(columns), rows: len(columns[0])}
	for j, column := range d.columns {
		if len(column) != d.rows {
			return nil, &FeatureError{Feature: names[j], Row: -1, Reason: fmt.Sprintf("has %d rows, feature %q has %d", len(column), names[0], d.rows)}
		}
		for i, v := range column {
			if !finite(v) {
				return nil, &FeatureError{Feature: names[j], Row: i, Reason: notFinite(v)}
			}
		}
	}
	return d, nil
}

// Rows is the number of rows.
func (d *Dense) Rows() int { return d.rows }

// Names are the columns' names in order.
func (d *Dense) Names() []string { return slices.Clone(d.names) }

func (d *Dense) perColumn() int { return d.rows }

func (d *Dense) add(j int, a float64, from int, out []float64) {
	blas64.Axpy(a, vector(d.columns[j][from:from+len(out)]), vector(out))
}

func (d *Dense) dot(j int, v []float64) float64 { return dot(d.columns[j], v) }

func (d *Dense) square(j int, h []float64) float64 { return weightedSquare(d.columns[j], h) }

func (d *Dense) addBoth(j int, a float64, h, x, g []float64) { addBoth(d.columns[j], a, h, x, g) }

func weightedSquare(column, h []float64) float64 {
	sum := 0.0
	for i, v := range column {
		sum += h[i] * (v * v)
	}
	return sum
}

func addBoth(column []float64, a float64, h, x, g []float64) {
	h, x, g = h[:len(column)], x[:len(column)], g[:len(column)]
	for i, v := range column {
		v *= a
		x[i] += v
		g[i] += h[i] * v
	}
}

func checkNames(names []string, columns int) error {
	if columns == 0 {
		return ErrNoColumns
	}
	if len(names) != columns {
		return fmt.Errorf("linear: %d names for %d columns", len(names), columns)
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return &FeatureError{Feature: name, Row: -1, Reason: "is there twice: rename one of the columns"}
		}
		if !utf8.ValidString(name) {
			return &FeatureError{Feature: name, Row: -1, Reason: "has a name that is not UTF-8"}
		}
		seen[name] = true
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func allFinite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return !finite(v) })
}

func notFinite(v float64) string {
	if math.IsNaN(v) {
		return "is missing (NaN): fill or drop it before a linear model"
	}
	return fmt.Sprintf("is %v: a linear model needs finite values", v)
}

func vector(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Inc: 1, Data: v} }

func dot(a, b []float64) float64 { return blas64.Dot(vector(a), vector(b)) }

func axpy(a float64, x, y []float64) { blas64.Axpy(a, vector(x), vector(y)) }
