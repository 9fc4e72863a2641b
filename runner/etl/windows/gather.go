package windows

import (
	"context"
	"path/filepath"

	"mlops/runner/etl"
	"mlops/runner/storage"
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
	// SourceFolder is where the cases lie: a path relative to the output folder, or
	// a URL.
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
		SourceFolder: relativeTo(w.OutputFolder(), p.settings.SourceFolder), WindowSize: p.settings.WindowSize, StepSize: p.settings.StepSize,
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
	if err := w.CreateTable(ctx, indexFile, etl.OutputTables(ctx, w, outcomes, gatherRows, part), table.WriteOptions{}); err != nil {
		return err
	}
	return w.CreateJSON(ctx, metadataFile, m)
}

// relativeTo names one folder from another, so that both can be moved together.
func relativeTo(from, to string) string {
	if !storage.IsLocal(from) || !storage.IsLocal(to) {
		return to
	}
	if rel, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(rel)
	}
	return to
}
