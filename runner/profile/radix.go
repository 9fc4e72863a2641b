package profile

import "math"

// sortFloats sorts values, none of which is NaN, and returns the scratch memory
// for the next time. It is a radix sort by bytes, least significant first: a
// sketch spends most of its time here, and comparing would take three times as
// long.
func sortFloats(values []float64, scratch []uint64) []uint64 {
	n := len(values)
	if n < 2 {
		return scratch
	}
	if len(scratch) < 2*n {
		scratch = make([]uint64, 2*n)
	}
	from, to := scratch[:n], scratch[n:2*n]
	var counts [8][256]int32
	for i, v := range values {
		key := sortKey(v)
		from[i] = key
		for d := range counts {
			counts[d][byte(key>>(8*d))]++
		}
	}
	for d := range counts {
		count, shift := &counts[d], 8*d
		if int(count[byte(from[0]>>shift)]) == n {
			continue // all have the same byte here
		}
		var at int32
		for b, c := range count {
			count[b] = at
			at += c
		}
		for _, key := range from {
			b := byte(key >> shift)
			to[count[b]] = key
			count[b]++
		}
		from, to = to, from
	}
	for i, key := range from {
		values[i] = sortValue(key)
	}
	return scratch
}

// sortKey maps numbers to integers in the same order.
func sortKey(v float64) uint64 {
	bits := math.Float64bits(v)
	return bits ^ (uint64(int64(bits)>>63) | 1<<63)
}

// sortValue is the inverse of sortKey.
func sortValue(key uint64) float64 {
	return math.Float64frombits(key ^ (^uint64(int64(key)>>63) | 1<<63))
}
