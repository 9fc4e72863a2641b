package gbdt

import (
	"math"
	"math/bits"
	"slices"
)

// missingType says what a column takes for missing, with LightGBM's numbers.
type missingType uint8

const (
	missingNone missingType = 0 // NaN at prediction counts as 0
	missingZero missingType = 1 // only in models read from a file
	missingNaN  missingType = 2
)

const (
	// zeroThreshold bounds the bin that zero has for itself: LightGBM's 1e-35f.
	zeroThreshold = float64(float32(1e-35))
	// largest stands for infinity, so that midpoints stay finite.
	largest = 1e300
)

// binMapper turns a column's values into bin numbers. The bins of a numeric
// column are intervals, the last one NaN's if values were missing; those of a
// categorical column are its frequent categories, the first one being for
// everything else.
type binMapper struct {
	categorical bool
	trivial     bool // cannot split anything
	missing     missingType
	numBins     int
	bounds      []float64           // upper bounds, inclusive; the last one is +Inf
	search      [maxBinLimit]uint64 // their keys, padded with the largest
	categories  []int32             // category of each bin; the first is -1
	binOf       map[int32]uint8
	low, high   float64 // range of the values seen
	zero        int     // the bin of 0, of a numeric column
	usual       int     // the bin that LightGBM does not sum; see histograms.fix
}

// valueCount is a distinct value and how often it occurs.
type valueCount struct {
	value float64
	count int
}

// newNumericMapper chooses the bins of a numeric column from a sample of its
// values, which it may reorder. minSplit is the fewest sampled rows on each
// side of a useful split; negative means that any split is useful. forced are
// bounds that the bins must have.
func newNumericMapper(sample, forced []float64, p *Params, minSplit int) *binMapper {
	total := len(sample)
	values := sample[:0]
	for _, v := range sample {
		if !math.IsNaN(v) {
			values = append(values, clampInf(v))
		}
	}
	missing := total - len(values)
	m := &binMapper{}
	maxBin := p.MaxBin
	binnedTotal := total
	if p.UseMissing && p.ZeroAsMissing {
		m.missing = missingZero
	}
	if missing > 0 && p.UseMissing && !p.ZeroAsMissing {
		m.missing = missingNaN
		maxBin--
		binnedTotal -= missing
	} else {
		// Without a missing bin a NaN is read as zero.
		for range missing {
			values = append(values, 0)
		}
	}
	distinct := countDistinct(values)
	m.low, m.high = distinct[0].value, distinct[len(distinct)-1].value
	var bounds []float64
	if len(forced) > 0 {
		bounds = forcedBounds(distinct, forced, maxBin, binnedTotal, p.MinDataInBin)
	} else {
		bounds = boundsAroundZero(distinct, maxBin, binnedTotal, p.MinDataInBin)
	}
	m.setBounds(bounds)
	m.zero = int(m.bin(0))
	if m.missing == missingZero && len(bounds) == 2 {
		m.missing = missingNone // nothing but zero and one other bin: no side to choose
	}
	m.numBins = len(bounds)
	counts := make([]int, m.numBins, m.numBins+1)
	for _, d := range distinct {
		counts[m.bin(d.value)] += d.count
	}
	if m.missing == missingNaN {
		m.numBins++
		counts = append(counts, missing)
	}
	m.usual = usualBin(counts, total, m.zero)
	m.trivial = m.numBins <= 1 || (minSplit >= 0 && !canSplitNumeric(counts, total, minSplit))
	return m
}

// usualBin is the bin that LightGBM leaves out when it stores a column: zero's,
// unless another one holds nearly everything.
func usualBin(counts []int, total, zero int) int {
	const nearlyAll = 0.7
	most := 0
	for b, c := range counts {
		if c > counts[most] {
			most = b
		}
	}
	if float64(counts[most]) < nearlyAll*float64(total) {
		return zero
	}
	return most
}

func clampInf(v float64) float64 { return max(-largest, min(largest, v)) }

// countDistinct sorts the values and merges those that are equal or neighbours
// in float64; zero and its neighbourhood become one value. There is always at
// least one element.
func countDistinct(values []float64) []valueCount {
	for i, v := range values {
		if math.Abs(v) <= zeroThreshold {
			values[i] = 0
		}
	}
	slices.Sort(values)
	if len(values) == 0 {
		return []valueCount{{}}
	}
	distinct := []valueCount{{values[0], 1}}
	for i := 1; i < len(values); i++ {
		last := &distinct[len(distinct)-1]
		if values[i] <= math.Nextafter(values[i-1], math.Inf(1)) {
			last.value = values[i]
			last.count++
			continue
		}
		distinct = append(distinct, valueCount{values[i], 1})
	}
	return distinct
}

// boundsAroundZero gives zero a bin of its own and shares the other bins among
// the negative and the positive values by their number of rows.
func boundsAroundZero(distinct []valueCount, maxBin, total, minData int) []float64 {
	firstNotNegative, firstPositive := len(distinct), len(distinct)
	negative, zero, positive := 0, 0, 0
	for i, d := range distinct {
		switch {
		case d.value < 0:
			negative += d.count
		case d.value == 0:
			firstNotNegative = min(firstNotNegative, i)
			zero += d.count
		default:
			firstNotNegative = min(firstNotNegative, i)
			firstPositive = min(firstPositive, i)
			positive += d.count
		}
	}
	var bounds []float64
	if firstNotNegative > 0 && maxBin > 1 {
		share := float64(negative) / float64(total-zero) * float64(maxBin-1)
		bounds = greedyBounds(distinct[:firstNotNegative], max(1, int(share)), negative, minData)
		bounds[len(bounds)-1] = -zeroThreshold
	}
	rest := maxBin - 1 - len(bounds)
	if firstPositive == len(distinct) || rest <= 0 {
		return append(bounds, math.Inf(1))
	}
	bounds = append(bounds, zeroThreshold)
	return append(bounds, greedyBounds(distinct[firstPositive:], rest, positive, minData)...)
}

// greedyBounds cuts sorted distinct values into at most maxBin intervals of
// about the same number of rows. The last bound is +Inf.
func greedyBounds(distinct []valueCount, maxBin, total, minData int) []float64 {
	var bounds []float64
	// A bound is pushed one float up, so that the midpoint itself falls below it.
	cut := func(below, above float64) bool {
		bound := math.Nextafter((below+above)/2, math.Inf(1))
		if len(bounds) > 0 && bound <= math.Nextafter(bounds[len(bounds)-1], math.Inf(1)) {
			return false
		}
		bounds = append(bounds, bound)
		return true
	}
	if len(distinct) <= maxBin {
		inBin := 0
		for i := 0; i+1 < len(distinct); i++ {
			inBin += distinct[i].count
			if inBin >= minData && cut(distinct[i].value, distinct[i+1].value) {
				inBin = 0
			}
		}
		return append(bounds, math.Inf(1))
	}
	maxBin = max(1, min(maxBin, total/minData))
	// A value that fills a bin alone is kept alone; the mean size of the other
	// bins is over the remaining rows.
	mean := float64(total) / float64(maxBin)
	restBins, restRows := maxBin, total
	big := make([]bool, len(distinct))
	for i, d := range distinct {
		if float64(d.count) >= mean {
			big[i] = true
			restBins--
			restRows -= d.count
		}
	}
	mean = float64(restRows) / float64(restBins)
	inBin, cuts := 0, 0
	for i := 0; i+1 < len(distinct) && cuts < maxBin-1; i++ {
		if !big[i] {
			restRows -= distinct[i].count
		}
		inBin += distinct[i].count
		full := float64(inBin) >= mean
		beforeBig := big[i+1] && float64(inBin) >= max(1, mean*0.5)
		if !big[i] && !full && !beforeBig {
			continue
		}
		cut(distinct[i].value, distinct[i+1].value)
		cuts++
		inBin = 0
		if !big[i] {
			restBins--
			mean = float64(restRows) / float64(restBins)
		}
	}
	return append(bounds, math.Inf(1))
}

// canSplitNumeric tells whether some threshold leaves minSplit rows on each side.
func canSplitNumeric(counts []int, total, minSplit int) bool {
	left := 0
	for _, c := range counts[:len(counts)-1] {
		left += c
		if left >= minSplit && total-left >= minSplit {
			return true
		}
	}
	return false
}

func (m *binMapper) setBounds(bounds []float64) {
	m.bounds = bounds
	for i := range m.search {
		m.search[i] = math.MaxUint64
		if i < len(bounds) {
			m.search[i] = orderedKey(bounds[i])
		}
	}
}

// orderedKey maps numbers to integers of the same order.
func orderedKey(v float64) uint64 {
	b := math.Float64bits(v)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// bin is the bin of a value of a numeric column.
func (m *binMapper) bin(v float64) uint8 {
	if v != v {
		if m.missing == missingNaN {
			return uint8(m.numBins - 1)
		}
		v = 0
	}
	// Eight halvings without a branch: less is 1 where the bound is below v.
	key := orderedKey(v)
	at := uint64(0)
	_, less := bits.Sub64(m.search[127], key, 0)
	at += 128 & -less
	_, less = bits.Sub64(m.search[uint8(at+63)], key, 0)
	at += 64 & -less
	_, less = bits.Sub64(m.search[uint8(at+31)], key, 0)
	at += 32 & -less
	_, less = bits.Sub64(m.search[uint8(at+15)], key, 0)
	at += 16 & -less
	_, less = bits.Sub64(m.search[uint8(at+7)], key, 0)
	at += 8 & -less
	_, less = bits.Sub64(m.search[uint8(at+3)], key, 0)
	at += 4 & -less
	_, less = bits.Sub64(m.search[uint8(at+1)], key, 0)
	at += 2 & -less
	_, less = bits.Sub64(m.search[uint8(at)], key, 0)
	return uint8(at + less)
}

// threshold is the value that separates the bins up to b from those above it.
func (m *binMapper) threshold(b int) float64 { return clampInf(m.bounds[b]) }
