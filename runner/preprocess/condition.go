package preprocess

import (
	"context"
	"fmt"
	"slices"

	"mlops/runner/table"
)

// Condition is a comparison of a row's numbers, in the language of the steps
// derive and drop, such as "PT_in > 40 and time < 600".
type Condition struct{ e *expression }

// CompileCondition checks and prepares a condition.
func CompileCondition(source string) (*Condition, error) {
	e, err := compile(source, true)
	if err != nil {
		return nil, err
	}
	return &Condition{e: e}, nil
}

// Columns are the names of the columns that the condition uses.
func (c *Condition) Columns() []string { return slices.Clone(c.e.columns) }

// Rows returns the rows for which the condition holds, ascending. Where a cell
// that it uses is missing it does not hold. A column that the table lacks gives a
// [*table.MissingColumnError], one of text an error.
func (c *Condition) Rows(ctx context.Context, t *table.Table) ([]int, error) {
	columns := make([]*table.Column, len(c.e.columns))
	for i, name := range c.e.columns {
		column := t.Column(name)
		if column == nil {
			return nil, &table.MissingColumnError{Name: name, Have: t.Names()}
		}
		cells, err := column.AsFloats()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.e.source, err)
		}
		columns[i] = table.NewFloat64(name, cells, nil)
	}
	numbers, err := table.New(columns...)
	if err != nil {
		return nil, err
	}
	values, err := c.e.values(ctx, Frame{Table: numbers})
	if err != nil {
		return nil, err
	}
	var rows []int
	for i, v := range values {
		if v == 1 {
			rows = append(rows, i)
		}
	}
	return rows, nil
}
