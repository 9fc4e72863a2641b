package gbdt

import (
	"slices"
	"sort"
)

// percentile is the alpha-percentile of values, which it reorders: the value of
// rank (1-alpha)·(n-1) from the top, counted from 0, interpolated between the
// two neighbouring ones.
func percentile(values []float64, alpha float64) float64 {
	if len(values) == 0 {
		return 0
	}
	position := (1 - alpha) * float64(len(values)-1)
	rank := int(position)
	if rank >= len(values)-1 {
		return slices.Min(values)
	}
	lower := selectDescending(values, rank+1)
	upper := slices.Min(values[:rank+1])
	return upper - (upper-lower)*(position-float64(rank))
}

// selectDescending is the value of a rank from the top (0 is the largest).
// Afterwards no value before the rank is smaller (Hoare's selection).
func selectDescending(values []float64, rank int) float64 {
	low, high := 0, len(values)-1
	for low < high {
		a, b, c := values[low], values[low+(high-low)/2], values[high]
		pivot := max(min(a, b), min(max(a, b), c)) // their median
		i, j := low, high
		for i <= j {
			for values[i] > pivot {
				i++
			}
			for values[j] < pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case rank <= j:
			high = j
		case rank >= i:
			low = i
		default:
			return values[rank]
		}
	}
	return values[rank]
}

// weightedPercentile is the value at which the rising sum of weights passes the
// share alpha. Like LightGBM, it goes between two values only where the weight
// of the upper one is at least 1.
func weightedPercentile(values, weights []float64, alpha float64) float64 {
	n := len(values)
	switch n {
	case 0:
		return 0
	case 1:
		return values[0]
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return values[order[a]] < values[order[b]] })
	sums := make([]float64, n)
	sum := 0.0
	for i, at := range order {
		sum += weights[at]
		sums[i] = sum
	}
	threshold := sum * alpha
	at := min(sort.Search(n, func(i int) bool { return sums[i] > threshold }), n-1)
	if at == 0 || at == n-1 {
		return values[order[at]]
	}
	before, here := values[order[at-1]], values[order[at]]
	if step := sums[at] - sums[at-1]; step >= 1 {
		return before + (threshold-sums[at-1])/step*(here-before)
	}
	return before
}
