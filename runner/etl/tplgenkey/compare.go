package tplgenkey

import (
	"fmt"
	"slices"

	"mlops/runner/signal/quality"
)

// maxCompared is how many trends that differ between cases are told of each check.
const maxCompared = 1000

// comparison is of the trends of all cases with one another.
type comparison struct {
	trends    map[string]*comparedTrend
	names     []string       // of the trends, as they come
	cases     int            // that were compared
	first     *caseReport    // of them
	unmatched map[string]int // cases in which a key names no trend
}

// comparedTrend is a trend of one or more cases.
type comparedTrend struct {
	unit, of string // its unit in the first case that has it, and that case
	seen     int    // cases that have it
	lacking  string // the first case that has it not
	differs  int    // cases in which it has another unit
	other    string // that unit in the first of them
	otherOf  string // that case
}

func newComparison() *comparison {
	return &comparison{trends: map[string]*comparedTrend{}, unmatched: map[string]int{}}
}

// add takes the next case.
func (c *comparison) add(r *caseReport) {
	had := make(map[string]bool, len(r.Columns))
	for _, column := range r.Columns {
		had[column.Name] = true
		t := c.trends[column.Name]
		if t == nil {
			t = &comparedTrend{unit: column.Unit, of: r.Case}
			if c.first != nil {
				t.lacking = c.first.Case
			}
			c.trends[column.Name] = t
			c.names = append(c.names, column.Name)
		}
		t.seen++
		if column.Unit != t.unit {
			if t.differs++; t.differs == 1 {
				t.other, t.otherOf = column.Unit, r.Case
			}
		}
	}
	for _, name := range c.names {
		if t := c.trends[name]; !had[name] && t.lacking == "" {
			t.lacking = r.Case
		}
	}
	for _, key := range r.Unmatched {
		c.unmatched[key]++
	}
	if c.cases++; c.first == nil {
		c.first = r
	}
}

// difference is a finding that is of no case alone.
type difference struct {
	reportedFinding
	text string
}

// differences are the trends that differ, but for the checks that are ignored.
func (c *comparison) differences(q Quality) []difference {
	var found []difference
	add := func(check quality.Check, of, column string, count int, format string, args ...any) {
		f := quality.Finding{Case: of, Column: column, Check: check, Count: int64(count)}
		found = append(found, difference{reportedFinding{f, q.action(check)}, fmt.Sprintf(format, args...)})
	}
	for _, name := range c.names {
		if t := c.trends[name]; t.differs > 0 && q.Units.Action != Ignore && len(found) < maxCompared {
			add(unitsCheck, t.otherOf, name, t.differs, "the unit of %s is %s in case %s, and %s in case %s", name, shownUnit(t.unit), t.of, shownUnit(t.other), t.otherOf)
		}
	}
	units := len(found)
	for _, name := range c.names {
		if t := c.trends[name]; t.seen < c.cases && q.MissingColumns.Action != Ignore && len(found) < units+maxCompared {
			lacking := c.cases - t.seen
			add(missingColumnsCheck, t.lacking, name, lacking, "%s is not in %d of %d cases, such as %s, and is in %s", name, lacking, c.cases, t.lacking, t.of)
		}
	}
	return found
}

// neverMatched are the keys that name no trend in any case, in order.
func (c *comparison) neverMatched() []string {
	var keys []string
	for key, cases := range c.unmatched {
		if cases == c.cases {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func shownUnit(unit string) string {
	if unit == "" {
		return "not said"
	}
	return unit
}
