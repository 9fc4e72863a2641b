package preprocess

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Fill values of the constant strategy where none is given, as scikit-learn's
// SimpleImputer has them (its text is "missing_value").
const (
	defaultFillNumber = 0.0
	defaultFillText   = "missing"
)

// missingParams are the parameters of missing_values.
type missingParams struct {
	// Strategy for missing cells. drop removes the row in training and fills as
	// median does at inference; mean, median and mode fill numbers so, and text
	// with its most frequent value; constant fills with fill_value.
	Strategy string `yaml:"strategy" enum:"drop|mean|median|mode|constant"`
	// FillValue of the constant strategy: one for all columns, or a map by
	// column, which then fills those columns only. Not given: 0 and "missing".
	FillValue any `yaml:"fill_value"`
	// Columns to look at; not given: all.
	Columns []string `yaml:"columns"`
}

type missingValues struct {
	step   config.Step
	params missingParams
}

func newMissingValues(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, missingParams{Strategy: "drop"})
	if err != nil {
		return nil, err
	}
	if params.FillValue != nil && params.Strategy != "constant" {
		return nil, step.ErrorAt("fill_value", "only the strategy constant takes a fill_value; the strategy is %s", params.Strategy)
	}
	if byColumn, ok := params.FillValue.(map[string]any); ok && params.Columns != nil {
		for _, name := range slices.Sorted(maps.Keys(byColumn)) {
			if !slices.Contains(params.Columns, name) {
				return nil, step.ErrorAt("fill_value."+name, "the column is not among columns")
			}
		}
	}
	if _, ok := params.FillValue.([]any); ok {
		return nil, step.ErrorAt("fill_value", "must be one value, or a map of values by column, not a list")
	}
	return &missingValues{step: step, params: params}, nil
}

// Fit learns each column's fill value.
func (m *missingValues) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := m.columns(in)
	if err != nil {
		return nil, err
	}
	out := &missingState{Strategy: m.params.Strategy, Columns: make([]columnFill, len(columns))}
	var scratch sync.Pool // of a column's values, to be put in order
	err = each(ctx, len(columns), func(i int) error {
		var err error
		out.Columns[i], err = m.fitColumn(columns[i], &scratch)
		return err
	})
	if err != nil {
		return nil, err
	}
	if m.params.Strategy == "drop" && len(columns) > 0 {
		if kept := completeRows(columns, in.Table.NumRows()); len(kept) == 0 {
			worst := slices.MaxFunc(columns, func(a, b *table.Column) int { return a.NullCount() - b.NullCount() })
			return nil, &NoRowsError{Reason: fmt.Sprintf(
				"every one of the %d rows has a missing cell, so handle_missing drop leaves none; column %q lacks the most (%d): remove it, or fill with median, mean, mode or constant",
				in.Table.NumRows(), worst.Name(), worst.NullCount())}
		}
	}
	return out, nil
}

// columns returns those that the step looks at.
func (m *missingValues) columns(in Frame) ([]*table.Column, error) {
	if byColumn, ok := m.params.FillValue.(map[string]any); ok {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(byColumn)) {
			if !in.Table.Has(name) {
				return nil, noColumn(m.step, "fill_value."+name, name, in.Table)
			}
			names = append(names, name)
		}
		return pick(m.step, names, in.Table)
	}
	if m.params.Columns == nil {
		return in.Table.Columns(), nil
	}
	return pick(m.step, m.params.Columns, in.Table)
}

func (m *missingValues) fitColumn(c *table.Column, scratch *sync.Pool) (columnFill, error) {
	fill := columnFill{Name: c.Name()}
	switch {
	case m.params.Strategy == "constant":
		return m.constant(c)
	case c.Kind() == table.String:
		if text, ok := modeText(c); ok {
			fill.Text = &text
		}
		return fill, nil
	}
	if c.NullCount() == c.Len() {
		return fill, nil
	}
	var v float64
	if m.params.Strategy == "mean" {
		if err := checkSummable(c); err != nil {
			return fill, err
		}
		v = mean(c.Floats())
	} else {
		space, _ := scratch.Get().(*[]float64)
		if space == nil {
			space = new([]float64)
		}
		*space = appendPresent((*space)[:0], c.Floats())
		if m.params.Strategy == "mode" {
			v = mode(*space)
		} else {
			v = median(*space)
		}
		scratch.Put(space)
	}
	fill.Number = (*number)(&v)
	return fill, nil
}

// constant tells what fill_value means for a column.
func (m *missingValues) constant(c *table.Column) (columnFill, error) {
	value, key := m.params.FillValue, "fill_value"
	if byColumn, ok := value.(map[string]any); ok {
		value, key = byColumn[c.Name()], "fill_value."+c.Name()
		if value == nil {
			return columnFill{}, m.step.ErrorAt(key, "has no value")
		}
	}
	fill := columnFill{Name: c.Name()}
	if c.Kind() == table.String {
		text := defaultFillText
		switch v := value.(type) {
		case nil:
		case string:
			text = v
		case float64:
			text = strconv.FormatFloat(v, 'g', -1, 64)
		case bool, int64, int:
			text = fmt.Sprint(v)
		default:
			return fill, m.step.ErrorAt(key, "must be one value")
		}
		fill.Text = &text
		return fill, nil
	}
	v := defaultFillNumber
	switch given := value.(type) {
	case nil:
	case float64:
		v = given
	case int64:
		v = float64(given)
	case int:
		v = float64(given)
	case bool:
		if given {
			v = 1
		}
	default:
		return fill, m.step.ErrorAt(key, "column %q holds numbers and cannot be filled with %v; give a number, or values by column", c.Name(), value)
	}
	fill.Number = (*number)(&v)
	return fill, nil
}

// modeText returns the most frequent text; of several, the first in sorted
// order.
func modeText(c *table.Column) (string, bool) {
	counts := make([]int, len(c.Dict()))
	for i, code := range c.Codes() {
		if !c.IsNull(i) {
			counts[code]++
		}
	}
	best := -1
	for code, n := range counts {
		if n > 0 && (best < 0 || n > counts[best] || n == counts[best] && c.Dict()[code] < c.Dict()[best]) {
			best = code
		}
	}
	if best < 0 {
		return "", false
	}
	return c.Dict()[best], true
}
