package windows

import (
	"mlops/runner/table"
)

// labeller makes labels of windows. Rows are added in order; a window's rows are
// those that were added and not yet dropped, so that each row costs the same
// however long the windows are.
type labeller struct {
	rule  string
	text  bool    // the labels are text
	rows  []label // added and not dropped
	first int64   // the row that rows begins with

	counted int64 // rows with a label
	nonzero int64
	counts  map[label]*count
}

// label is one row's: a number, or text.
type label struct {
	missing bool
	number  float64
	text    string
}

// count is how often a label is in the window, and where last.
type count struct {
	n    int64
	last int64
}

func newLabeller(rule string, text bool) *labeller {
	return &labeller{rule: rule, text: text, counts: map[label]*count{}}
}

// add takes the labels of further rows; nil: they have none.
func (l *labeller) add(c *table.Column, rows int) error {
	var numbers []float64
	if c != nil && !l.text {
		var err error
		if numbers, err = c.AsFloats(); err != nil {
			return err
		}
	}
	for i := range rows {
		one := label{missing: true}
		switch {
		case c == nil || c.IsNull(i):
		case l.text:
			one = label{text: c.Text(i)}
		default:
			one = label{number: numbers[i]}
		}
		l.rows = append(l.rows, one)
	}
	return nil
}

// window counts the rows [start, end), all of which have been added.
type window struct {
	*labeller
	start, end int64 // rows that are counted
}

// to moves the window, forwards.
func (w *window) to(s span) {
	if s.start >= w.end || s.start < w.start { // nothing in common, or a tail that was moved back
		clear(w.counts)
		w.counted, w.nonzero = 0, 0
		w.start, w.end = s.start, s.start
	}
	for ; w.end < s.end; w.end++ {
		w.count(w.end, 1)
	}
	for ; w.start < s.start; w.start++ {
		w.count(w.start, -1)
	}
}

func (w *window) count(row, by int64) {
	one := w.rows[row-w.first]
	if one.missing {
		return
	}
	w.counted += by
	if one.number != 0 {
		w.nonzero += by
	}
	if w.rule != "majority" {
		return
	}
	c := w.counts[one]
	if c == nil {
		c = &count{}
		w.counts[one] = c
	}
	if c.n += by; c.n == 0 {
		delete(w.counts, one)
	}
	if by > 0 {
		c.last = row
	}
}

// label is the window's label by the rule.
func (w *window) label() label {
	if w.rule == "last" {
		return w.rows[w.end-1-w.first]
	}
	if w.counted == 0 {
		return label{missing: true}
	}
	switch w.rule {
	case "any":
		return label{number: float64(min(w.nonzero, 1))}
	case "fraction":
		return label{number: float64(w.nonzero) / float64(w.counted)}
	}
	var most label
	var best count
	for one, c := range w.counts {
		if c.n > best.n || c.n == best.n && c.last > best.last {
			most, best = one, *c
		}
	}
	return most
}

// forget drops the rows before one that no window needs any more.
func (l *labeller) forget(before int64) {
	if n := before - l.first; n > 0 {
		l.rows = append(l.rows[:0], l.rows[n:]...)
		l.first = before
	}
}

// column makes the labels of windows a column: whole numbers with any, text of
// text, else numbers.
func (l *labeller) column(labels []label) *table.Column {
	nulls := make([]bool, len(labels))
	floats := make([]float64, len(labels))
	ints := make([]int64, len(labels))
	texts := make([]string, len(labels))
	for i, one := range labels {
		nulls[i], floats[i], ints[i], texts[i] = one.missing, one.number, int64(one.number), one.text
	}
	switch {
	case l.text:
		return table.NewString("label", texts, nulls)
	case l.rule == "any":
		return table.NewInt64("label", ints, nulls)
	}
	return table.NewFloat64("label", floats, nulls)
}
