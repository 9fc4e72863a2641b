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
	Ranking    ProblemType = "ranking" // of the rows of a query, by scores
)

// IsClassification reports whether classes are predicted.
func (p ProblemType) IsClassification() bool { return p == Binary || p == Multiclass }

// ParseProblemType is the inverse of a conversion to string.
func ParseProblemType(name string) (ProblemType, error) {
	switch p := ProblemType(name); p {
	case Binary, Multiclass, Regression, Ranking:
		return p, nil
	}
	return "", fmt.Errorf("unknown problem type %q (known: %s, %s, %s, %s)", name, Binary, Multiclass, Regression, Ranking)
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
	return detectAmong(target, target.Len()-target.NullCount())
}

// detectAmong is [Detect] of a target which so many cells are of.
func detectAmong(target *table.Column, cells int) ProblemType {
	return detect(target, distinctOf(target, maxDistinct(cells)), cells)
}

// maxDistinct is the number of distinct values up to which a target of so many cells
// can be of classes.
func maxDistinct(cells int) int {
	return max(maxClassValues, maxClasses, int(maxClassShare*float64(cells))+1)
}

// detect is [Detect] with the target's values, up to [maxDistinct] of them.
func detect(target *table.Column, values distinct, cells int) ProblemType {
	count := len(values.labels)
	few := count <= maxClassValues || float64(count) < maxClassShare*float64(cells)
	if target.IsNumeric() && (values.many || !few) {
		return Regression
	}
	return classification(count)
}

func classification(classes int) ProblemType {
	if classes <= 2 {
		return Binary
	}
	return Multiclass
}
