package profile

import (
	"fmt"
	"math"
	"time"

	"mlops/runner/table"
)

// Column sums up one column.
type Column struct {
	Name    string
	Kind    table.Kind
	Count   int64 // cells, the missing ones included
	Missing int64
	// Numbers sums up the other cells of numbers and times; nil for others. A time
	// counts as seconds since the Unix epoch.
	Numbers *Numbers
	// Categories counts the other cells of texts and truth values; nil for others.
	Categories *Counts
}

// Numbers sums up numbers.
type Numbers struct {
	Finite int64 // how many Mean and Std are of: infinite ones are left out
	Mean   float64
	Std    float64 // of the population
	Sketch *Sketch
}

// newColumn makes the profile of no cells.
func newColumn(name string, kind table.Kind) *Column {
	c := &Column{Name: name, Kind: kind}
	switch kind {
	case table.String, table.Bool:
		c.Categories = NewCounts(DefaultCategories)
	default:
		c.Numbers = &Numbers{Sketch: NewSketch(DefaultAccuracy)}
	}
	return c
}

// MissingShare is the share of cells that are missing; 0 of no cells.
func (c *Column) MissingShare() float64 { return float64(c.Missing) / float64(max(1, c.Count)) }

// Valid is how many cells are not missing.
func (c *Column) Valid() int64 { return c.Count - c.Missing }

// Merge adds a column of the same name whose cells come after those of c.
func (c *Column) Merge(other *Column) error {
	if (c.Numbers == nil) != (other.Numbers == nil) {
		return fmt.Errorf("column %q is %s in one profile and %s in another", c.Name, c.Kind, other.Kind)
	}
	c.Count += other.Count
	c.Missing += other.Missing
	if c.Categories != nil {
		c.Categories.Merge(other.Categories)
		return nil
	}
	c.Numbers.merge(other.Numbers.Finite, other.Numbers.Mean, other.Numbers.Std)
	c.Numbers.Sketch.Merge(other.Numbers.Sketch)
	return nil
}

// merge joins moments by the update of Chan, Golub and LeVeque (1979).
func (n *Numbers) merge(count int64, mean, std float64) {
	if count == 0 {
		return
	}
	a, b := float64(n.Finite), float64(count)
	delta := mean - n.Mean
	squares := n.Std*n.Std*a + std*std*b + delta*delta*a*b/(a+b)
	n.Finite += count
	n.Mean += delta * b / (a + b)
	n.Std = math.Sqrt(squares / (a + b))
}

// add takes further cells in.
func (c *Column) add(cells *table.Column) {
	rows := cells.Len()
	c.Count += int64(rows)
	switch cells.Kind() {
	case table.Float64:
		c.addNumbers(cells.Floats())
	case table.Int64, table.Time:
		unit := 1.0
		if cells.Kind() == table.Time {
			unit = float64(time.Second)
		}
		buffer := make([]float64, 0, min(rows, 1<<12))
		for i, v := range cells.Ints() {
			if cells.IsNull(i) {
				c.Missing++
				continue
			}
			if buffer = append(buffer, float64(v)/unit); len(buffer) == cap(buffer) {
				c.addNumbers(buffer)
				buffer = buffer[:0]
			}
		}
		c.addNumbers(buffer)
	case table.Bool:
		var truths [2]int64
		for i, v := range cells.Bools() {
			switch {
			case cells.IsNull(i):
				c.Missing++
			case v:
				truths[1]++
			default:
				truths[0]++
			}
		}
		c.Categories.Add("false", truths[0])
		c.Categories.Add("true", truths[1])
	default:
		c.addTexts(cells)
	}
}

// addNumbers takes numbers in, of which NaN is a missing cell, in runs that stay
// in the processor's cache.
func (c *Column) addNumbers(values []float64) {
	const run = 4096
	for len(values) > 0 {
		part := values[:min(run, len(values))]
		values = values[len(part):]
		var sum float64
		var finite, missing int64
		for _, v := range part {
			switch {
			case v != v:
				missing++
			case math.Abs(v) <= math.MaxFloat64:
				finite++
				sum += v
			}
		}
		if finite > 0 {
			mean, squares := sum/float64(finite), 0.0
			for _, v := range part {
				if math.Abs(v) <= math.MaxFloat64 {
					squares += (v - mean) * (v - mean)
				}
			}
			c.Numbers.merge(finite, mean, math.Sqrt(squares/float64(finite)))
		}
		c.Missing += missing
		c.Numbers.Sketch.Add(part...)
	}
}

func (c *Column) addTexts(cells *table.Column) {
	dict := cells.Dict()
	counts := make([]int64, len(dict))
	for i, code := range cells.Codes() {
		if cells.IsNull(i) {
			c.Missing++
		} else {
			counts[code]++
		}
	}
	for code, n := range counts {
		c.Categories.Add(dict[code], n)
	}
	c.Categories.trim()
}
