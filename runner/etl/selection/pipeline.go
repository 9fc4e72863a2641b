package selection

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/features"
	"mlops/runner/table"
)

// itemName is what the one item of a run is called: a selection is made of all
// that there is.
const itemName = "selection"

// schemaInput names the list of features among the inputs.
const schemaInput = "features_schema_file"

// maxSchemaBytes bounds a list of features.
const maxSchemaBytes = 16 << 20

func open(s Settings, setup etl.Setup) (etl.Pipeline, error) {
	cfg := config.Default()
	cfg.Preprocessing.Steps = []config.Step{}
	cfg.Training.Backend, cfg.Training.ProblemType = "lightgbm", s.ProblemType
	cfg.Training.TestSize, cfg.Training.CVFolds, cfg.Training.RandomState = s.TestSize, 0, s.RandomState
	cfg.Training.Params = s.LGBMParams
	if err := checkTraining(cfg, setup.Section); err != nil {
		return nil, err
	}
	return &selection{settings: s, store: setup.Store, training: cfg}, nil
}

// selection is one section's pipeline.
type selection struct {
	settings Settings
	store    *etl.Store
	training *config.Config
}

// Plan makes the one item.
func (p *selection) Plan(ctx context.Context) ([]etl.Item, error) {
	item := etl.Item{Name: itemName}
	folder, err := p.store.IsFolder(ctx, p.settings.InputPath)
	if err != nil {
		return nil, err
	}
	if folder {
		files, err := p.store.Files(ctx, p.settings.InputPath, ".parquet", ".pq")
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			item.Inputs = append(item.Inputs, etl.InputOf(e))
		}
	} else {
		e, err := p.store.Stat(ctx, p.settings.InputPath)
		if err != nil {
			return nil, err
		}
		item.Inputs = append(item.Inputs, etl.InputOf(e))
	}
	if p.settings.SchemaFile != "" {
		e, err := p.store.Stat(ctx, p.settings.SchemaFile)
		if err != nil {
			return nil, err
		}
		in := etl.InputOf(e)
		in.Name = schemaInput
		item.Inputs = append(item.Inputs, in)
	}
	return []etl.Item{item}, nil
}

// Process fits, ranks, selects and writes.
func (p *selection) Process(ctx context.Context, w *etl.Work) error {
	listed, err := p.listed(ctx, w)
	if err != nil {
		return err
	}
	t, features, err := p.read(ctx, w, listed)
	if err != nil {
		return err
	}
	fitted, err := p.fit(ctx, t, features)
	if err != nil {
		return err
	}
	for _, text := range fitted.warnings {
		w.Warnf(ctx, "%s", text)
	}
	ranked, err := p.choose(ctx, t, features, fitted.importance)
	if err != nil {
		return err
	}
	selected := []string{}
	for _, f := range ranked {
		if f.Outcome == chosen {
			selected = append(selected, f.Name)
		}
	}
	if len(selected) == 0 {
		return fmt.Errorf("no tree uses any of the %d features: they say nothing about %q", len(features), p.settings.LabelColumn)
	}
	w.AddRows(int64(t.NumRows()))
	if err := w.CreateJSON(ctx, "features_schema.json", selected); err != nil {
		return err
	}
	return w.CreateJSON(ctx, "metadata/feature_selection.json", Report{
		Rows: int64(t.NumRows()), LabelColumn: p.settings.LabelColumn, CaseColumn: p.caseColumn(t.Names()), ProblemType: string(fitted.problem),
		ImportanceType: p.settings.ImportanceType, CorrelationThreshold: p.settings.Correlation, TopK: p.settings.TopK,
		Metrics: fitted.metrics, Selected: len(selected), Features: ranked,
	})
}

// Report is metadata/feature_selection.json.
type Report struct {
	Rows                 int64   `json:"rows"`
	LabelColumn          string  `json:"label_column"`
	CaseColumn           string  `json:"case_column,omitempty"`
	ProblemType          string  `json:"problem_type"`
	ImportanceType       string  `json:"importance_type"`
	CorrelationThreshold float64 `json:"correlation_threshold"`
	TopK                 int     `json:"top_k"`
	// Metrics of the trees on what was held out, by scikit-learn's names.
	Metrics  map[string]float64 `json:"metrics"`
	Selected int                `json:"selected"`
	// Features in the order of their importance.
	Features []Ranked `json:"features"`
}

// listed are the names in the schema file; nil: there is none.
func (p *selection) listed(ctx context.Context, w *etl.Work) ([]string, error) {
	if p.settings.SchemaFile == "" {
		return nil, nil
	}
	file, err := w.Open(ctx, w.Input(schemaInput))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var names []string
	if err := json.NewDecoder(io.LimitReader(file, maxSchemaBytes)).Decode(&names); err != nil {
		return nil, fmt.Errorf("%s: it must be a JSON list of names: %w", p.settings.SchemaFile, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s names no feature", p.settings.SchemaFile)
	}
	return names, nil
}

// read reads the features, the label and the cases.
func (p *selection) read(ctx context.Context, w *etl.Work, listed []string) (*table.Table, []string, error) {
	var parts []*table.Table
	var features, columns []string
	for _, in := range w.Item.Inputs {
		if in.Name == schemaInput {
			continue
		}
		file, err := w.Open(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		part, err := func() (*table.Table, error) {
			defer file.Close()
			o := table.ReadOptions{Name: in.Location, Format: table.Parquet}
			if columns == nil {
				shape, err := table.ParquetShape(file, file.Size(), o)
				if err != nil {
					return nil, err
				}
				if listed, err = ownList(shape, listed); err != nil {
					return nil, fmt.Errorf("%s: %w", in.Location, err)
				}
				if features, columns, err = p.columnsOf(shape, listed); err != nil {
					return nil, fmt.Errorf("%s: %w", in.Location, err)
				}
			}
			o.Columns = columns
			return table.Read(ctx, file, file.Size(), o)
		}()
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, part)
	}
	t, err := table.Concat(parts...)
	if err != nil {
		return nil, nil, err
	}
	return t, features, table.RequireRows(p.settings.InputPath, t)
}

// ownList is the list that was given, or else the one that the table has of its own,
// as a features pipeline's has: its other numbers are labels. nil: there is neither.
func ownList(shape table.Shape, listed []string) ([]string, error) {
	text, ok := shape.Metadata[features.MetadataKey]
	if listed != nil || !ok {
		return listed, nil
	}
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		return nil, fmt.Errorf("its own list of features, %s, cannot be read: %w", features.MetadataKey, err)
	}
	return listed, nil
}

// columnsOf picks the features, and all columns to read.
func (p *selection) columnsOf(shape table.Shape, listed []string) (features, columns []string, err error) {
	label := slices.Index(shape.Names, p.settings.LabelColumn)
	if label < 0 {
		return nil, nil, &table.MissingColumnError{Name: p.settings.LabelColumn, Have: shape.Names}
	}
	cases := p.caseColumn(shape.Names)
	if cases != "" && !slices.Contains(shape.Names, cases) {
		return nil, nil, &table.MissingColumnError{Name: cases, Have: shape.Names}
	}
	none := append([]string{p.settings.LabelColumn, cases}, p.settings.ExcludeColumns...)
	for _, name := range listed {
		at := slices.Index(shape.Names, name)
		switch {
		case at < 0:
			return nil, nil, &table.MissingColumnError{Name: name, Have: shape.Names}
		case name == p.settings.LabelColumn || name == cases:
			return nil, nil, fmt.Errorf("%s lists the column %q, which is the label or the case and no feature", p.settings.SchemaFile, name)
		case !numeric(shape.Kinds[at]):
			return nil, nil, fmt.Errorf("%s lists the column %q, which is %s and not a number", p.settings.SchemaFile, name, shape.Kinds[at])
		}
	}
	for i, name := range shape.Names {
		wanted := listed == nil && !slices.Contains(none, name) && numeric(shape.Kinds[i]) || slices.Contains(listed, name)
		if wanted {
			features = append(features, name)
		}
		if wanted || name == p.settings.LabelColumn || name == cases {
			columns = append(columns, name)
		}
	}
	if len(features) == 0 {
		return nil, nil, fmt.Errorf("there is no numeric column beside the label, the case and exclude_columns")
	}
	return features, columns, nil
}

func numeric(k table.Kind) bool { return k == table.Float64 || k == table.Int64 || k == table.Bool }

// caseColumn is the column of cases among a table's, "" for none.
func (p *selection) caseColumn(names []string) string {
	if p.settings.CaseColumn != "" {
		return p.settings.CaseColumn
	}
	if i := slices.IndexFunc(caseColumns, func(name string) bool { return slices.Contains(names, name) }); i >= 0 {
		return caseColumns[i]
	}
	return ""
}
