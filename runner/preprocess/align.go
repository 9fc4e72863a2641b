package preprocess

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"mlops/runner/table"
)

// align makes a frame of the schema's columns from t.
func align(ctx context.Context, s Schema, t *table.Table) (Frame, error) {
	for _, want := range s.Columns {
		if !t.Has(want.Name) {
			return Frame{}, fmt.Errorf("the model needs a column that is not there: %w", &table.MissingColumnError{Name: want.Name, Have: t.Names()})
		}
	}
	columns := make([]*table.Column, len(s.Columns))
	err := each(ctx, len(columns), func(i int) error {
		var err error
		columns[i], err = alignColumn(s.Columns[i], t.Column(s.Columns[i].Name))
		return err
	})
	if err != nil {
		return Frame{}, err
	}
	aligned, err := t.Select() // no columns, but the rows' number
	if err == nil && len(columns) > 0 {
		aligned, err = table.New(columns...)
	}
	return Frame{Table: aligned, Categorical: map[string]bool{}}, err
}

// alignColumn converts a column to what the steps work on: text for text
// columns, numbers for all others.
func alignColumn(want SchemaColumn, c *table.Column) (*table.Column, error) {
	if want.Kind == table.String {
		if c.Kind() == table.String {
			return c, nil
		}
		return asText(c), nil
	}
	if c.Kind() == table.Float64 && want.Kind != table.Bool && want.Kind != table.Time {
		return c, nil
	}
	var values []float64
	var err error
	switch {
	case c.Kind() == table.String:
		values, err = parseTexts(want, c)
	case want.Kind == table.Time && c.Kind() == table.Time:
		values = seconds(c)
	case c.NullCount() == c.Len(): // a column without a value fits any kind
		values = missing(c.Len())
	case (want.Kind == table.Time) != (c.Kind() == table.Time):
		row := firstValue(c)
		return nil, &table.CellError{Row: row + 1, Column: want.Name, Value: c.Text(row), Want: want.Kind}
	default:
		values, err = c.AsFloats()
		if err == nil && want.Kind == table.Bool && c.Kind() != table.Bool {
			err = checkTruth(want, c, values)
		}
	}
	if err != nil {
		return nil, err
	}
	return table.NewFloat64(want.Name, values, nil), nil
}

func asText(c *table.Column) *table.Column {
	texts := make([]string, c.Len())
	nulls := make([]bool, c.Len())
	for i := range texts {
		texts[i] = c.Text(i)
		nulls[i] = c.IsNull(i)
	}
	return table.NewString(c.Name(), texts, nulls)
}

// seconds converts times to seconds since the Unix epoch.
func seconds(c *table.Column) []float64 {
	out := make([]float64, c.Len())
	for i, nanos := range c.Ints() {
		if c.IsNull(i) {
			out[i] = math.NaN()
		} else {
			out[i] = float64(nanos) / 1e9
		}
	}
	return out
}

// parseTexts takes text whose every cell is a number (or a truth value, for a
// column of those), as JSON with quoted numbers gives it; the first cell that
// is not is told by its row.
func parseTexts(want SchemaColumn, c *table.Column) ([]float64, error) {
	parsed := make([]float64, len(c.Dict()))
	fits := make([]bool, len(c.Dict()))
	for code, text := range c.Dict() {
		switch want.Kind {
		case table.Time:
		case table.Bool:
			truth, err := strconv.ParseBool(text)
			fits[code] = err == nil
			if truth {
				parsed[code] = 1
			}
		default:
			value, err := strconv.ParseFloat(text, 64)
			parsed[code], fits[code] = value, err == nil
		}
	}
	out := make([]float64, c.Len())
	for i, code := range c.Codes() {
		switch {
		case c.IsNull(i):
			out[i] = math.NaN()
		case !fits[code]:
			return nil, &table.CellError{Row: i + 1, Column: want.Name, Value: c.Text(i), Want: want.Kind}
		default:
			out[i] = parsed[code]
		}
	}
	return out, nil
}

func checkTruth(want SchemaColumn, c *table.Column, values []float64) error {
	for i, v := range values {
		if v != 0 && v != 1 && !math.IsNaN(v) {
			return &table.CellError{Row: i + 1, Column: want.Name, Value: c.Text(i), Want: table.Bool}
		}
	}
	return nil
}

func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

func firstValue(c *table.Column) int {
	for i := range c.Len() {
		if !c.IsNull(i) {
			return i
		}
	}
	return 0
}
