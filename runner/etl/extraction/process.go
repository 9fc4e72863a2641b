package extraction

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"

	"mlops/runner/etl"
	"mlops/runner/etl/windows"
	"mlops/runner/features"
	"mlops/runner/table"
)

// Process makes an item's rows.
func (p *extraction) Process(ctx context.Context, w *etl.Work) error {
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
	// Both are written as the windows come.
	err = w.Create(ctx, featuresOf(w.Item.Name), func(numbers io.Writer) error {
		return w.Create(ctx, levelsOf(w.Item.Name), func(levels io.Writer) error {
			return run.numbers(ctx, w, newNumbersWriter(numbers), newNumbersWriter(levels))
		})
	})
	if err != nil {
		return err
	}
	if err := w.CreateTable(ctx, aboutOf(w.Item.Name), run.about(ctx, w), table.WriteOptions{Compression: etl.PartCompression}); err != nil {
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
	row, levels []float64
}

// target is one that is made of a column among those that are read.
type target struct {
	Target
	column int
}

// begin opens what an item is made of.
func (p *extraction) begin(ctx context.Context, w *etl.Work, set *features.Set) (*running, error) {
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
func (p *extraction) caseLabels(ctx context.Context, w *etl.Work) (*table.Table, error) {
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

// part is a run of windows.
type part struct {
	first int64 // the number of the first
	table *table.Table
}

// windows are those that the item's rows need: its own, and before them what their
// features depend on.
func (r *running) windows(ctx context.Context, w *etl.Work) iter.Seq2[part, error] {
	return func(yield func(part, error) bool) {
		next := int64(0)
		needed := max(0, r.from-int64(r.set.History()))
		for t, err := range etl.Tables(ctx, w, w.Input(windowsInput), r.settings.BufferRows, table.ReadOptions{}) {
			if err != nil {
				yield(part{}, err)
				return
			}
			first := next
			next += int64(t.NumRows())
			lo, hi := max(needed, first), min(r.to, next)
			if lo >= hi {
				continue
			}
			if !yield(part{first: lo, table: t.Slice(int(lo-first), int(hi-first))}, nil) || hi == r.to {
				return
			}
		}
	}
}

// numbers writes the features of the item's windows, and their levels and targets.
func (r *running) numbers(ctx context.Context, w *etl.Work, numbers, levels *numbersWriter) error {
	base := r.set.Base()
	size, count := int64(r.set.Settings().WindowSize), len(r.set.Settings().Signals)
	for p, err := range r.windows(ctx, w) {
		if err != nil {
			return err
		}
		starts, ends := p.table.Column("start").Ints(), p.table.Column("end").Ints()
		for i := range starts {
			own := p.first+int64(i) >= r.from
			if ends[i]-starts[i] != size {
				if own {
					r.short++
				}
				continue
			}
			values, err := r.rows.window(ctx, starts[i], ends[i])
			if err != nil {
				return err
			}
			signals := values[1 : 1+count]
			r.row = r.computer.Window(r.row[:0], values[0], signals)
			if !own {
				continue
			}
			r.countGaps(signals)
			if err := numbers.write(r.row); err != nil {
				return err
			}
			r.levels = r.levels[:0]
			for _, place := range base {
				r.levels = append(r.levels, r.row[place])
			}
			for _, target := range r.targets {
				r.levels = append(r.levels, target.of(values[target.column]))
			}
			if err := levels.write(r.levels); err != nil {
				return err
			}
		}
	}
	return errors.Join(numbers.out.Flush(), levels.out.Flush())
}

// about is what describes the item's windows: where they are, their labels, and
// those of their case.
func (r *running) about(ctx context.Context, w *etl.Work) etl.Batches[*table.Table] {
	size := int64(r.set.Settings().WindowSize)
	return func(yield func(*table.Table, error) bool) {
		for p, err := range r.windows(ctx, w) {
			var made *table.Table
			if err == nil {
				starts, ends := p.table.Column("start").Ints(), p.table.Column("end").Ints()
				var own []int
				for i := range starts {
					if p.first+int64(i) >= r.from && ends[i]-starts[i] == size {
						own = append(own, i)
					}
				}
				made, err = r.describe(w, p.table.Take(own))
			}
			if !yield(made, err) || err != nil {
				return
			}
		}
	}
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

// describe puts the columns together.
func (r *running) describe(w *etl.Work, windows *table.Table) (*table.Table, error) {
	n := windows.NumRows()
	columns := []*table.Column{
		constant("case_id", w.Item.Params[caseParam], n), constant("source_file", w.Item.Params[fileParam], n),
		windows.Column("window"), windows.Column("start"), windows.Column("end"), windows.Column("start_time"), windows.Column("end_time"),
		windows.Column("label").Rename(r.settings.LabelColumn),
	}
	if r.labels != nil {
		one := make([]int, n)
		for _, c := range r.labels.Columns() {
			columns = append(columns, c.Take(one))
		}
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
