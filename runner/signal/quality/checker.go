package quality

import "slices"

// Checker looks through one case. It is not safe for concurrent use.
type Checker struct {
	name    string
	times   times
	columns []column
}

// MaxFindings is how many findings a [Checker] tells of one case.
const MaxFindings = 1000

// New makes a checker of a case that has no row yet.
func New(caseName string, t Times, columns []Column) *Checker {
	c := &Checker{name: caseName, times: newTimes(t), columns: make([]column, len(columns))}
	for i := range columns {
		c.columns[i].Column = columns[i]
	}
	return c
}

// Add takes the case's next rows: their times and, in the order of the checker's
// columns, their values, NaN where missing. All are equally long. It keeps none of the
// slices.
func (c *Checker) Add(times []float64, values [][]float64) {
	first := c.times.rows
	for _, t := range times {
		c.times.add(t)
	}
	for k := range c.columns {
		column, values := &c.columns[k], values[k][:len(times)]
		for i, v := range values {
			column.add(first+int64(i), times[i], v)
		}
	}
}

// Findings ends the case and returns what was found but for the checks that are
// ignored: the times' first, then the columns' in their order. It is called once.
// Behind [MaxFindings] they are only counted, in more.
func (c *Checker) Findings(ignored ...Check) (found []Finding, more int) {
	all := c.times.findings()
	for k := range c.columns {
		all = append(all, c.columns[k].findings()...)
	}
	for _, f := range all {
		switch {
		case f == nil || slices.Contains(ignored, f.Check):
		case len(found) == MaxFindings:
			more++
		default:
			f.Case = c.name
			found = append(found, *f)
		}
	}
	return found, more
}
