package tplgenkey

import (
	"context"
	"fmt"
	"math"
	"strings"

	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/signal/quality"
)

// inspected passes on the rows that are read and looks through them. At the case's end
// it says what was found, and ends the case where that is what a finding does.
func (x preparer) inspected(ctx context.Context, w *etl.Work, in etl.Batches[batch]) etl.Batches[batch] {
	return func(yield func(batch, error) bool) {
		look := inspection{settings: x.settings}
		for b, err := range in {
			if err == nil {
				err = look.add(w, b)
			}
			if err == nil && look.isBack && x.settings.Quality.Backwards.Action == SkipCase {
				continue // it is left out, and only looked through
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
		if look.c == nil {
			return
		}
		if err := look.end(ctx, w); err != nil {
			yield(batch{}, err)
		}
	}
}

// inspection is a case that is looked through.
type inspection struct {
	settings Settings
	c        *caseFile
	checker  *quality.Checker
	values   [][]float64

	rows        int64
	start, last float64
	isBack      bool // the times went back
}

// add looks through rows. It fails where times go back, if that is what it does.
func (n *inspection) add(w *etl.Work, b batch) error {
	times := b.rows.Column(olga.TimeColumn).Floats()
	if n.c == nil {
		var err error
		if n.checker, err = n.settings.Quality.checker(w.Item.Name, b.c.keep); err != nil {
			return err
		}
		n.c, n.values = b.c, make([][]float64, len(b.c.keep))
		n.start, n.last = times[0], times[0]
	}
	for i, t := range times {
		isBack := t < n.last
		switch step := n.rows + int64(i) + 1; {
		case math.IsInf(t, 0):
			return fmt.Errorf("%s: the time of time step %d is %v", w.Item.Inputs[0].Location, step, t)
		case isBack && n.settings.Quality.Backwards.Action == Fail:
			return fmt.Errorf("%s: the time goes back from %v to %v at time step %d; a case must be one series in the order of time", w.Item.Inputs[0].Location, n.last, t, step)
		}
		n.last, n.isBack = t, n.isBack || isBack
	}
	n.rows += int64(len(times))
	for i, t := range b.c.keep {
		n.values[i] = b.rows.Column(t.Name).Floats()
	}
	n.checker.Add(times, n.values)
	return nil
}

// end tells what was found, writes it, and returns the error that ends the case.
func (n *inspection) end(ctx context.Context, w *etl.Work) error {
	q := n.settings.Quality
	var ignored []quality.Check
	for _, check := range []quality.Check{
		quality.Backwards, quality.Duplicates, quality.Gaps, quality.Missing, quality.NonFinite, quality.Range, quality.Constant, quality.Stuck, quality.Jumps,
	} {
		if q.action(check) == Ignore {
			ignored = append(ignored, check)
		}
	}
	found, more := n.checker.Findings(ignored...)
	byAction := map[Action][]quality.Finding{}
	report := caseReport{Case: w.Item.Name, Rows: n.rows, StartTime: n.start, EndTime: n.last, Columns: []reportedColumn{}, Findings: []reportedFinding{}, MoreFindings: more}
	for _, t := range n.c.keep {
		report.Columns = append(report.Columns, reportedColumn{t.Name, t.Unit})
	}
	for _, f := range found {
		action := q.action(f.Check)
		byAction[action] = append(byAction[action], f)
		report.Findings = append(report.Findings, reportedFinding{f, action})
	}
	if fail := byAction[Fail]; len(fail) > 0 {
		return fmt.Errorf("%s: quality: %s", w.Item.Inputs[0].Location, strings.Join(sentences(fail, n.rows), "; "))
	}
	report.Unmatched = n.settings.unmatched(n.c)
	if err := w.CreateJSON(ctx, reportOf(w.Item.Name), report); err != nil {
		return err
	}
	for _, text := range sentences(byAction[Warn], n.rows) {
		w.Warnf(ctx, "quality: %s", text)
	}
	if skip := byAction[SkipCase]; len(skip) > 0 {
		return etl.Skip("quality: " + strings.Join(sentences(skip, n.rows), "; "))
	}
	return nil
}

// unmatched are the keys that name no kept trend of the case.
func (s Settings) unmatched(c *caseFile) []string {
	var keys []string
	add := func(prefix string, patterns []string) {
		for _, pattern := range patterns {
			if !c.keeps(pattern) {
				keys = append(keys, prefix+pattern)
			}
		}
	}
	add("noise.", sortedKeys(s.Noise))
	add("resample.hold.", s.Resample.Hold)
	add("quality.range.limits.", sortedKeys(s.Quality.Range.Limits))
	add("quality.jumps.limits.", sortedKeys(s.Quality.Jumps.Limits))
	return keys
}

// keeps tells whether a kept trend has that name or pattern.
func (c *caseFile) keeps(pattern string) bool {
	for _, t := range c.keep {
		if etl.Matches(t.Name, pattern) {
			return true
		}
	}
	return false
}
