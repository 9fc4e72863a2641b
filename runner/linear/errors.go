package linear

import (
	"errors"
	"fmt"
)

var (
	// ErrNoRows says that there is not a single row to fit on.
	ErrNoRows = errors.New("linear: the data has no rows")
	// ErrNoColumns says that a design has no columns.
	ErrNoColumns = errors.New("linear: the data has no columns")
	// ErrOneClass says that fewer than two classes have rows of positive weight.
	ErrOneClass = errors.New("linear: fewer than two classes have rows: a classifier needs at least two")
	// ErrZeroWeight says that all sample weights are zero.
	ErrZeroWeight = errors.New("linear: the sample weights sum to zero")
	// ErrOverflow says that a fit left the range of float64.
	ErrOverflow = errors.New("linear: the fit overflows float64: scale the columns, the target or the weights down")
)

// FeatureError names a column that cannot be used. Row counts from 0 and is -1
// where the whole column is meant.
type FeatureError struct {
	Feature string
	Row     int
	Reason  string
}

func (e *FeatureError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("linear: feature %q: %s", e.Feature, e.Reason)
	}
	return fmt.Sprintf("linear: feature %q, row %d (counting from 0): %s", e.Feature, e.Row, e.Reason)
}

// TargetError names the first row whose target or label cannot be used. Row
// counts from 0.
type TargetError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("linear: target %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// WeightError names the first row whose weight cannot be used. Row counts from 0.
type WeightError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *WeightError) Error() string {
	return fmt.Sprintf("linear: weight %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// ParamError names a parameter that cannot be used.
type ParamError struct {
	Key    string
	Reason string
}

func (e *ParamError) Error() string { return fmt.Sprintf("linear: parameter %q: %s", e.Key, e.Reason) }

// FormatError says where a model file is not what this package writes. Key is
// empty where the document as a whole is meant.
type FormatError struct {
	Key    string
	Reason string
}

func (e *FormatError) Error() string {
	if e.Key == "" {
		return "linear: model file: " + e.Reason
	}
	return fmt.Sprintf("linear: model file: %q: %s", e.Key, e.Reason)
}
