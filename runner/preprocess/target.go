package preprocess

import (
	"fmt"
	"math"
)

// Target is what the model is to predict, for steps that learn from it: classes,
// or values.
type Target struct {
	Name string
	// Classes of the rows, as indices into ClassNames; nil for a regression.
	Classes    []int
	ClassNames []string
	// Values of the rows for a regression, finite; nil for a classification.
	Values []float64
}

// ClassNames writes labels as the names of classes.
func ClassNames[L fmt.Stringer](labels []L) []string {
	names := make([]string, len(labels))
	for i, label := range labels {
		names[i] = label.String()
	}
	return names
}

// Take returns the target of the given rows; nil means all.
func (t Target) Take(rows []int) Target {
	if rows == nil {
		return t
	}
	classes, values := t.Classes, t.Values
	if classes != nil {
		t.Classes = make([]int, len(rows))
		for i, r := range rows {
			t.Classes[i] = classes[r]
		}
	}
	if values != nil {
		t.Values = make([]float64, len(rows))
		for i, r := range rows {
			t.Values[i] = values[r]
		}
	}
	return t
}

// check tells what keeps the target from being that of a number of rows.
func (t Target) check(rows int) error {
	if (t.Classes == nil) == (t.Values == nil) {
		return fmt.Errorf("the target %q must have either classes or values", t.Name)
	}
	if n := max(len(t.Classes), len(t.Values)); n != rows {
		return fmt.Errorf("the target %q has %d rows, the features have %d", t.Name, n, rows)
	}
	for i, k := range t.Classes {
		if k < 0 || k >= len(t.ClassNames) {
			return fmt.Errorf("the target %q has class %d in row %d and %d class names", t.Name, k, i+1, len(t.ClassNames))
		}
	}
	for i, v := range t.Values {
		if math.IsNaN(v) || math.Abs(v) > maxSummable {
			return &ColumnError{Column: t.Name, Row: i + 1, Reason: fmt.Sprintf("the target %v is missing, infinite or too large for a mean", v)}
		}
	}
	return nil
}

// numbers gives what a mean of the target is of: one list of values for a
// regression, the second class's indicator for two classes, and each class's
// for more. names are what tells the lists apart, nil where there is one.
func (t Target) numbers() (lists [][]float64, names []string) {
	if t.Classes == nil {
		return [][]float64{t.Values}, nil
	}
	indicator := func(class int) []float64 {
		list := make([]float64, len(t.Classes))
		for i, k := range t.Classes {
			if k == class {
				list[i] = 1
			}
		}
		return list
	}
	if len(t.ClassNames) <= 2 {
		return [][]float64{indicator(len(t.ClassNames) - 1)}, nil
	}
	for class := range t.ClassNames {
		lists = append(lists, indicator(class))
	}
	return lists, t.ClassNames
}
