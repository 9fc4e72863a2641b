package preprocess

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"mlops/runner/table"
)

// maxGivenCategories bounds the categories that the configuration lists for a
// column.
const maxGivenCategories = 10_000

// ordinalEncoder gives codes in an order that the configuration lists.
type ordinalEncoder struct{ categoricalEncoder }

func newOrdinal(e categoricalEncoder) (Fitter, error) {
	p := &e.params
	if len(p.Categories) == 0 {
		return nil, e.step.ErrorAt("categories", "the method ordinal needs the order of each column's categories, such as {size: [small, medium, large]}")
	}
	names := slices.Sorted(maps.Keys(p.Categories))
	if p.Columns == nil {
		p.Columns = names
	}
	for i, name := range p.Columns {
		if p.Categories[name] == nil {
			return nil, e.step.ErrorAt(fmt.Sprintf("columns[%d]", i), "the order of the categories of %q is not given; add categories.%s, or encode the column with the method label", name, name)
		}
	}
	for _, name := range names {
		key := "categories." + name
		if !slices.Contains(p.Columns, name) {
			return nil, e.step.ErrorAt(key, "the column is not among columns")
		}
		if n := len(p.Categories[name]); n == 0 || n > maxGivenCategories {
			return nil, e.step.ErrorAt(key, "must list 1 to %d categories, not %d", maxGivenCategories, n)
		}
		if _, err := e.given(name, false); err != nil {
			if _, numeric := e.given(name, true); numeric != nil {
				return nil, err
			}
		}
	}
	return &ordinalEncoder{e}, nil
}

// given reads the categories that the configuration lists for a column.
func (e *categoricalEncoder) given(name string, numeric bool) (columnCategories, error) {
	out := columnCategories{Name: name, Numeric: numeric}
	seen := map[any]bool{}
	for i, value := range e.params.Categories[name] {
		key := fmt.Sprintf("categories.%s[%d]", name, i)
		var v float64
		isNumber := true
		switch given := value.(type) {
		case int64:
			v = float64(given)
		case int:
			v = float64(given)
		case float64:
			v = given
		default:
			isNumber = false
		}
		text, isText := value.(string)
		switch {
		case numeric && isNumber:
			out.Numbers = append(out.Numbers, number(plusZero(v)))
			value = plusZero(v)
		case numeric:
			return out, e.step.ErrorAt(key, "column %q holds numbers; give a number, not %v", name, value)
		case isText:
			out.Texts = append(out.Texts, text)
		default:
			return out, e.step.ErrorAt(key, "must be text, not %v; quote it if text is meant", value)
		}
		if seen[value] {
			return out, e.step.ErrorAt(key, "the category %v is given twice", value)
		}
		seen[value] = true
	}
	return out, nil
}

// Fit checks that the given categories are those of the training rows.
func (e *ordinalEncoder) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := e.columns(in)
	if err != nil {
		return nil, err
	}
	out := &encoderState{Method: "ordinal", HandleUnknown: e.params.HandleUnknown, Columns: make([]columnCategories, len(columns))}
	err = each(ctx, len(columns), func(i int) error {
		c := columns[i]
		known, err := e.given(c.Name(), c.Kind() == table.Float64)
		if err != nil {
			return err
		}
		out.Columns[i] = known
		found, err := known.find("categorical_encoder", c, false)
		if err != nil {
			return err
		}
		for row, at := range found {
			if at == unseen {
				return &ColumnError{Column: c.Name(), Row: row + 1, Reason: fmt.Sprintf(
					"the category %q is not in the order given by categories.%s (%s); add it, or correct the cell", shorten(c.Text(row)), c.Name(), list(known.labels()))}
			}
		}
		return nil
	})
	return out, err
}
