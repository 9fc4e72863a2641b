package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"mlops/runner/progress"
	"mlops/runner/table"
)

// readValidation reads the rows to validate on, whose columns have the training
// data's kinds: a cell that does not fit is told by its row and column. Fractions
// where the training data has whole numbers only are numbers all the same.
func (t *trainRun) readValidation(ctx context.Context, name string) (err error) {
	location := Locate(t.request.BaseDir, name)
	o := table.ReadOptions{Columns: t.table.Names(), Types: map[string]table.Kind{}}
	for _, c := range t.table.Columns() {
		o.Types[c.Name()] = c.Kind()
	}
	t.validation, err = readTable(ctx, t.env, location, name, o)
	var cell *table.CellError
	if errors.As(err, &cell) && o.Types[cell.Column] == table.Int64 {
		for column, kind := range o.Types {
			if kind == table.Int64 {
				o.Types[column] = table.Float64
			}
		}
		t.validation, err = readTable(ctx, t.env, location, name, o)
	}
	if err != nil {
		return fmt.Errorf("training.validation_data: %w", err)
	}
	t.fingerprint = joinFingerprints(t.fingerprint, t.validation.Fingerprint())
	progress.Logf(ctx, "read", "rows to validate on: %d", t.validation.NumRows())
	return nil
}

// joinFingerprints identifies several tables together.
func joinFingerprints(prints ...string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(strings.Join(prints, "\n"))))
}
