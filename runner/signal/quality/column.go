package quality

import "math"

// Column says what is looked for in a signal. Missing and infinite values, and signals
// that are constant, are always looked for.
type Column struct {
	Name string
	// MissingShare is the share of the case's rows that may be missing.
	MissingShare float64
	// ConstantTolerance is how far apart the least and the greatest value of a constant
	// signal may be. A signal of one value is not constant.
	ConstantTolerance float64
	// StuckFor is how long, in units of time, a signal may be the same; 0: for ever.
	StuckFor float64
	// StuckTolerance is how far the signal may go from where it got stuck.
	StuckTolerance float64
	// Low and High are the least and the greatest value that are in range; nil: any.
	Low, High *float64
	// MaxJump is how far a value may be from the one before, which missing ones do not
	// part; 0: any distance.
	MaxJump float64
}

// column checks a signal.
type column struct {
	Column
	rows     int64
	missing  tally
	infinite tally
	outside  tally
	stuck    tally
	jumps    tally

	numbers   int64 // finite values
	firstRow  int64 // of the finite values
	firstTime float64
	value     float64 // the first one's
	low, high float64
	last      float64
	run       run
}

// run is a stretch in which a signal is the same.
type run struct {
	row         int64
	value       float64
	first, last float64 // times
}

func (c *column) add(row int64, time, v float64) {
	c.rows++
	if v-v != 0 {
		if v != v {
			c.missing.add(row, time, 0, c.MissingShare, 0)
		} else {
			c.infinite.add(row, time, 0, 0, 0)
		}
		return
	}
	if c.Low != nil && v < *c.Low {
		c.outside.add(row, time, v, *c.Low, *c.Low-v)
	} else if c.High != nil && v > *c.High {
		c.outside.add(row, time, v, *c.High, v-*c.High)
	}
	if c.numbers == 0 {
		c.firstRow, c.firstTime, c.value, c.low, c.high = row, time, v, v, v
		c.run = run{row, v, time, time}
	} else {
		c.low, c.high = min(c.low, v), max(c.high, v)
		if jump := math.Abs(v - c.last); c.MaxJump > 0 && jump > c.MaxJump {
			c.jumps.add(row, time, jump, c.MaxJump, jump)
		}
		if math.Abs(v-c.run.value) <= c.StuckTolerance {
			c.run.last = time
		} else {
			c.endRun()
			c.run = run{row, v, time, time}
		}
	}
	c.last = v
	c.numbers++
}

func (c *column) endRun() {
	if took := c.run.last - c.run.first; c.StuckFor > 0 && took > c.StuckFor {
		c.stuck.add(c.run.row, c.run.first, took, c.StuckFor, took)
	}
}

func (c *column) findings() []*Finding {
	share := func(t *tally, check Check) *Finding {
		if t.value = float64(t.count) / float64(c.rows); !(t.value > t.limit) {
			return nil
		}
		return t.finding(c.Name, check)
	}
	var constant *Finding
	if c.numbers > 1 && c.high-c.low <= c.ConstantTolerance {
		constant = &Finding{Column: c.Name, Check: Constant, Count: c.numbers, FirstRow: c.firstRow, FirstTime: c.firstTime, Value: c.value, Limit: c.ConstantTolerance}
	}
	c.endRun()
	return []*Finding{
		share(&c.missing, Missing), share(&c.infinite, NonFinite), c.outside.finding(c.Name, Range), constant,
		c.stuck.finding(c.Name, Stuck), c.jumps.finding(c.Name, Jumps),
	}
}
