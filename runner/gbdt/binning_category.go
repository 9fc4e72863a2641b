package gbdt

import (
	"fmt"
	"math"
	"slices"
)

// maxCategory is the largest category code. A split's categories are written
// as a bit set as long as its largest code.
const maxCategory = 1<<20 - 1

// newCategoryMapper gives the most frequent categories a bin each, until 99 %
// of the rows have one. Everything else shares bin 0: missing values and rare
// categories, which go right at every split.
func newCategoryMapper(sample []float64, zeros int, p *Params, minSplit int) *binMapper {
	m := &binMapper{categorical: true, categories: []int32{-1}}
	counts := map[int32]int{}
	if zeros > 0 {
		counts[0] = zeros
	}
	total := len(sample) + zeros
	missing := 0
	for _, v := range sample {
		if v >= 0 {
			counts[int32(v)]++
		} else {
			missing++ // NaN and negative
		}
	}
	codes := make([]int32, 0, len(counts))
	for code := range counts {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	slices.SortStableFunc(codes, func(a, b int32) int { return counts[b] - counts[a] })

	m.valued = total - missing
	enough := int(math.Round(float64(m.valued) * float64(float32(0.99))))
	maxBin := min(len(codes)+min(missing, 1), p.MaxBin)
	perBin := []int{0}
	used := 0
	for i, code := range codes {
		if (used >= enough && m.bins() >= maxBin) || m.bins() == maxBinLimit {
			break
		}
		if counts[code] < p.MinDataInBin && i > 1 {
			break
		}
		m.setBin(code)
		m.categories = append(m.categories, code)
		perBin = append(perBin, counts[code])
		used += counts[code]
	}
	perBin[0] = total - used
	m.numBins = m.bins()
	if len(m.categories)-1 < len(codes) || missing > 0 {
		m.missing = missingNaN
	}
	m.setUsual(perBin, total, m.categoryBin(0))
	m.trivial = m.numBins <= 1 || (minSplit >= 0 && m.numBins == 2 && !canSplitNumeric(perBin, total, minSplit))
	return m
}

func (m *binMapper) bins() int { return len(m.categories) }

// setBin gives a category the next bin.
func (m *binMapper) setBin(code int32) {
	for len(m.binOf) <= int(code) {
		m.binOf = append(m.binOf, 0)
	}
	m.binOf[code] = uint16(m.bins())
}

// categoryBin is the bin of a value of a categorical column.
func (m *binMapper) categoryBin(v float64) int {
	if v >= 0 && v < float64(len(m.binOf)) {
		return int(m.binOf[int(v)])
	}
	return 0
}

// checkCategories refuses what is not a category code. Negative codes are
// missing values, as in LightGBM.
func checkCategories(f *Feature) error {
	c, buffer := f.column(), make([]float64, runRows)
	for from := 0; from < c.Len(); from += runRows {
		for i, v := range c.Read(from, buffer[:min(runRows, c.Len()-from)]) {
			if math.IsNaN(v) || v < 0 {
				continue
			}
			if v != math.Trunc(v) || v > maxCategory {
				return &FeatureError{Feature: f.Name, Row: from + i,
					Reason: fmt.Sprintf("%v is not a category code: codes are whole numbers from 0 to %d", v, maxCategory)}
			}
		}
	}
	return nil
}
