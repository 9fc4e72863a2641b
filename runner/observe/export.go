package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mlops/runner/table"
)

// ErrNothingRecorded says that a deployment has no record of predictions.
var ErrNothingRecorded = errors.New("nothing is recorded of this deployment's predictions, so there is nothing to export")

// Export makes one table of what is recorded of predictions. Where single rows
// are, it has a row for each: time and task_id of the call, row_id, prediction
// and the probabilities that were recorded. Otherwise it has a row for each call:
// time, task_id, data, rows, and the count of each class or mean, std, min and
// max. Where there is neither it returns [ErrNothingRecorded].
func Export(ctx context.Context, s Store) (*table.Table, error) {
	var parts []*table.Table
	extra := make(map[string]bool) // columns that only some calls have
	_, err := s.Rows(ctx, func(e RowsEntry) error {
		part, err := withCall(e)
		if err != nil {
			return err
		}
		for _, name := range part.Names() {
			extra[name] = true
		}
		parts = append(parts, part)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if len(parts) == 0 {
		return exportCalls(ctx, s)
	}
	for i, part := range parts {
		for _, name := range slices.Sorted(maps.Keys(extra)) {
			if part.Has(name) {
				continue
			}
			if part, err = part.With(nothing(name, part.NumRows())); err != nil {
				return nil, fmt.Errorf("export: %w", err)
			}
		}
		parts[i] = part
	}
	all, err := table.Concat(parts...)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return all, nil
}

// nothing is a column without values.
func nothing(name string, rows int) *table.Column {
	nulls := make([]bool, rows)
	for i := range nulls {
		nulls[i] = true
	}
	return table.NewFloat64(name, make([]float64, rows), nulls)
}

// withCall puts the call's time and task before its rows.
func withCall(e RowsEntry) (*table.Table, error) {
	n := e.Table.NumRows()
	columns := []*table.Column{
		table.NewTime("time", slices.Repeat([]int64{e.Time.UnixNano()}, n), nil),
		table.NewString("task_id", slices.Repeat([]string{e.TaskID}, n), nil),
	}
	return table.New(append(columns, e.Table.Columns()...)...)
}

func exportCalls(ctx context.Context, s Store) (*table.Table, error) {
	h, err := s.History(ctx)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	calls := h.Predictions
	if len(calls) == 0 {
		return nil, ErrNothingRecorded
	}
	times, tasks, data, rows := make([]int64, len(calls)), make([]string, len(calls)), make([]string, len(calls)), make([]int64, len(calls))
	classes := make(map[string][]int64)
	values := map[string][]float64{}
	for i, c := range calls {
		times[i], tasks[i], data[i], rows[i] = c.Time.UnixNano(), c.TaskID, c.Data, c.Rows
		for class, n := range c.ClassCounts {
			if classes[class] == nil {
				classes[class] = make([]int64, len(calls))
			}
			classes[class][i] = n
		}
	}
	figures := []string{"mean", "std", "min", "max"}
	for _, name := range figures {
		values[name] = nothing(name, len(calls)).Floats()
	}
	regression := false
	for i, c := range calls {
		if c.Values == nil {
			continue
		}
		regression = true
		for j, v := range []float64{c.Values.Mean, c.Values.Std, c.Values.Min, c.Values.Max} {
			values[figures[j]][i] = v
		}
	}
	columns := []*table.Column{
		table.NewTime("time", times, nil), table.NewString("task_id", tasks, nil),
		table.NewString("data", data, nil), table.NewInt64("rows", rows, nil),
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		columns = append(columns, table.NewInt64("class_"+class, classes[class], nil))
	}
	if regression {
		for _, name := range figures {
			columns = append(columns, table.NewFloat64(name, values[name], nil))
		}
	}
	return table.New(columns...)
}
