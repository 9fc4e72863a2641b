package training

import (
	"math"

	"mlops/runner/gbdt"
	"mlops/runner/table"
)

// featureOf is a column as the trees read it, whatever its kind and without a
// copy of its cells: numbers as they are, a time as its nanoseconds, false and
// true as 0 and 1, text by the codes of its dictionary.
func featureOf(c *table.Column, categorical bool) gbdt.Feature {
	f := gbdt.Feature{Name: c.Name(), Categorical: categorical}
	var missing []bool
	if c.HasNulls() {
		missing = make([]bool, c.Len())
		for i := range missing {
			missing[i] = c.IsNull(i)
		}
	}
	switch {
	case c.Kind() == table.Float64 && missing == nil:
		f.Values = c.Floats()
	case c.Kind() == table.Float64:
		f.Column = gbdt.Numbers(c.Floats(), missing)
	case c.Kind() == table.String:
		f.Column = gbdt.Numbers(c.Codes(), missing)
	case c.Kind() == table.Bool:
		f.Column = boolColumn{c}
	default:
		f.Column = gbdt.Numbers(c.Ints(), missing)
	}
	return f
}

// boolColumn reads false as 0 and true as 1.
type boolColumn struct{ c *table.Column }

func (b boolColumn) Len() int { return b.c.Len() }

func (b boolColumn) Read(from int, buffer []float64) []float64 {
	for i := range buffer {
		switch {
		case b.c.IsNull(from + i):
			buffer[i] = math.NaN()
		case b.c.Bools()[from+i]:
			buffer[i] = 1
		default:
			buffer[i] = 0
		}
	}
	return buffer
}
