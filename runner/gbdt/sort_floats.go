package gbdt

import (
	"math"
	"slices"
)

// floatSorter sorts numbers without NaN by the digits of their keys, from the
// least one up, in time linear in their number. It keeps its memory for the next
// column.
type floatSorter struct {
	keys, spare []uint64
	count       [digits][digitValues]uint32
}

const (
	digitBits   = 11
	digits      = (64 + digitBits - 1) / digitBits
	digitValues = 1 << digitBits
	// smallSort is where comparing is faster than counting digits.
	smallSort = 2048
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
		for d := range digits {
			s.count[d][key>>(d*digitBits)&(digitValues-1)]++
		}
	}
	from, to := s.keys, s.spare
	for d := range digits {
		count, shift := &s.count[d], uint(d*digitBits)
		if int(count[from[0]>>shift&(digitValues-1)]) == len(from) {
			continue // all have the same digit
		}
		next := uint32(0)
		for v, n := range count {
			count[v] = next
			next += n
		}
		for _, key := range from {
			v := key >> shift & (digitValues - 1)
			to[count[v]] = key
			count[v]++
		}
		from, to = to, from
	}
	for i, key := range from {
		values[i] = numberOf(key)
	}
}

// numberOf is the inverse of orderedKey.
func numberOf(key uint64) float64 {
	if key>>63 == 0 {
		return math.Float64frombits(^key)
	}
	return math.Float64frombits(key &^ (1 << 63))
}
