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
	Strategy string `yaml:"strategy" enum:"drop|mean|median|mode|constant" doc:"drop removes the row in training and fills as median does in prediction; mean, median and mode fill numbers so, and text with its most frequent value; constant fills with fill_value."`
	// Strategies of single columns, in the place of strategy.
	Strategies map[string]string `yaml:"strategies" enum:"drop|mean|median|mode|constant" doc:"Strategies of single columns, in the place of strategy." example:"{plan: mode}"`
	// FillValue of the constant strategy: one for all columns, or a map by
	// column; where strategy is constant those columns only are filled. Not
	// given: 0 and "missing".
	FillValue any `yaml:"fill_value" doc:"Value of constant: one for all columns, or a map by column; not given: 0 and \"missing\"." example:"{city: unknown}" with:"strategy: constant"`
	// Columns to look at; not given: all.
	Columns []string `yaml:"columns" doc:"Columns to look at; not given: all." example:"[age, city]"`
	// AddIndicator appends a column missingindicator_NAME, 1 where the cell was
	// missing and else 0, for each filled column that has missing cells in
	// training.
	AddIndicator bool `yaml:"add_indicator" doc:"Append a column missingindicator_NAME of 0 and 1 for each filled column that has missing cells in training."`
}

// strategy of a column.
func (p missingParams) strategy(name string) string {
	if own, ok := p.Strategies[name]; ok {
		return own
	}
	return p.Strategy
}

// uses tells whether any column may have a strategy.
func (p missingParams) uses(strategy string) bool {
	return p.Strategy == strategy || slices.Contains(slices.Collect(maps.Values(p.Strategies)), strategy)
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
	if params.FillValue != nil && !params.uses("constant") {
		return nil, step.ErrorAt("fill_value", "only the strategy constant takes a fill_value; the strategy is %s", params.Strategy)
	}
	byColumn, isMap := params.FillValue.(map[string]any)
	foreign := func(name string) bool { return params.Columns != nil && !slices.Contains(params.Columns, name) }
	for _, name := range slices.Sorted(maps.Keys(byColumn)) {
		if foreign(name) {
			return nil, step.ErrorAt("fill_value."+name, "the column is not among columns")
		}
		if s := params.strategy(name); s != "constant" {
			return nil, step.ErrorAt("fill_value."+name, "only the strategy constant takes a fill_value; the column's strategy is %s", s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params.Strategies)) {
		if foreign(name) {
			return nil, step.ErrorAt("strategies."+name, "the column is not among columns")
		}
		if isMap && params.Strategies[name] == "constant" && byColumn[name] == nil {
			return nil, step.ErrorAt("strategies."+name, "the column has no fill_value; give fill_value.%s", name)
		}
	}
	if _, ok := params.FillValue.([]any); ok {
		return nil, step.ErrorAt("fill_value", "must be one value, or a map of values by column, not a list")
	}
	if params.AddIndicator && params.Strategy == "drop" && len(params.Strategies) == 0 {
		return nil, step.ErrorAt("add_indicator", "the strategy drop removes the rows with missing cells, so that an indicator would always be 0; choose another strategy")
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
	dropping := slices.DeleteFunc(slices.Clone(columns), func(c *table.Column) bool { return m.params.strategy(c.Name()) != "drop" })
	if len(dropping) > 0 {
		if kept := completeRows(dropping, in.Table.NumRows()); len(kept) == 0 {
			worst := slices.MaxFunc(dropping, func(a, b *table.Column) int { return a.NullCount() - b.NullCount() })
			return nil, &NoRowsError{Reason: fmt.Sprintf(
				"every one of the %d rows has a missing cell, so handle_missing drop leaves none; column %q lacks the most (%d): remove it, or fill with median, mean, mode or constant",
				in.Table.NumRows(), worst.Name(), worst.NullCount())}
		}
	}
	return out, nil
}

// columns returns those that the step looks at.
func (m *missingValues) columns(in Frame) ([]*table.Column, error) {
	for _, name := range slices.Sorted(maps.Keys(m.params.Strategies)) {
		if !in.Table.Has(name) {
			return nil, noColumn(m.step, "strategies."+name, name, in)
		}
	}
	byColumn, isMap := m.params.FillValue.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(byColumn)) {
		if !in.Table.Has(name) {
			return nil, noColumn(m.step, "fill_value."+name, name, in)
		}
	}
	switch {
	case m.params.Columns != nil:
		columns, err := pick(m.step, m.params.Columns, in)
		if isMap && m.params.Strategy == "constant" {
			columns = slices.DeleteFunc(columns, func(c *table.Column) bool { return !m.hasValue(byColumn, c) })
		}
		return columns, err
	case isMap && m.params.Strategy == "constant":
		names := slices.Collect(maps.Keys(byColumn))
		for name := range m.params.Strategies {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return pick(m.step, names, in)
	}
	return in.Table.Columns(), nil
}

// hasValue tells whether a column is filled where fill values are by column.
func (m *missingValues) hasValue(byColumn map[string]any, c *table.Column) bool {
	_, given := byColumn[c.Name()]
	return given || m.params.strategy(c.Name()) != "constant"
}

func (m *missingValues) fitColumn(c *table.Column, scratch *sync.Pool) (columnFill, error) {
	strategy := m.params.strategy(c.Name())
	fill := columnFill{Name: c.Name()}
	var err error
	switch {
	case strategy == "constant":
		fill, err = m.constant(c)
	case c.Kind() == table.String:
		if text, ok := modeText(c); ok {
			fill.Text = &text
		}
	case c.NullCount() < c.Len():
		fill.Number, err = numberFill(c, strategy, scratch)
	}
	if strategy != m.params.Strategy {
		fill.Strategy = strategy
	}
	fill.Indicator = m.params.AddIndicator && strategy != "drop" && c.HasNulls()
	return fill, err
}

// numberFill gives the mean, the mode or else the median of a column that has a
// value.
func numberFill(c *table.Column, strategy string, scratch *sync.Pool) (*number, error) {
	if strategy == "mean" {
		if err := checkSummable(c); err != nil {
			return nil, err
		}
		v := number(mean(c.Floats()))
		return &v, nil
	}
	space, _ := scratch.Get().(*[]float64)
	if space == nil {
		space = new([]float64)
	}
	defer scratch.Put(space)
	*space = appendPresent((*space)[:0], c.Floats())
	v := number(0)
	if strategy == "mode" {
		v = number(mode(*space))
	} else {
		v = number(median(*space))
	}
	return &v, nil
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
