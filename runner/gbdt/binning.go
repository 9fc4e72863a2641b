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
	valued      int              // rows looked at that have a value
	bounds      []float64        // upper bounds, inclusive; the last one is +Inf
	search      [byteBins]uint64 // their keys, padded with the largest, where a byte can number them
	keys        []uint64         // their keys, where there are more
	categories  []int32          // category of each bin; the first is -1
	binOf       []uint16         // bin of each category; those beyond have bin 0
	low, high   float64          // range of the values seen
	zero        int              // the bin of 0, of a numeric column
	usual       int              // the bin that LightGBM does not sum; see histograms.fix
	usualShare  float64          // of the rows looked at
}

// byteBins is how many bins a byte can number.
const byteBins = 256

// binningRoom is memory that is used for one column after another.
type binningRoom struct {
	sample   []float64
	distinct []valueCount
	sorter   floatSorter
}

// valueCount is a distinct value and how often it occurs.
type valueCount struct {
	value float64
	count int
}

// newNumericMapper chooses the bins of a numeric column from a sample of its
// values, which it may reorder, and zeros more that are 0. minSplit is the
// fewest sampled rows on each side of a useful split; negative means that any
// split is useful. forced are bounds that the bins must have.
func newNumericMapper(sample []float64, zeros int, forced []float64, p *Params, minSplit int, room *binningRoom) *binMapper {
	total := len(sample) + zeros
	values := sample[:0]
	for _, v := range sample {
		if !math.IsNaN(v) {
			values = append(values, clampInf(v))
		}
	}
	missing := len(sample) - len(values)
	m := &binMapper{valued: total - missing}
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
		zeros += missing // without a missing bin a NaN is read as zero
	}
	distinct := room.countDistinct(values, zeros)
	m.low, m.high = distinct[0].value, distinct[len(distinct)-1].value
	var bounds []float64
	if len(forced) > 0 {
		bounds = forcedBounds(distinct, forced, maxBin, binnedTotal, p.MinDataInBin)
	} else {
		bounds = boundsAroundZero(distinct, maxBin, binnedTotal, p.MinDataInBin)
	}
	m.setBounds(bounds)
	m.zero = m.bin(0)
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
	m.setUsual(counts, total, m.zero)
	m.trivial = m.numBins <= 1 || (minSplit >= 0 && !canSplitNumeric(counts, total, minSplit))
	return m
}

// setUsual finds the bin that LightGBM leaves out when it stores a column:
// zero's, unless another one holds nearly everything.
func (m *binMapper) setUsual(counts []int, total, zero int) {
	const nearlyAll = 0.7
	m.usual = zero
	for b, c := range counts {
		if c > counts[m.usual] && float64(c) >= nearlyAll*float64(total) {
			m.usual = b
		}
	}
	m.usualShare = float64(counts[m.usual]) / float64(max(1, total))
}

func clampInf(v float64) float64 { return max(-largest, min(largest, v)) }

// countDistinct sorts the values, and zeros more that are 0, and merges those
// that are equal or neighbours in float64; zero and its neighbourhood become
// one value. There is always at least one element. The result is valid until the
// next call.
func (r *binningRoom) countDistinct(values []float64, zeros int) []valueCount {
	kept := values[:0]
	for _, v := range values {
		if math.Abs(v) <= zeroThreshold {
			zeros++
		} else {
			kept = append(kept, v)
		}
	}
	r.sorter.sort(kept)
	at, _ := slices.BinarySearch(kept, 0)
	distinct := appendDistinct(slices.Grow(r.distinct[:0], len(kept)+1), kept[:at])
	if zeros > 0 || len(kept) == 0 {
		distinct = append(distinct, valueCount{0, zeros})
	}
	r.distinct = appendDistinct(distinct, kept[at:])
	return r.distinct
}

// appendDistinct merges sorted values of one sign.
func appendDistinct(distinct []valueCount, sorted []float64) []valueCount {
	for i, v := range sorted {
		if i > 0 && v <= math.Nextafter(sorted[i-1], math.Inf(1)) {
			last := &distinct[len(distinct)-1]
			last.value = v
			last.count++
			continue
		}
		distinct = append(distinct, valueCount{v, 1})
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
	if len(bounds) > byteBins {
		m.keys = make([]uint64, len(bounds))
		for i, bound := range bounds {
			m.keys[i] = orderedKey(bound)
		}
		return
	}
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

// bin is the bin of a value.
func (m *binMapper) bin(v float64) int {
	if m.categorical {
		return m.categoryBin(v)
	}
	if v != v {
		if m.missing == missingNaN {
			return m.numBins - 1
		}
		v = 0
	}
	if m.keys != nil {
		at, _ := slices.BinarySearch(m.keys, orderedKey(v))
		return at
	}
	return int(m.byteBin(v))
}

// byteBin is the bin of a number where there are at most byteBins.
func (m *binMapper) byteBin(v float64) uint8 {
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
