// Package parquetcsv is the pipeline parquet_csv: it exports Parquet files as CSV,
// all their rows or those that pass a filter, all columns or some.
//
// Each file of the source folder gives one of the same path and name that ends in
// .csv (.tsv with delimiter: "\t"). Rows keep their order. A row is exported if
// both filters let it through:
//
//	leak_filter  all; leak, the rows whose label is not 0; no_leak, those whose
//	             label is 0. A row without a label passes all only.
//	filter       a condition over the row's numbers, in the language of the
//	             preprocessing step derive: PT_in > 40 and time < 600. A row that
//	             lacks a number which it uses does not pass.
//
// A file of which no row passes is skipped. Nothing is done twice: see package
// etl. overwrite says what becomes of a file that is there already and that the
// pipeline did not write: false leaves it and fails the item, true replaces it.
package parquetcsv

import (
	"context"
	"slices"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// Settings are the keys of a section.
type Settings struct {
	SourceFolder string   `yaml:"source_folder" location:"source" needed:"true" text:"path" doc:"The folder of the Parquet files, at any depth." example:"data/tpl"`
	OutputFolder string   `yaml:"output_folder" location:"output" needed:"true" text:"path" doc:"The folder of the CSV files." example:"data/csv"`
	Columns      []string `yaml:"columns" doc:"The columns that are exported, in this order; null means all."`
	Filter       string   `yaml:"filter" doc:"A condition over a row's numbers; empty: every row passes." example:"PT_in > 40 and TIME < 600"`
	LeakFilter   string   `yaml:"leak_filter" enum:"all|leak|no_leak" doc:"Rows by their label: all of them, those with a leak, or those without."`
	LabelColumn  string   `yaml:"label_column" text:"word" doc:"The column that leak_filter goes by."`
	Delimiter    string   `yaml:"delimiter" doc:"What stands between cells, one character."`
	Overwrite    bool     `yaml:"overwrite" hash:"never" doc:"Also replace a file that is there and that this pipeline did not write."`
	BatchSize    int      `yaml:"batch_size" range:"[1,100000000]" hash:"never" doc:"Rows that are read at once."`
}

// Type is the pipelines' type.
func Type() etl.Type {
	return etl.NewType("parquet_csv", "Export Parquet files as CSV",
		Settings{LeakFilter: "all", LabelColumn: "LEAK", Delimiter: ",", BatchSize: 16384}, open)
}

// Complete checks what the tags cannot.
func (s *Settings) Complete(section config.Section) error {
	if len([]rune(s.Delimiter)) != 1 {
		return section.ErrorAt("delimiter", "must be one character, not %q", s.Delimiter)
	}
	if s.Columns != nil && len(s.Columns) == 0 {
		return section.ErrorAt("columns", "names no column; leave the key out to export all")
	}
	return nil
}

func open(s Settings, setup etl.Setup) (etl.Pipeline, error) {
	e := exporter{settings: s}
	if s.Filter != "" {
		var err error
		if e.filter, err = preprocess.CompileCondition(s.Filter); err != nil {
			return nil, setup.Section.ErrorAt("filter", "%v", err)
		}
	}
	return etl.Stages[*table.Table, *table.Table]{
		Planner: planner{s, setup.Store}, Extractor: e, Transformer: etl.Map[*table.Table, *table.Table](e.passing), Loader: e,
	}, nil
}

type planner struct {
	settings Settings
	store    *etl.Store
}

// Plan makes an item of each file.
func (p planner) Plan(ctx context.Context) ([]etl.Item, error) {
	files, err := p.store.Files(ctx, p.settings.SourceFolder, ".parquet", ".pq")
	if err != nil {
		return nil, err
	}
	items := make([]etl.Item, len(files))
	for i, e := range files {
		items[i] = etl.NamedAfter(e)
	}
	return items, nil
}

// exporter reads, filters and writes one file.
type exporter struct {
	settings Settings
	filter   *preprocess.Condition // nil: none
}

// Extract streams the columns that are exported or that a filter goes by.
func (e exporter) Extract(ctx context.Context, w *etl.Work) etl.Batches[*table.Table] {
	o := table.ReadOptions{}
	if e.settings.Columns != nil {
		o.Columns = slices.Clone(e.settings.Columns)
		needed := []string{}
		if e.settings.LeakFilter != "all" {
			needed = append(needed, e.settings.LabelColumn)
		}
		if e.filter != nil {
			needed = append(needed, e.filter.Columns()...)
		}
		for _, name := range needed {
			if !slices.Contains(o.Columns, name) {
				o.Columns = append(o.Columns, name)
			}
		}
	}
	return etl.Tables(ctx, w, w.Item.Inputs[0], e.settings.BatchSize, o)
}

// passing keeps the rows that pass, with the columns that are exported.
func (e exporter) passing(ctx context.Context, _ *etl.Work, t *table.Table) (*table.Table, error) {
	if e.settings.LeakFilter != "all" {
		rows, err := e.labelled(t)
		if err != nil {
			return nil, err
		}
		t = t.Take(rows)
	}
	if e.filter != nil {
		rows, err := e.filter.Rows(ctx, t)
		if err != nil {
			return nil, err
		}
		t = t.Take(rows)
	}
	if e.settings.Columns == nil {
		return t, nil
	}
	return t.Select(e.settings.Columns...)
}

// labelled are the rows that leak_filter lets through.
func (e exporter) labelled(t *table.Table) ([]int, error) {
	label := t.Column(e.settings.LabelColumn)
	if label == nil {
		return nil, &table.MissingColumnError{Name: e.settings.LabelColumn, Have: t.Names()}
	}
	values, err := label.AsFloats()
	if err != nil {
		return nil, err
	}
	var rows []int
	for i, v := range values {
		if !label.IsNull(i) && (v != 0) == (e.settings.LeakFilter == "leak") {
			rows = append(rows, i)
		}
	}
	return rows, nil
}

// Load writes the rows that pass.
func (e exporter) Load(ctx context.Context, w *etl.Work, in etl.Batches[*table.Table]) error {
	delimiter := []rune(e.settings.Delimiter)[0]
	o := table.WriteOptions{Format: table.CSV, Delimiter: delimiter}
	name := w.Item.Name + ".csv"
	if delimiter == '\t' {
		o.Format, name = table.TSV, w.Item.Name+".tsv"
	}
	some := func(yield func(*table.Table, error) bool) {
		rows := 0
		for t, err := range in {
			if err == nil {
				rows += t.NumRows()
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
		if rows == 0 {
			yield(nil, etl.Skip("no row passes the filters"))
		}
	}
	if !e.settings.Overwrite {
		w.KeepOthers()
	}
	return w.CreateTable(ctx, name, some, o)
}
