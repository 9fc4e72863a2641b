package extraction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/tplgenkey"
	"mlops/runner/etl/windows"
	"mlops/runner/features"
	"mlops/runner/olga"
	"mlops/runner/table"
)

// extraction is one section's.
type extraction struct {
	settings Settings
	store    *etl.Store
	section  config.Section
	one      chan struct{} // holds an item's turn where they are not parallel; else nil

	mu   sync.Mutex
	sets map[string]*features.Set // by an item's parameters
}

func open(s Settings, setup etl.Setup) (etl.Pipeline, error) {
	p := &extraction{settings: s, store: setup.Store, section: setup.Section, sets: map[string]*features.Set{}}
	if s.UseParallel != nil && !*s.UseParallel {
		p.one = make(chan struct{}, 1)
	}
	return p, nil
}

// Names of an item's inputs.
const (
	rowsInput    = "rows"
	windowsInput = "windows"
	indexInput   = "case"
)

// Parameters of an item: what is found out about all cases together, so that each
// is made alike, and which of its case's windows are the item's.
const (
	signalsParam = "feature_columns"
	sizeParam    = "window_size"
	timeParam    = "time_column"
	caseParam    = "case"
	fileParam    = "source_file"
	fromParam    = "first_window"
	toParam      = "end_window"
)

// Plan makes the items of the cases that the windows' folder tells.
func (p *extraction) Plan(ctx context.Context) ([]etl.Item, error) {
	_, cases, shared, err := p.found(ctx)
	if err != nil {
		return nil, err
	}
	var items []etl.Item
	for _, c := range cases {
		inputs := []etl.Input{named(rowsInput, c.File), named(windowsInput, c.Windows)}
		if len(p.settings.CaseColumns) > 0 {
			index, err := p.store.Stat(ctx, etl.Join(strings.TrimSuffix(c.File.Location, c.File.Name), tplgenkey.IndexPart(c.Name)))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, p.section.ErrorAt("case_columns", "the case %s has no row of an index: there is no %s beside it, as the pipeline tpl_genkey makes it", c.Name, tplgenkey.IndexPart(c.Name))
			}
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, named(indexInput, index))
		}
		size := int64(p.settings.BufferRows) * int64(p.settings.Checkpoint)
		for from := int64(0); from < c.Count; from += size {
			item := etl.Item{Name: c.Name, Inputs: inputs, Params: map[string]string{
				caseParam: c.Name, fileParam: c.File.Name, fromParam: strconv.FormatInt(from, 10), toParam: strconv.FormatInt(min(from+size, c.Count), 10),
			}}
			if c.Count > size {
				item.Name = fmt.Sprintf("%s/windows_%09d", c.Name, from)
			}
			for key, value := range shared {
				item.Params[key] = value
			}
			items = append(items, item)
		}
	}
	return items, nil
}

// found looks at what the windows pipeline made, and returns the parameters that all
// items have.
func (p *extraction) found(ctx context.Context) (*windows.Metadata, []windows.Case, map[string]string, error) {
	about, cases, err := windows.Cases(ctx, p.store, p.settings.SourceFolder)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(cases) == 0 {
		return nil, nil, nil, fmt.Errorf("%s holds no windows", p.settings.SourceFolder)
	}
	signals, err := p.signals(about)
	if err != nil {
		return nil, nil, nil, err
	}
	list, err := json.Marshal(signals)
	if err != nil {
		return nil, nil, nil, err
	}
	shared := map[string]string{signalsParam: string(list), sizeParam: strconv.FormatInt(about.WindowSize, 10), timeParam: about.TimeColumn}
	_, err = p.set(shared)
	return about, cases, shared, err
}

func named(name string, e etl.Entry) etl.Input {
	in := etl.InputOf(e)
	in.Name = name
	return in
}

// signals are the columns that features are made of: those of the first case, which
// the others must have, too.
func (p *extraction) signals(about *windows.Metadata) ([]string, error) {
	if p.settings.WindowSize != 0 && p.settings.WindowSize != about.WindowSize {
		return nil, p.section.ErrorAt("window_size", "%d is not that of the windows in %s, %d", p.settings.WindowSize, p.settings.SourceFolder, about.WindowSize)
	}
	shape, err := about.Shape()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.settings.SourceFolder, err)
	}
	for _, pattern := range p.settings.FeatureColumns {
		if len(matching(shape.Names, []string{pattern})) == 0 {
			return nil, p.section.ErrorAt("feature_columns", "no column is called %q; the columns are %s", pattern, strings.Join(shape.Names, ", "))
		}
	}
	time, err := windows.TimeColumn(about.TimeColumn, shape)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", about.Cases[0].File, err)
	}
	none := []string{time, about.LabelColumn}
	for _, t := range p.settings.Targets {
		none = append(none, matching(shape.Names, []string{t.Column})...)
	}
	var signals []string
	for i, name := range shape.Names {
		number := shape.Kinds[i] == table.Float64 || shape.Kinds[i] == table.Int64
		switch {
		case p.settings.FeatureColumns != nil:
			if etl.Matches(name, p.settings.FeatureColumns...) {
				signals = append(signals, name)
			}
		case number && !slices.Contains(none, name) && !isLabel(name) && (about.SelectedColumns == nil || slices.Contains(about.SelectedColumns, name)):
			signals = append(signals, name)
		}
	}
	if len(signals) == 0 {
		return nil, fmt.Errorf("%s: no column is a signal; the columns are %s; name some with feature_columns", about.Cases[0].File, strings.Join(shape.Names, ", "))
	}
	return signals, nil
}

// isLabel tells columns that say what is to be found out, where nobody named them.
func isLabel(name string) bool {
	return name == windows.DefaultLabel || etl.Matches(name, olga.LeakTrends()...)
}

// shape reads what a case's file says of itself.
func (p *extraction) shape(ctx context.Context, location string) (table.Shape, error) {
	file, err := p.store.Open(ctx, location)
	if err != nil {
		return table.Shape{}, err
	}
	defer file.Close()
	return table.ParquetShape(file, file.Size(), table.ReadOptions{Name: location})
}

// set compiles the features of an item, or takes those of another like it.
func (p *extraction) set(params map[string]string) (*features.Set, error) {
	key := params[signalsParam] + " " + params[sizeParam]
	p.mu.Lock()
	defer p.mu.Unlock()
	if set := p.sets[key]; set != nil {
		return set, nil
	}
	var signals []string
	if err := json.Unmarshal([]byte(params[signalsParam]), &signals); err != nil {
		return nil, fmt.Errorf("the item's %s: %w", signalsParam, err)
	}
	size, err := strconv.Atoi(params[sizeParam])
	if err != nil {
		return nil, fmt.Errorf("the item's %s: %w", sizeParam, err)
	}
	set, err := features.New(p.settings.engine(signals, size))
	if err != nil {
		return nil, located(p.section, err)
	}
	taken := append(slices.Clone(rowColumns), p.settings.LabelColumn)
	for _, t := range p.settings.Targets {
		taken = append(taken, t.Name)
	}
	taken = append(taken, p.settings.CaseColumns...)
	for _, f := range append(set.Features(), set.Fitted()...) {
		if slices.Contains(taken, f.Name) {
			return nil, p.section.ErrorAt("feature_columns", "a feature would be called %s, as another column of the data set is; name that one otherwise", f.Name)
		}
	}
	p.sets[key] = set
	return set, nil
}
