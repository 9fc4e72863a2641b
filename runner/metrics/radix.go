package metrics

import (
	"cmp"
	"math"
	"slices"
)

// descending maps scores to keys: a higher score has the lower key, and both
// zeros the same one.
func descending(score float64) uint64 {
	bits := math.Float64bits(score + 0) // -0 + 0 is +0
	if bits>>63 == 0 {
		return ^(bits | 1<<63)
	}
	return bits
}

// scoreOf is the inverse of descending.
func scoreOf(key uint64) float64 {
	if key>>63 == 0 {
		return math.Float64frombits(^key &^ (1 << 63))
	}
	return math.Float64frombits(key)
}

const (
	digitBits   = 11
	digits      = (64 + digitBits - 1) / digitBits
	digitValues = 1 << digitBits
	// Below so many rows comparing is faster than counting digits.
	smallSort = 2048
)

// sortRanked sorts by key; rows of one key keep their order. It is a radix sort
// from the least digit up, in time linear in the rows, and returns either rows
// or a slice of the same size.
func sortRanked(rows []rankedRow) []rankedRow {
	if len(rows) < smallSort {
		slices.SortStableFunc(rows, func(a, b rankedRow) int { return cmp.Compare(a.key, b.key) })
		return rows
	}
	count := make([][digitValues]int, digits)
	for _, row := range rows {
		for d := range digits {
			count[d][row.key>>(d*digitBits)&(digitValues-1)]++
		}
	}
	spare := make([]rankedRow, len(rows))
	for d := range digits {
		shift := d * digitBits
		if count[d][rows[0].key>>shift&(digitValues-1)] == len(rows) {
			continue // all rows have the same digit
		}
		start := 0
		for v, n := range count[d] {
			count[d][v] = start
			start += n
		}
		for _, row := range rows {
			v := row.key >> shift & (digitValues - 1)
			spare[count[d][v]] = row
			count[d][v]++
		}
		rows, spare = spare, rows
	}
	return rows
}
