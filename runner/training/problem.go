package training

import (
	"fmt"

	"mlops/runner/table"
)

// ProblemType is what a model predicts.
type ProblemType string

// The types of problems.
const (
	Binary     ProblemType = "binary_classification"
	Multiclass ProblemType = "multiclass_classification"
	Regression ProblemType = "regression"
)

// IsClassification reports whether classes are predicted.
func (p ProblemType) IsClassification() bool { return p == Binary || p == Multiclass }

// ParseProblemType is the inverse of a conversion to string.
func ParseProblemType(name string) (ProblemType, error) {
	switch p := ProblemType(name); p {
	case Binary, Multiclass, Regression:
		return p, nil
	}
	return "", fmt.Errorf("unknown problem type %q (known: %s, %s, %s)", name, Binary, Multiclass, Regression)
}

// A numeric target is of classes if it has at most maxClassValues distinct
// values, or fewer than maxClassShare of its cells are distinct.
const (
	maxClassValues = 20
	maxClassShare  = 0.05
)

// Detect tells the type of problem from the target: one that is not numeric, or
// numeric with at most 20 distinct values or under 5 % of them distinct, is
// classification. Null cells do not count.
func Detect(target *table.Column) ProblemType {
	if !target.IsNumeric() {
		return classification(len(distinctLabels(target)))
	}
	cells := target.Len() - target.NullCount()
	distinct := len(distinctLabels(target))
	if distinct <= maxClassValues || float64(distinct) < maxClassShare*float64(cells) {
		return classification(distinct)
	}
	return Regression
}

func classification(classes int) ProblemType {
	if classes <= 2 {
		return Binary
	}
	return Multiclass
}
