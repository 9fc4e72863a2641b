package windows

import (
	"fmt"
	"slices"
	"strings"

	"mlops/runner/table"
)

// columns are the ones that windows of a case are made with.
type columns struct {
	time  string
	label string   // "": the case has none
	read  []string // all that is read
	all   []Column // that the case has
}

// Column is one that a case has.
type Column struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // float64, int64, bool, string or time, as of [table.Kind]
}

// timeNames are what columns of times are called, in lower case.
var timeNames = []string{"time", "timestamp", "datetime", "date_time", "date", "time_s", "time [s]", "time (s)", "t"}

// columnsOf picks the columns of a case.
func (s *Settings) columnsOf(shape table.Shape) (columns, error) {
	var c columns
	for i, name := range shape.Names {
		c.all = append(c.all, Column{name, shape.Kinds[i].String()})
	}
	var err error
	if c.time, err = TimeColumn(s.TimeColumn, shape); err != nil {
		return c, err
	}
	has := func(name string) bool { return slices.Contains(shape.Names, name) }
	for _, name := range append(slices.Clone(s.SelectedColumns), s.LabelColumn) {
		if name != "" && !has(name) {
			return c, &table.MissingColumnError{Name: name, Have: shape.Names}
		}
	}
	c.label = s.LabelColumn
	if c.label == "" && has(DefaultLabel) {
		c.label = DefaultLabel
	}
	if c.label == c.time {
		return c, fmt.Errorf("the column %q is both time and label; set time_column", c.time)
	}
	if err := s.checkLabel(c.label, shape); err != nil {
		return c, err
	}
	for _, name := range shape.Names {
		kept := s.Materialize && (s.SelectedColumns == nil || slices.Contains(s.SelectedColumns, name))
		if kept || name == c.time || name == c.label {
			c.read = append(c.read, name)
		}
	}
	return c, nil
}

// TimeColumn finds the column of a case's times: the one of the name, or, where that
// is empty, the one of that type or that is called so.
func TimeColumn(named string, shape table.Shape) (string, error) {
	if named != "" {
		i := slices.Index(shape.Names, named)
		if i < 0 {
			return "", &table.MissingColumnError{Name: named, Have: shape.Names}
		}
		if k := shape.Kinds[i]; k != table.Time && k != table.Float64 && k != table.Int64 {
			return "", fmt.Errorf("the column %q is %s, not times or numbers", named, k)
		}
		return named, nil
	}
	var typed, called []string
	for i, name := range shape.Names {
		switch shape.Kinds[i] {
		case table.Time:
			typed = append(typed, name)
		case table.Float64, table.Int64:
			if slices.Contains(timeNames, strings.ToLower(name)) {
				called = append(called, name)
			}
		}
	}
	found := typed
	if len(found) == 0 {
		found = called
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no column looks like times; name it with time_column (there are %s)", strings.Join(shape.Names, ", "))
	}
	return "", fmt.Errorf("the columns %s all look like times; name one with time_column", strings.Join(found, ", "))
}

func (s *Settings) checkLabel(name string, shape table.Shape) error {
	i := slices.Index(shape.Names, name)
	if i < 0 {
		return nil
	}
	switch kind := shape.Kinds[i]; {
	case kind == table.Time:
		return fmt.Errorf("the column %q is times, which label nothing; name another with label_column", name)
	case kind == table.String && (s.Label == "any" || s.Label == "fraction"):
		return fmt.Errorf("the column %q is text, of which label: %s cannot be made; use last or majority", name, s.Label)
	}
	return nil
}
