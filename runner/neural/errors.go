package neural

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrNoRows says that a dataset has no row, or none with a weight above 0.
	ErrNoRows = errors.New("neural: the data has no rows with a weight above 0")
	// ErrNoFeatures says that a dataset has no column.
	ErrNoFeatures = errors.New("neural: the data has no input columns")
)

// ParamError names a training parameter that cannot be used.
type ParamError struct {
	Key    string
	Reason string
}

func (e *ParamError) Error() string { return fmt.Sprintf("neural: parameter %q: %s", e.Key, e.Reason) }

// FeatureError names a column that cannot be used. Row counts from 0 and is -1
// where the whole column is meant.
type FeatureError struct {
	Feature string
	Row     int
	Reason  string
}

func (e *FeatureError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("neural: column %q: %s", e.Feature, e.Reason)
	}
	return fmt.Sprintf("neural: column %q, row %d (counting from 0): %s", e.Feature, e.Row, e.Reason)
}

// TargetError names the first row whose target cannot be used. Row counts from 0.
type TargetError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("neural: target %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// WeightError names the first row whose weight cannot be used. Row counts from 0.
type WeightError struct {
	Row    int
	Value  float64
	Reason string
}

func (e *WeightError) Error() string {
	return fmt.Sprintf("neural: weight %v of row %d (counting from 0): %s", e.Value, e.Row, e.Reason)
}

// DivergedError says that training left the range of numbers, and what to change.
type DivergedError struct {
	Epoch  int    // counting from 1
	What   string // what is not finite
	Advice string
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("neural: training diverged in epoch %d: %s; %s", e.Epoch, e.What, e.Advice)
}

// FormatError says where a model file is not what [Model.WriteJSON] writes.
type FormatError struct {
	Key    string
	Reason string
}

func (e *FormatError) Error() string {
	if e.Key == "" {
		return "neural: read model: " + e.Reason
	}
	return fmt.Sprintf("neural: read model: %q: %s", e.Key, e.Reason)
}

func cancelled(ctx context.Context) error { return fmt.Errorf("neural: %w", ctx.Err()) }
