package gbdt

import (
	"errors"
	"fmt"
)

var (
	// ErrNoRows says that a dataset was asked for without a single row.
	ErrNoRows = errors.New("gbdt: the data has no rows")
	// ErrNoUsableFeatures says that every column is constant, all missing, or has no
	// split that leaves min_data_in_leaf rows on both sides.
	ErrNoUsableFeatures = errors.New("gbdt: no column can be used: each one is constant, all missing, or has no split with min_data_in_leaf rows on both sides")
	// ErrOneClass says that a classification label holds only one class.
	ErrOneClass = errors.New("gbdt: the label holds only one class")
)

// ParamError names a training parameter that cannot be used.
type ParamError struct {
	Key    string
	Reason string
}

func (e *ParamError) Error() string { return fmt.Sprintf("gbdt: parameter %q: %s", e.Key, e.Reason) }

// LabelError names the first row whose label cannot be used. Row counts from 0.
type LabelError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *LabelError) Error() string {
	return fmt.Sprintf("gbdt: label %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// WeightError names the first row whose weight cannot be used. Row counts from 0.
type WeightError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *WeightError) Error() string {
	return fmt.Sprintf("gbdt: weight %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// FeatureError names a column that cannot be used. Row counts from 0 and is -1
// where the whole column is meant.
type FeatureError struct {
	Feature string
	Row     int
	Reason  string
}

func (e *FeatureError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("gbdt: feature %q: %s", e.Feature, e.Reason)
	}
	return fmt.Sprintf("gbdt: feature %q, row %d (counting from 0): %s", e.Feature, e.Row, e.Reason)
}

// FormatError says where a model file is not what LightGBM, or XGBoost, writes.
// Tree is -1 in the header.
type FormatError struct {
	Tree   int
	Key    string
	Reason string
	format string // of the file; empty for LightGBM's
}

func (e *FormatError) Error() string {
	format := e.format
	if format == "" {
		format = "model text"
	}
	where := "header"
	if e.Tree >= 0 {
		where = fmt.Sprintf("tree %d", e.Tree)
	}
	if e.Key != "" {
		where += fmt.Sprintf(", %q", e.Key)
	}
	return fmt.Sprintf("gbdt: %s: %s: %s", format, where, e.Reason)
}
