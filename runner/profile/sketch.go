package profile

import (
	"fmt"
	"math"
	"slices"
)

// DefaultAccuracy is the k of a sketch that is built from cells.
const DefaultAccuracy = 1024

// minAccuracy keeps a compaction worth its name.
const minAccuracy = 8

// maxLevels is more than enough for any count that an int64 holds.
const maxLevels = 60

// Sketch estimates the ranks and quantiles of a stream of numbers.
//
// It is the mergeable compactor of Manku, Rajagopalan and Lindsay (1998) and of
// Karnin, Lang and Liberty (2016) with buffers of equal size and without chance:
// level h holds values of weight 2^h, fewer than 2k of them. A full level is
// sorted and every other value goes up one level, the first or the second of each
// pair. That moves every rank by between 0 and 2^h, up or down; the sketch adds
// up how far ranks may have moved in either direction and takes the direction
// that has moved less. So its error is known for certain: after n values it is at
// most n·(⌈log2(n/2k)⌉+1)/(4k), and 0 below 2k values.
//
// The zero Sketch is not usable; [NewSketch] makes one. A Sketch is not safe for
// concurrent use.
type Sketch struct {
	k           int
	count       int64
	over, under int64 // how much too large or too small an estimated rank may be
	min, max    float64
	levels      [][]float64 // sorted but for the lowest
	keys        []uint64    // to sort in
	half        []float64   // on its way up
}

// NewSketch makes an empty sketch whose levels hold fewer than 2k values. A k
// below 8 counts as 8.
func NewSketch(k int) *Sketch { return &Sketch{k: max(k, minAccuracy)} }

// Count is how many values were added.
func (s *Sketch) Count() int64 { return s.count }

// Min is the smallest value, exactly; 0 of no values.
func (s *Sketch) Min() float64 { return s.min }

// Max is the largest value, exactly; 0 of no values.
func (s *Sketch) Max() float64 { return s.max }

// RankError bounds how far an estimated rank is from the true one, for certain:
// in values, not as a share.
func (s *Sketch) RankError() int64 { return max(s.over, s.under) }

// Retained is how many values the sketch holds.
func (s *Sketch) Retained() int {
	n := 0
	for _, level := range s.levels {
		n += len(level)
	}
	return n
}

// Add adds values. NaN is left out; an infinite value counts as the largest
// finite one of its sign.
func (s *Sketch) Add(values ...float64) {
	if len(s.levels) == 0 {
		s.levels = append(s.levels, make([]float64, 0, 2*s.k))
	}
	for _, v := range values {
		if v != v {
			continue
		}
		if math.IsInf(v, 0) {
			v = math.Copysign(math.MaxFloat64, v)
		}
		if v == 0 {
			v = 0 // zeros of both signs are one value
		}
		s.widen(v, v)
		s.count++
		s.levels[0] = append(s.levels[0], v)
		if len(s.levels[0]) >= 2*s.k {
			s.compact(0)
		}
	}
}

// widen takes a range of further values into the extremes; called before they
// are counted.
func (s *Sketch) widen(low, high float64) {
	if s.count == 0 {
		s.min, s.max = low, high
		return
	}
	s.min, s.max = min(s.min, low), max(s.max, high)
}

// Merge adds what another sketch holds, which it leaves as it is. Errors add up.
func (s *Sketch) Merge(other *Sketch) {
	if other.count == 0 {
		return
	}
	s.widen(other.min, other.max)
	s.count += other.count
	s.over += other.over
	s.under += other.under
	for h, level := range other.levels {
		s.raise(h)
		if h == 0 {
			s.levels[0] = append(s.levels[0], level...)
		} else {
			s.levels[h] = mergeSorted(s.levels[h], level)
		}
	}
	for h := range len(s.levels) { // what is added above them compacts itself
		if len(s.levels[h]) >= 2*s.k {
			s.compact(h)
		}
	}
}

// Shrink returns a sketch of the same values that holds at most so many of them,
// at least 16. It costs an error of about twice the number of values over the number
// held, at most; the sketch says how much exactly.
func (s *Sketch) Shrink(retained int) *Sketch {
	retained = max(retained, 2*minAccuracy)
	t := *s
	t.keys, t.half = nil, nil
	t.levels = make([][]float64, len(s.levels))
	for h, level := range s.levels {
		t.levels[h] = slices.Clone(level)
	}
	// Levels that have passed hold one value each, so this ends.
	for h := 0; t.Retained() > retained; h++ {
		if len(t.levels[h]) > 1 {
			t.compact(h)
		}
	}
	t.sort()
	return &t
}

// sort puts the lowest level in order, too.
func (s *Sketch) sort() {
	if len(s.levels) > 0 {
		s.keys = sortFloats(s.levels[0], s.keys)
	}
}

// raise makes levels up to h.
func (s *Sketch) raise(h int) {
	for len(s.levels) <= h {
		s.levels = append(s.levels, nil)
	}
}

// compact moves every other value of a level up, and what overflows thereby.
func (s *Sketch) compact(h int) {
	s.raise(h + 1)
	if h == 0 {
		s.sort()
	}
	level := s.levels[h]
	even := len(level) &^ 1
	first := 0
	if s.over > s.under {
		first = 1
		s.under += 1 << h
	} else {
		s.over += 1 << h
	}
	half := s.half[:0]
	for i := first; i < even; i += 2 {
		half = append(half, level[i])
	}
	s.half = half
	// An odd one out is the largest, and stays.
	s.levels[h] = append(level[:0], level[even:]...)
	s.levels[h+1] = mergeSorted(s.levels[h+1], half)
	if len(s.levels[h+1]) >= 2*s.k {
		s.compact(h + 1)
	}
}

// mergeSorted returns the values of both in order. It may use a's memory.
func mergeSorted(a, b []float64) []float64 {
	i, j := len(a)-1, len(b)-1
	a = append(a, b...)
	for at := len(a) - 1; j >= 0; at-- {
		if i >= 0 && a[i] > b[j] {
			a[at] = a[i]
			i--
		} else {
			a[at] = b[j]
			j--
		}
	}
	return a
}

// check tells what no sketch can be, of one that was read.
func (s *Sketch) check() error {
	var weight int64
	for h, level := range s.levels {
		if len(level) > 0 && int64(len(level)) > (math.MaxInt64>>1-weight)>>h {
			return fmt.Errorf("level %d holds more than can be counted", h)
		}
		weight += int64(len(level)) << h
		for i, v := range level {
			switch {
			case math.IsNaN(v) || math.IsInf(v, 0):
				return fmt.Errorf("level %d holds a value that is no finite number", h)
			case i > 0 && v < level[i-1]:
				return fmt.Errorf("level %d is not in order", h)
			case v < s.min || v > s.max:
				return fmt.Errorf("level %d holds %v, beyond the extremes %v and %v", h, v, s.min, s.max)
			}
		}
	}
	if weight != s.count {
		return fmt.Errorf("the levels weigh %d, but %d values are told", weight, s.count)
	}
	if s.over < 0 || s.under < 0 || s.over > s.count || s.under > s.count {
		return fmt.Errorf("the error of %d and %d is none that %d values can have", s.over, s.under, s.count)
	}
	return nil
}
