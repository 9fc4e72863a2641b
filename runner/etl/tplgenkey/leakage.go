package tplgenkey

import (
	"context"
	"math"

	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/olga/genkey"
	"mlops/runner/table"
)

// leakage is what the trends say of the leak. nil is what they do not say.
type leakage struct {
	flow        *float64 // kg/s, the largest of any leak, either way
	first, last *float64 // the times of the first and the last row that the label calls a leak
	told        bool     // of a unit that is not known
}

// isLeak tells whether a value of the label's trend is a leak's. OLGA counts the flow of
// a leak (GTLEAK) that leaves the pipe as negative, so that its size is what counts.
func (c *caseFile) isLeak(v float64) bool {
	if c.signed {
		v = math.Abs(v)
	}
	return v > c.above
}

// watchLeak looks at the rows as the file has them, before any of them is changed.
func watchLeak(ctx context.Context, w *etl.Work, b batch) error {
	l := &b.c.leakage
	for _, t := range b.c.reader.Trends {
		if !etl.Matches(t.Name, olga.LeakFlows) {
			continue
		}
		if _, known := genkey.MassFlow.Convert(0, t.Unit); !known {
			if !l.told {
				w.Warnf(ctx, "the unit %q of the trend %s is none of a mass flow; leak_flow_max_kg_s is without it", t.Unit, t.Name)
				l.told = true
			}
			continue
		}
		most := -1.0
		if l.flow != nil {
			most = *l.flow
		}
		for _, v := range b.rows.Column(t.Name).Floats() {
			flow, _ := genkey.MassFlow.Convert(math.Abs(v), t.Unit)
			if flow > most { // NaN, a missing value, is not
				most = flow
			}
		}
		if most >= 0 {
			l.flow = &most
		}
	}
	if b.c.label == "" {
		return nil
	}
	times := b.rows.Column(olga.TimeColumn).Floats()
	first, last := -1, -1
	for i, v := range b.rows.Column(b.c.label).Floats() {
		if b.c.isLeak(v) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil
	}
	from, to := times[first], times[last] // the batch's memory is not kept
	if l.first == nil {
		l.first = &from
	}
	l.last = &to
	return nil
}

// columns are the index's.
func (l *leakage) columns() []*table.Column {
	return []*table.Column{number("leak_flow_max_kg_s", l.flow), number("leak_first_time", l.first), number("leak_last_time", l.last)}
}
