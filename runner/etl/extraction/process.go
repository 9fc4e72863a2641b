package extraction

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"mlops/runner/etl"
	"mlops/runner/etl/windows"
	"mlops/runner/features"
	"mlops/runner/table"
)

// partOf is where an item's rows stand.
func partOf(item string) string { return "metadata/checkpoints/" + item + ".parquet" }

// Process makes an item's rows.
func (p *pipeline) Process(ctx context.Context, w *etl.Work) error {
	if p.one != nil {
		select {
		case p.one <- struct{}{}:
			defer func() { <-p.one }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	set, err := p.set(w.Item.Params)
	if err != nil {
		return err
	}
	run, err := p.begin(ctx, w, set)
	if err != nil {
		return err
	}
	defer run.rows.close()
	if err := w.CreateTable(ctx, partOf(w.Item.Name), run.tables(ctx, w), table.WriteOptions{Compression: p.settings.Compression}); err != nil {
		return err
	}
	if run.short > 0 {
		w.Warnf(ctx, "%d windows have fewer than %d rows, as the windows' short_tail keeps them, and give no features", run.short, set.Settings().WindowSize)
	}
	if run.gaps > 0 {
		w.Warnf(ctx, "%d values of %d windows are missing or infinite; up to max_missing they are interpolated, beyond it a signal's features are missing", run.gaps, run.gappy)
	}
	return nil
}

// running is an item that is worked on.
type running struct {
	settings *Settings
	set      *features.Set
	computer *features.Computer
	rows     *caseRows
	targets  []target
	labels   *table.Table // the case's row of the index; nil: none is wanted

	from, to    int64 // the item's windows
	short       int64
	gaps, gappy int64
	row         []float64
	columns     [][]float64 // of features, then of targets
	picked      []int       // rows of the batch of windows
}

// target is one that is made of a column among those that are read.
type target struct {
	Target
	column int
}

// begin opens what an item is made of.
func (p *pipeline) begin(ctx context.Context, w *etl.Work, set *features.Set) (*running, error) {
	r := &running{settings: &p.settings, set: set, computer: set.NewComputer()}
	var err error
	if r.from, err = strconv.ParseInt(w.Item.Params[fromParam], 10, 64); err != nil {
		return nil, fmt.Errorf("the item's %s: %w", fromParam, err)
	}
	if r.to, err = strconv.ParseInt(w.Item.Params[toParam], 10, 64); err != nil {
		return nil, fmt.Errorf("the item's %s: %w", toParam, err)
	}
	in := w.Input(rowsInput)
	shape, err := p.shape(ctx, in.Location)
	if err != nil {
		return nil, err
	}
	time, err := windows.TimeColumn(w.Item.Params[timeParam], shape)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Location, err)
	}
	columns := append([]string{time}, set.Settings().Signals...)
	for _, t := range p.settings.Targets {
		found := matching(shape.Names, []string{t.Column})
		if len(found) != 1 {
			return nil, fmt.Errorf("%s: the target %s is made of the column %q, which %d columns are called: %v", in.Location, t.Name, t.Column, len(found), shape.Names)
		}
		r.targets = append(r.targets, target{Target: t, column: len(columns)})
		columns = append(columns, found[0])
	}
	if len(p.settings.CaseColumns) > 0 {
		if r.labels, err = p.caseLabels(ctx, w); err != nil {
			return nil, err
		}
	}
	batches := etl.Tables(ctx, w, in, p.settings.RowsAtOnce, table.ReadOptions{Columns: distinct(columns)})
	r.rows = openRows(batches, in.Location, columns)
	r.columns = make([][]float64, len(set.Features())+len(r.targets))
	return r, nil
}

func distinct(names []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			all = append(all, name)
		}
		seen[name] = true
	}
	return all
}

// caseLabels reads the case's row of the index.
func (p *pipeline) caseLabels(ctx context.Context, w *etl.Work) (*table.Table, error) {
	in := w.Input(indexInput)
	for t, err := range etl.Tables(ctx, w, in, 1, table.ReadOptions{}) {
		if err != nil {
			return nil, err
		}
		if t.NumRows() != 1 {
			return nil, fmt.Errorf("%s is to hold the one row of a case, and is empty", in.Location)
		}
		labels, err := t.Select(p.settings.CaseColumns...)
		if err != nil {
			return nil, p.section.ErrorAt("case_columns", "%v", fmt.Errorf("%s: %w", in.Location, err))
		}
		return labels, nil
	}
	return nil, fmt.Errorf("%s is empty", in.Location)
}

// tables are the item's rows, a buffer at a time.
func (r *running) tables(ctx context.Context, w *etl.Work) etl.Batches[*table.Table] {
	return func(yield func(*table.Table, error) bool) {
		in := w.Input(windowsInput)
		number := int64(0) // of the batch's first window
		first := max(0, r.from-int64(r.set.History()))
		for t, err := range etl.Tables(ctx, w, in, r.settings.BufferRows, table.ReadOptions{}) {
			var made *table.Table
			if err == nil {
				made, err = r.make(ctx, w, t, number, first)
				number += int64(t.NumRows())
			}
			if made == nil && err == nil {
				continue
			}
			if !yield(made, err) || err != nil || number >= r.to {
				return
			}
		}
	}
}

// make makes the rows of a batch of windows, those from window first on with what
// later ones depend on; nil where none of them is the item's.
func (r *running) make(ctx context.Context, w *etl.Work, t *table.Table, number, first int64) (*table.Table, error) {
	if number+int64(t.NumRows()) <= first {
		return nil, nil
	}
	starts, ends := t.Column("start").Ints(), t.Column("end").Ints()
	size := int64(r.set.Settings().WindowSize)
	r.picked = r.picked[:0]
	for k := range r.columns {
		r.columns[k] = make([]float64, 0, min(t.NumRows(), int(r.to-r.from)))
	}
	for i := range starts {
		at := number + int64(i)
		if at < first || at >= r.to {
			continue
		}
		if ends[i]-starts[i] != size {
			if at >= r.from {
				r.short++
			}
			continue
		}
		values, err := r.rows.window(ctx, starts[i], ends[i])
		if err != nil {
			return nil, err
		}
		signals := values[1 : 1+len(r.set.Settings().Signals)]
		r.row = r.computer.Window(r.row[:0], values[0], signals)
		if at < r.from {
			continue
		}
		r.countGaps(signals)
		for _, target := range r.targets {
			r.row = append(r.row, target.of(values[target.column]))
		}
		for k, v := range r.row {
			r.columns[k] = append(r.columns[k], v)
		}
		r.picked = append(r.picked, i)
	}
	if number+int64(t.NumRows()) <= r.from {
		return nil, nil
	}
	return r.table(w, t.Take(r.picked))
}

func (r *running) countGaps(signals [][]float64) {
	gaps := r.gaps
	for _, x := range signals {
		for _, v := range x {
			if v-v != 0 {
				r.gaps++
			}
		}
	}
	if r.gaps > gaps {
		r.gappy++
	}
}

// of is a target's value for a window.
func (t target) of(x []float64) float64 {
	sum, n := 0.0, 0
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range x {
		if v == v {
			sum, n = sum+v, n+1
			least, most = min(least, v), max(most, v)
		}
	}
	switch {
	case t.Statistic == "last":
		return x[len(x)-1]
	case n == 0:
		return math.NaN()
	case t.Statistic == "max":
		return most
	case t.Statistic == "min":
		return least
	case t.Statistic == "any":
		if least == 0 && most == 0 {
			return 0
		}
		return 1
	}
	return sum / float64(n)
}

// table puts the columns of a batch together: what describes the windows, their
// labels, targets, and features.
func (r *running) table(w *etl.Work, about *table.Table) (*table.Table, error) {
	n := about.NumRows()
	columns := []*table.Column{
		constant("case_id", w.Item.Params[caseParam], n), constant("source_file", w.Item.Params[fileParam], n),
		about.Column("window"), about.Column("start"), about.Column("end"), about.Column("start_time"), about.Column("end_time"),
		about.Column("label").Rename(r.settings.LabelColumn),
	}
	of := r.set.Features()
	for i, target := range r.targets {
		columns = append(columns, numbers(target.Name, r.columns[len(of)+i]))
	}
	if r.labels != nil {
		one := make([]int, n)
		for _, c := range r.labels.Columns() {
			columns = append(columns, c.Take(one))
		}
	}
	for k, f := range of {
		columns = append(columns, numbers(f.Name, r.columns[k]))
	}
	return table.New(columns...)
}

func constant(name, value string, n int) *table.Column {
	return table.NewDictionary(name, make([]uint32, n), []string{value}, nil)
}

// numbers is a column whose NaN are missing.
func numbers(name string, values []float64) *table.Column {
	var nulls []bool
	for i, v := range values {
		if v != v {
			if nulls == nil {
				nulls = make([]bool, len(values))
			}
			nulls[i] = true
		}
	}
	return table.NewFloat64(name, values, nulls)
}
