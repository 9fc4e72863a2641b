package profile

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// CDF is a sketch's estimate of a cumulative distribution, ready to be read.
type CDF struct {
	values []float64 // distinct, rising
	ranks  []int64   // values that are at most that large
	count  int64
}

// CDF returns the distribution of what was added so far.
func (s *Sketch) CDF() *CDF {
	type point struct {
		value  float64
		weight int64
	}
	points := make([]point, 0, s.Retained())
	for h, level := range s.levels {
		for _, v := range level {
			points = append(points, point{v, 1 << h})
		}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.value, b.value) })
	c := &CDF{count: s.count}
	var rank int64
	for i, p := range points {
		rank += p.weight
		if i+1 < len(points) && points[i+1].value == p.value {
			continue
		}
		c.values, c.ranks = append(c.values, p.value), append(c.ranks, rank)
	}
	return c
}

// Rank estimates how many values are at most v.
func (c *CDF) Rank(v float64) int64 {
	i := sort.Search(len(c.values), func(i int) bool { return c.values[i] > v })
	if i == 0 {
		return 0
	}
	return c.ranks[i-1]
}

// Share estimates the share of the values that are at most v; NaN of no values.
func (c *CDF) Share(v float64) float64 { return float64(c.Rank(v)) / float64(c.count) }

// Quantile estimates the smallest value to which at least the share q of all
// values is not larger (NumPy's method "inverted_cdf"). q is clipped to [0, 1].
// Of no values it is NaN.
func (c *CDF) Quantile(q float64) float64 {
	if c.count == 0 {
		return math.NaN()
	}
	exact := min(max(q, 0), 1) * float64(c.count)
	rank := math.Ceil(exact)
	// A product such as 0.07 · 100 must not exceed the whole number that it means.
	if near := math.Round(exact); math.Abs(exact-near) <= 1e-12*exact {
		rank = near
	}
	return c.at(int64(rank))
}

// at returns the value of a rank, the smallest value's being 1.
func (c *CDF) at(rank int64) float64 {
	i := sort.Search(len(c.ranks), func(i int) bool { return c.ranks[i] >= rank })
	return c.values[min(i, len(c.values)-1)]
}
