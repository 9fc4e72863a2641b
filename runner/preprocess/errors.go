package preprocess

import (
	"fmt"
	"strings"
)

// UnknownCategoryError says that a text was not seen in training and the
// encoder's handle_unknown is error.
type UnknownCategoryError struct {
	Column string
	Value  string
	Row    int      // the data row, counted from 1
	Known  []string // the categories seen, sorted
}

// Error names value, column and row.
func (e *UnknownCategoryError) Error() string {
	return fmt.Sprintf("row %d, column %q: the category %q was not seen in training (seen: %s); correct the cell, or set handle_unknown to use_first or ignore",
		e.Row, e.Column, shorten(e.Value), list(e.Known))
}

// ColumnError says why a column's cells cannot be used. It is the data's fault.
type ColumnError struct {
	Column string
	Row    int    // the data row, counted from 1; 0 where the whole column is meant
	Reason string // what is wrong and what to do
}

// Error names the column and, if known, the row.
func (e *ColumnError) Error() string {
	if e.Row > 0 {
		return fmt.Sprintf("row %d, column %q: %s", e.Row, e.Column, e.Reason)
	}
	return fmt.Sprintf("column %q: %s", e.Column, e.Reason)
}

// NoRowsError says that no row, or no column, is left to fit on.
type NoRowsError struct {
	Reason string
}

// Error gives the reason.
func (e *NoRowsError) Error() string { return e.Reason }

// StateError says that saved state is not what this package writes.
type StateError struct {
	Part   string // e.g. "step 2 (feature_scaler)"
	Reason string
}

// Error names the part.
func (e *StateError) Error() string {
	if e.Part == "" {
		return "preprocessor state: " + e.Reason
	}
	return "preprocessor state: " + e.Part + ": " + e.Reason
}

func shorten(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

func list(names []string) string {
	const limit = 8
	if len(names) == 0 {
		return "none"
	}
	shown := make([]string, 0, limit)
	for i, n := range names {
		if i == limit {
			shown = append(shown, fmt.Sprintf("… %d in all", len(names)))
			break
		}
		shown = append(shown, fmt.Sprintf("%q", shorten(n)))
	}
	return strings.Join(shown, ", ")
}
