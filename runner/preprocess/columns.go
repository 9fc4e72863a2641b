package preprocess

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// pick returns the columns that a step's columns parameter names.
func pick(step config.Step, names []string, in Frame) ([]*table.Column, error) {
	return pickAt(step, "columns", names, in)
}

// pickAt is pick for another list of names.
func pickAt(step config.Step, parameter string, names []string, in Frame) ([]*table.Column, error) {
	columns := make([]*table.Column, 0, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		key := fmt.Sprintf("%s[%d]", parameter, i)
		c := in.Table.Column(name)
		if c == nil {
			return nil, noColumn(step, key, name, in)
		}
		if seen[name] {
			return nil, step.ErrorAt(key, "column %q is given twice", name)
		}
		seen[name] = true
		columns = append(columns, c)
	}
	return columns, nil
}

// pickNumbers is pick for steps that take numbers; without names it returns all
// columns of numbers that are not label codes, whose distances mean nothing.
func pickNumbers(step config.Step, names []string, in Frame) ([]*table.Column, error) {
	if names == nil {
		return slices.DeleteFunc(slices.Clone(in.Table.Columns()), func(c *table.Column) bool {
			return c.Kind() != table.Float64 || in.Categorical[c.Name()]
		}), nil
	}
	columns, err := pick(step, names, in)
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		if c.Kind() != table.Float64 {
			return nil, step.ErrorAt(fmt.Sprintf("columns[%d]", i), "column %q holds text; encode or cast it before this step, or leave it out", c.Name())
		}
	}
	return columns, nil
}

// noColumn tells why a column that a step names is not there.
func noColumn(step config.Step, key, name string, in Frame) error {
	if from := in.origin; from != nil {
		switch {
		case name == from.target && name != "":
			return step.ErrorAt(key, "column %q is the target; preprocessing sees the features alone and leaves the target as it is", name)
		case slices.Contains(from.empty, name):
			return step.ErrorAt(key, "column %q has no value in the training rows and is left out; take it out of this step", name)
		}
	}
	return step.ErrorAt(key, "%v", &table.MissingColumnError{Name: name, Have: in.Table.Names()})
}

// onlyFor refuses parameters that the chosen method does not take. taken lists
// each method's own; the others belong to all.
func onlyFor(step config.Step, method string, taken map[string][]string) error {
	for _, key := range slices.Sorted(maps.Keys(step.Params)) {
		if slices.Contains(taken[method], key) {
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(taken)) {
			if slices.Contains(taken[other], key) {
				return step.ErrorAt(key, "the method %s does not take %s, only %s does", method, key, takers(taken, key))
			}
		}
	}
	return nil
}

// unknownChoice is the error about a value that is not among the known ones.
func unknownChoice(step config.Step, key, value string, known []string) error {
	all := strings.Join(known, ", ")
	if near := table.Nearest(value, known); near != "" {
		return step.ErrorAt(key, "unknown value %q; did you mean %q? (known: %s)", value, near, all)
	}
	return step.ErrorAt(key, "unknown value %q (known: %s)", value, all)
}

func takers(taken map[string][]string, key string) string {
	var methods []string
	for _, method := range slices.Sorted(maps.Keys(taken)) {
		if slices.Contains(taken[method], key) {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, " or ")
}

// checkNames refuses empty and repeated names of a fitted step's columns.
func checkNames[T any](columns []T, nameOf func(T) string) error {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		name := nameOf(c)
		if name == "" || seen[name] {
			return fmt.Errorf("column %q is without a name or given twice", shorten(name))
		}
		seen[name] = true
	}
	return nil
}

// namesOf lists the names of columns.
func namesOf(columns []*table.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name()
	}
	return names
}

// Limits of what steps make. A column is 8 bytes a row.
const (
	maxColumns = 50_000
	maxCells   = 1 << 28 // 2 GiB
)

// checkWide refuses more columns than can be held. remedy names what to lower.
func checkWide(source string, rows, columns int, remedy string) error {
	if columns > maxColumns {
		return &ColumnError{Column: source, Reason: fmt.Sprintf("it would become %d columns; the limit is %d: %s", columns, maxColumns, remedy)}
	}
	if rows > 0 && columns > maxCells/rows {
		return &ColumnError{Column: source, Reason: fmt.Sprintf(
			"it would become %d columns of %d rows, %.1f GiB; the limit is %d cells (2 GiB), %d columns of that many rows: %s, or give fewer rows at a time",
			columns, rows, float64(columns)*float64(rows)*8/(1<<30), maxCells, maxCells/rows, remedy)}
	}
	return nil
}

// column returns a frame's column that fitted state asks for.
func column(in Frame, name string) (*table.Column, error) {
	if c := in.Table.Column(name); c != nil {
		return c, nil
	}
	return nil, &table.MissingColumnError{Name: name, Have: in.Table.Names()}
}

// maxSummable bounds what is summed and squared, so that neither overflows
// whatever the order.
const maxSummable = 1e150

// checkSummable refuses infinite and immense numbers.
func checkSummable(c *table.Column) error {
	for i, v := range c.Floats() {
		if math.Abs(v) > maxSummable {
			return &ColumnError{Column: c.Name(), Row: i + 1, Reason: fmt.Sprintf(
				"%v is infinite or too large for a mean; correct the cell, leave it empty, or leave the column out of scaling", v)}
		}
	}
	return nil
}

// number is a float64 whose JSON form also holds infinities.
type number float64

// MarshalJSON writes the shortest form that reads back as the same number.
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return json.Marshal(strconv.FormatFloat(v, 'g', -1, 64))
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}

// UnmarshalJSON is the inverse.
func (n *number) UnmarshalJSON(data []byte) error {
	text := string(data)
	switch text {
	case `"+Inf"`, `"-Inf"`:
		text = text[1 : len(text)-1]
	}
	if len(text) == 0 || text[0] != '-' && text[0] != '+' && (text[0] < '0' || text[0] > '9') {
		return fmt.Errorf("%s is no number", shorten(string(data)))
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s is no number", shorten(string(data)))
	}
	*n = number(v)
	return nil
}
