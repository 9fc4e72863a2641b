package quality

import "math"

// Check is a kind of finding.
type Check string

// The checks, in the order of findings.
const (
	Backwards  Check = "backwards"
	Duplicates Check = "duplicates"
	Gaps       Check = "gaps"
	Missing    Check = "missing"
	NonFinite  Check = "non_finite"
	Range      Check = "range"
	Constant   Check = "constant"
	Stuck      Check = "stuck"
	Jumps      Check = "jumps"
)

// Finding is what a check found of a column.
type Finding struct {
	Case   string `json:"case"`
	Column string `json:"column"` // the column of times, for checks of times
	Check  Check  `json:"check"`
	// Count of rows; of stuck, of the runs.
	Count int64 `json:"count"`
	// FirstRow is the first of them, counted from 0; of stuck, where the first run
	// begins; of gaps, the row behind the first gap.
	FirstRow int64 `json:"first_row"`
	// FirstTime is that row's.
	FirstTime float64 `json:"first_time"`
	// Value is the worst there is. As all numbers here it is finite: what is beyond
	// float64 is its greatest number. By the check:
	//
	//	backwards            the step in time that goes back furthest, below 0
	//	duplicates           how many rows have one time, at most
	//	gaps                 the longest step in time
	//	missing, non_finite  the share of the case's rows, above 0
	//	range                the value that is furthest outside
	//	constant             the signal's value
	//	stuck                the time that the longest run takes
	//	jumps                the greatest absolute difference
	Value float64 `json:"value"`
	// Limit is what Value was held against, where there is a limit: of range the end
	// that is exceeded; of constant and stuck the tolerance and the longest time.
	Limit float64 `json:"limit"`
}

// tally counts what a check finds.
type tally struct {
	count     int64
	firstRow  int64
	firstTime float64
	value     float64
	limit     float64
	excess    float64 // by how much the worst is worse than the limit
}

// add counts one, which is worse than others by a greater excess.
func (t *tally) add(row int64, time, value, limit, excess float64) {
	if t.count == 0 {
		t.firstRow, t.firstTime = row, time
	}
	if t.count == 0 || excess > t.excess {
		t.value, t.limit, t.excess = value, limit, excess
	}
	t.count++
}

// finding is nil where nothing was found.
func (t *tally) finding(column string, check Check) *Finding {
	if t.count == 0 {
		return nil
	}
	return &Finding{Column: column, Check: check, Count: t.count, FirstRow: t.firstRow, FirstTime: bounded(t.firstTime), Value: bounded(t.value), Limit: t.limit}
}

// bounded is v or, of an infinite one, the greatest number.
func bounded(v float64) float64 { return max(-math.MaxFloat64, min(v, math.MaxFloat64)) }
