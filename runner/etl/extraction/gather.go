package extraction

import (
	"context"
	"encoding/json"
	"slices"

	"mlops/runner/etl"
	"mlops/runner/features"
	"mlops/runner/table"
)

const (
	datasetFile   = "data/features_dataset.parquet"
	schemaFile    = "metadata/features_schema.json"
	metadataFile  = "metadata/features_metadata.json"
	baselinesFile = "metadata/baselines.json"
	// gatherRows are read at once when the items' rows are put together.
	gatherRows = 500
)

// baselinesInput names the bands and profiles among what Gather reads.
const baselinesInput = "baselines_file"

// GatherInputs is the baselines' file, where one is to be taken.
func (p *extraction) GatherInputs(ctx context.Context) ([]etl.Input, error) {
	if p.settings.BaselinesFile == "" {
		return nil, nil
	}
	e, err := p.store.Stat(ctx, p.settings.BaselinesFile)
	if err != nil {
		return nil, err
	}
	return []etl.Input{named(baselinesInput, e)}, nil
}

// Metadata describes the data set: metadata/features_metadata.json.
type Metadata struct {
	// SourceFolder is that of the windows: a path relative to the output folder, or a
	// URL.
	SourceFolder string `json:"source_folder"`
	WindowSize   int64  `json:"window_size"`
	StepSize     int64  `json:"step_size"`
	// Label is how a window's label was made of its rows', LabelColumn what it is
	// called here.
	Label       string   `json:"label"`
	LabelColumn string   `json:"label_column"`
	Targets     []string `json:"targets,omitempty"`
	CaseColumns []string `json:"case_columns,omitempty"`
	Signals     []string `json:"feature_columns"`
	Pressures   []string `json:"pressure_columns,omitempty"`
	Flows       []string `json:"flow_columns,omitempty"`
	Wavelet     string   `json:"wavelet"`
	Level       int      `json:"wavelet_level"`
	Mode        string   `json:"wavelet_mode"`
	Rows        int64    `json:"rows"`
	// Baselines is the file of the bands and profiles: a path relative to the output
	// folder, or a URL; empty where there are none.
	Baselines string `json:"baselines,omitempty"`
	// Cases in order.
	Cases []CaseMetadata `json:"cases"`
	// Features in the order of the columns.
	Features []FeatureMetadata `json:"features"`
}

// CaseMetadata describes a case.
type CaseMetadata struct {
	Case string `json:"case_id"`
	Rows int64  `json:"rows"`
	// Fitted tells whether bands and profiles were fitted on it.
	Fitted bool `json:"fitted"`
}

// FeatureMetadata describes a feature.
type FeatureMetadata struct {
	Name    string   `json:"name"`
	Group   string   `json:"group"`
	Signals []string `json:"signals,omitempty"`
	Formula string   `json:"formula"`
}

// Gather puts the items' rows together, with what is fitted on the training cases.
func (p *extraction) Gather(ctx context.Context, w *etl.Work, outcomes []etl.Outcome) error {
	about, _, shared, err := p.found(ctx)
	if err != nil {
		return err
	}
	set, err := p.set(shared)
	if err != nil {
		return err
	}
	g := &gathering{extraction: p, work: w, set: set, baseSize: len(set.Base()), outcomes: outcomes}
	if g.empty() {
		return etl.Skip("no case gave a row")
	}
	if err := g.takeBaseline(ctx); err != nil {
		return err
	}
	write := table.WriteOptions{Compression: p.settings.Compression, RowGroupRows: p.settings.RowGroupSize}
	names := []string{}
	for _, f := range g.shown() {
		names = append(names, f.Name)
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	write.Metadata = map[string]string{features.MetadataKey: string(list)}
	if err := w.CreateTable(ctx, datasetFile, g.rows(ctx), write); err != nil {
		return err
	}
	of := set.Settings()
	m := Metadata{
		SourceFolder: etl.Relative(w.OutputFolder(), p.settings.SourceFolder), WindowSize: about.WindowSize, StepSize: about.StepSize,
		Label: about.Label, LabelColumn: p.settings.LabelColumn, CaseColumns: p.settings.CaseColumns,
		Signals: of.Signals, Pressures: of.Pressures, Flows: of.Flows, Wavelet: of.Wavelet, Level: of.Level, Mode: of.Mode,
		Cases: g.cases, Features: []FeatureMetadata{},
	}
	for _, t := range p.settings.Targets {
		m.Targets = append(m.Targets, t.Name)
	}
	for _, c := range g.cases {
		m.Rows += c.Rows
	}
	for _, f := range g.shown() {
		m.Features = append(m.Features, FeatureMetadata{f.Name, f.Group, f.Signals, f.Formula})
	}
	switch {
	case g.baseline == nil:
	case p.settings.BaselinesFile != "":
		m.Baselines = etl.Relative(w.OutputFolder(), p.settings.BaselinesFile)
	default:
		m.Baselines = baselinesFile
		if err := w.CreateJSON(ctx, baselinesFile, g.baseline); err != nil {
			return err
		}
	}
	if err := w.CreateJSON(ctx, schemaFile, names); err != nil {
		return err
	}
	return w.CreateJSON(ctx, metadataFile, m)
}

// gathering is one call of Gather.
type gathering struct {
	*extraction
	work     *etl.Work
	set      *features.Set
	baseSize int // the number of levels that a baseline looks at
	outcomes []etl.Outcome
	baseline *features.Baseline // nil: no group needs one
	fitted   map[string]bool    // the cases that it was fitted on
	labelled bool               // a window has a label
	cases    []CaseMetadata     // as far as they were written
}

func (g *gathering) empty() bool {
	return !slices.ContainsFunc(g.outcomes, func(o etl.Outcome) bool { return len(o.Outputs) > 0 && o.Rows > 0 })
}

// targetAt is the place of a target among a batch's levels; −1 of what is none.
func (g *gathering) targetAt(name string) int {
	i := slices.IndexFunc(g.settings.Targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return -1
	}
	return g.baseSize + i
}

// shown lists the features that the data set has.
func (g *gathering) shown() []features.Feature {
	var shown []features.Feature
	hidden := g.set.Hidden()
	for k, f := range g.set.Features() {
		if !hidden[k] {
			shown = append(shown, f)
		}
	}
	return append(shown, g.set.Fitted()...)
}

// rows are those of the data set.
func (g *gathering) rows(ctx context.Context) etl.Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		g.cases = nil
		for b, err := range g.batches(ctx, gatherRows, true) {
			var t *table.Table
			if err == nil {
				g.count(b.about)
				t, err = g.table(b)
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// count notes the case that rows are of.
func (g *gathering) count(t *table.Table) {
	if t.NumRows() == 0 {
		return
	}
	name := t.Column("case_id").Text(0)
	if n := len(g.cases); n == 0 || g.cases[n-1].Case != name {
		g.cases = append(g.cases, CaseMetadata{Case: name, Fitted: g.fitted[name]})
	}
	g.cases[len(g.cases)-1].Rows += int64(t.NumRows())
}

// table makes rows of the data set: what describes the windows, targets, features,
// and what the baseline tells of them.
func (g *gathering) table(b batch) (*table.Table, error) {
	columns := slices.Clone(b.about.Columns())
	for _, t := range g.settings.Targets {
		columns = append(columns, numbers(t.Name, b.levels[g.targetAt(t.Name)]))
	}
	hidden := g.set.Hidden()
	for k, f := range g.set.Features() {
		if !hidden[k] {
			columns = append(columns, numbers(f.Name, b.features[k]))
		}
	}
	if g.baseline == nil {
		return table.New(columns...)
	}
	of := g.set.Fitted()
	values := make([][]float64, len(of))
	for k := range values {
		values[k] = make([]float64, b.about.NumRows())
	}
	var base, fitted []float64
	for i := range b.about.NumRows() {
		base = g.base(base[:0], b, i)
		fitted = g.set.Append(fitted[:0], g.baseline, base)
		for k, v := range fitted {
			values[k][i] = v
		}
	}
	for k, f := range of {
		columns = append(columns, numbers(f.Name, values[k]))
	}
	return table.New(columns...)
}

// base appends what the baseline looks at in a row of a batch.
func (g *gathering) base(to []float64, b batch, row int) []float64 {
	for k := range g.baseSize {
		to = append(to, b.levels[k][row])
	}
	return to
}
