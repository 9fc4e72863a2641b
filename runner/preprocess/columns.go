package preprocess

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"mlops/runner/config"
	"mlops/runner/table"
)

// pick returns the columns that a step's columns parameter names.
func pick(step config.Step, names []string, t *table.Table) ([]*table.Column, error) {
	columns := make([]*table.Column, 0, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		key := fmt.Sprintf("columns[%d]", i)
		c := t.Column(name)
		if c == nil {
			return nil, noColumn(step, key, name, t)
		}
		if seen[name] {
			return nil, step.ErrorAt(key, "column %q is given twice", name)
		}
		seen[name] = true
		columns = append(columns, c)
	}
	return columns, nil
}

func noColumn(step config.Step, key, name string, t *table.Table) error {
	return step.ErrorAt(key, "%v", &table.MissingColumnError{Name: name, Have: t.Names()})
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
