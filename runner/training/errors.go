package training

import (
	"errors"
	"fmt"

	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// DataError says that the data cannot be trained on as it is; trying again does
// not help.
type DataError struct {
	Column string // the column at fault; "" where there is none
	Row    int    // the data row, counted from 1; 0 where no single row is at fault
	Reason string // what is wrong and what to do
	Err    error  // the cause, if another error tells it
	// Validation says that it is about the data that was given to validate on.
	Validation bool
}

// Error names row and column where they are known.
func (e *DataError) Error() string {
	where := ""
	if e.Validation {
		where = "validation data: "
	}
	switch {
	case e.Row > 0:
		return where + fmt.Sprintf("row %d, column %q: %s", e.Row, e.Column, e.Reason)
	case e.Column != "":
		return where + fmt.Sprintf("column %q: %s", e.Column, e.Reason)
	}
	return where + e.Reason
}

// Unwrap returns the cause.
func (e *DataError) Unwrap() error { return e.Err }

// dataError turns the errors of lower packages that are the data's fault into a
// [*DataError], and leaves others alone. rows, if not nil, are the input's rows
// that the lower package saw.
func dataError(err error, rows []int) error {
	if err == nil {
		return nil
	}
	original := func(row int) int {
		if row > 0 && row <= len(rows) {
			return rows[row-1] + 1
		}
		return row
	}
	var already *DataError
	var unknown *preprocess.UnknownCategoryError
	var column *preprocess.ColumnError
	var none *preprocess.NoRowsError
	var cell *table.CellError
	switch {
	case errors.As(err, &already):
		return err
	case errors.As(err, &unknown):
		moved := *unknown
		moved.Row = original(unknown.Row)
		return &DataError{Reason: moved.Error(), Err: &moved}
	case errors.As(err, &column):
		return &DataError{Column: column.Column, Row: original(column.Row), Reason: column.Reason, Err: err}
	case errors.As(err, &none):
		return &DataError{Reason: none.Reason, Err: err}
	case errors.As(err, &cell):
		moved := *cell
		moved.Row = original(cell.Row)
		return &DataError{Reason: moved.Error(), Err: &moved}
	}
	return modelError(err)
}
