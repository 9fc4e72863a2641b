package windows

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mlops/runner/etl"
	"mlops/runner/table"
)

const (
	indexFile    = "windows.parquet"
	metadataFile = "metadata/windows_metadata.json"
	// gatherRows are read at once when the cases' windows are put together.
	gatherRows = 64 << 10
)

// Metadata describes the windows that were made: metadata/windows_metadata.json.
type Metadata struct {
	// SourceFolder is where the cases lie: a path relative to the output folder, or of
	// another bucket a URL.
	SourceFolder string `json:"source_folder"`
	WindowSize   int64  `json:"window_size"`
	StepSize     int64  `json:"step_size"`
	Label        string `json:"label"`
	ShortTail    string `json:"short_tail"`
	TimeColumn   string `json:"time_column,omitempty"`
	LabelColumn  string `json:"label_column,omitempty"`
	// SelectedColumns are the signals; nil means all.
	SelectedColumns []string `json:"selected_columns,omitempty"`
	Materialized    bool     `json:"materialized"`
	// Columns of the first case.
	Columns []Column `json:"columns"`
	// Windows of all cases.
	Windows int64 `json:"windows"`
	// Cases in order; those that gave no window are not among them.
	Cases []CaseMetadata `json:"cases"`
}

// CaseMetadata describes the windows of one case.
type CaseMetadata struct {
	Case    string `json:"case"`
	File    string `json:"file"` // within the source folder
	Windows int64  `json:"windows"`
}

// Gather puts the cases' windows together.
func (p *pipeline) Gather(ctx context.Context, w *etl.Work, outcomes []etl.Outcome) error {
	m := Metadata{
		SourceFolder: etl.Relative(w.OutputFolder(), p.settings.SourceFolder), WindowSize: p.settings.WindowSize, StepSize: p.settings.StepSize,
		Label: p.settings.Label, ShortTail: p.settings.ShortTail, TimeColumn: p.settings.TimeColumn, LabelColumn: p.settings.LabelColumn,
		SelectedColumns: p.settings.SelectedColumns, Materialized: p.settings.Materialize, Cases: []CaseMetadata{},
	}
	part := func(o etl.Outcome) *etl.Output { return o.Output(partOf(o.Item)) }
	for _, o := range outcomes {
		if part(o) != nil {
			m.Cases = append(m.Cases, CaseMetadata{Case: o.Item, File: o.Inputs[0].Name, Windows: o.Rows})
			m.Windows += o.Rows
		}
	}
	if len(m.Cases) == 0 {
		return etl.Skip("no case gave a window")
	}
	for _, o := range outcomes {
		if out := part(o); out != nil {
			var err error
			if m.Columns, err = readColumns(ctx, w, *out); err != nil {
				return err
			}
			break
		}
	}
	labelled := map[string]bool{}
	all := noting(etl.OutputTables(ctx, w, outcomes, gatherRows, part), labelled)
	if err := w.CreateTable(ctx, indexFile, all, table.WriteOptions{}); err != nil {
		return err
	}
	if p.settings.LabelColumn == "" {
		outcomes = slices.DeleteFunc(slices.Clone(outcomes), func(o etl.Outcome) bool { return part(o) == nil || o.Rows == 0 || labelled[o.Item] })
		if err := warnOfNoLabels(ctx, w, outcomes, len(m.Cases)); err != nil {
			return err
		}
	}
	return w.CreateJSON(ctx, metadataFile, m)
}

// readColumns reads which columns a case has from its windows.
func readColumns(ctx context.Context, w *etl.Work, out etl.Output) (columns []Column, err error) {
	file, err := w.OpenOutput(ctx, out)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	shape, err := table.ParquetShape(file, file.Size(), table.ReadOptions{Name: out.Path})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(shape.Metadata[columnsKey]), &columns); err != nil {
		return nil, fmt.Errorf("%s: the columns of its case: %w", out.Path, err)
	}
	return columns, nil
}

// noting passes windows on and notes the cases of which one has a label.
func noting(in etl.Batches[*table.Table], labelled map[string]bool) etl.Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		for t, err := range in {
			if err == nil {
				cases, labels := t.Column("case"), t.Column("label")
				for i := range t.NumRows() {
					if !labels.IsNull(i) {
						labelled[cases.Text(i)] = true
					}
				}
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// warnOfNoLabels tells, once, of cases without a label where the reason is that they
// have no column of labels: it may be called otherwise than is thought.
func warnOfNoLabels(ctx context.Context, w *etl.Work, unlabelled []etl.Outcome, cases int) error {
	for _, o := range unlabelled {
		shape, err := shapeOf(ctx, w, o.Inputs[0])
		if err != nil {
			return err
		}
		if slices.Contains(shape.Names, DefaultLabel) {
			continue
		}
		w.Warnf(ctx, "no window of %d of %d cases has a label: %s has no column %s, but %s; name the column that labels rows with label_column",
			len(unlabelled), cases, o.Inputs[0].Name, DefaultLabel, listed(shape.Names))
		return nil
	}
	return nil
}

// listed names columns, as many as can be read.
func listed(names []string) string {
	const most = 30
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
