package gbdt

import (
	"math"
	"slices"
)

// floatSorter sorts numbers without NaN, in time about linear in their number:
// first by the digits of the upper half of their keys, from the least one up,
// which leaves next to nothing to do where numbers differ at all. It keeps its
// memory for the next column.
type floatSorter struct {
	keys, spare []uint64
	count       [digits][digitValues]uint32
}

const (
	digitBits   = 11
	digits      = 3
	lowBits     = 64 - digits*digitBits
	digitValues = 1 << digitBits
	// smallSort is where comparing is faster than counting digits.
	smallSort = 2048
	// shortRun is where inserting is faster than any other way to sort.
	shortRun = 16
)

func (s *floatSorter) sort(values []float64) {
	if len(values) < smallSort {
		slices.Sort(values)
		return
	}
	s.keys = slices.Grow(s.keys[:0], len(values))[:len(values)]
	s.spare = slices.Grow(s.spare[:0], len(values))[:len(values)]
	clear(s.count[:])
	for i, v := range values {
		key := orderedKey(v)
		s.keys[i] = key
		s.count[0][key>>lowBits&(digitValues-1)]++
		s.count[1][key>>(lowBits+digitBits)&(digitValues-1)]++
		s.count[2][key>>(lowBits+2*digitBits)]++
	}
	from, to := s.keys, s.spare
	for d := range digits {
		count, shift := &s.count[d], uint(lowBits+d*digitBits)
		if int(count[from[0]>>(shift&63)&(digitValues-1)]) == len(from) {
			continue // all have the same digit
		}
		next := uint32(0)
		for v, n := range count {
			count[v] = next
			next += n
		}
		for _, key := range from {
			v := key >> (shift & 63) & (digitValues - 1)
			to[count[v]] = key
			count[v]++
		}
		from, to = to, from
	}
	sortRuns(from)
	for i, key := range from {
		values[i] = numberOf(key)
	}
}

// sortRuns sorts keys whose upper bits are in order already.
func sortRuns(keys []uint64) {
	for first := 0; first < len(keys); {
		end := first + 1
		for end < len(keys) && keys[end]>>lowBits == keys[first]>>lowBits {
			end++
		}
		if run := keys[first:end]; len(run) > shortRun {
			slices.Sort(run)
		} else {
			for i := 1; i < len(run); i++ {
				for j := i; j > 0 && run[j] < run[j-1]; j-- {
					run[j], run[j-1] = run[j-1], run[j]
				}
			}
		}
		first = end
	}
}

// numberOf is the inverse of orderedKey.
func numberOf(key uint64) float64 {
	if key>>63 == 0 {
		return math.Float64frombits(^key)
	}
	return math.Float64frombits(key &^ (1 << 63))
}
