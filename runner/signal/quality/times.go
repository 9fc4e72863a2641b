package quality

import (
	"math"
	"slices"
)

// Times says what is looked for among a case's times. Steps back and rows of the same
// time are always found.
type Times struct {
	// Column is the name of the column of times.
	Column string
	// MaxGap is the longest step in time that is no gap; 0: any.
	MaxGap float64
	// GapFactor is how many times the median step a step may be long; 0: any. The
	// median is that of the steps forward among the case's first [MedianRows] rows.
	// With MaxGap, too, the shorter limit counts.
	GapFactor float64
}

// MedianRows is how many rows the median step is taken of: it bounds what is kept to
// 8 MiB.
const MedianRows = 1 << 20

// times checks the times.
type times struct {
	Times
	rows      int64
	last      float64
	sameTime  int64 // rows of the last one's time
	limit     float64
	first     []float64 // the first rows' times, until the median is known
	backwards tally
	same      tally
	gaps      tally
}

func newTimes(t Times) times {
	c := times{Times: t, limit: math.Inf(1)}
	if t.MaxGap > 0 {
		c.limit = t.MaxGap
	}
	if t.GapFactor > 0 {
		c.first = []float64{}
	}
	return c
}

func (c *times) add(t float64) {
	if step := t - c.last; c.rows > 0 {
		switch {
		case step < 0:
			c.backwards.add(c.rows, t, step, 0, -step)
		case step == 0:
			c.sameTime++
			c.same.add(c.rows, t, float64(c.sameTime), 1, float64(c.sameTime))
		}
		if c.first == nil {
			c.gap(c.rows, t, step)
		}
	}
	if c.rows == 0 || t != c.last {
		c.sameTime = 1
	}
	c.last = t
	c.rows++
	if c.first != nil {
		if c.first = append(c.first, t); len(c.first) == MedianRows {
			c.settle()
		}
	}
}

func (c *times) gap(row int64, t, step float64) {
	if step > c.limit {
		c.gaps.add(row, t, step, c.limit, step)
	}
}

// settle takes the median and looks through the rows that waited for it.
func (c *times) settle() {
	waited := c.first
	c.first = nil
	var steps []float64
	for i := 1; i < len(waited); i++ {
		if step := waited[i] - waited[i-1]; step > 0 {
			steps = append(steps, step)
		}
	}
	if len(steps) > 0 {
		slices.Sort(steps)
		median := (steps[(len(steps)-1)/2] + steps[len(steps)/2]) / 2
		c.limit = min(c.limit, c.GapFactor*median)
	}
	for i := 1; i < len(waited); i++ {
		c.gap(int64(i), waited[i], waited[i]-waited[i-1])
	}
}

func (c *times) findings() []*Finding {
	if c.first != nil {
		c.settle()
	}
	return []*Finding{c.backwards.finding(c.Column, Backwards), c.same.finding(c.Column, Duplicates), c.gaps.finding(c.Column, Gaps)}
}
