package gbdt

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// columns draws values as real columns have them: repeated, signed, zero,
// missing, extreme.
func drawColumn(t *rapid.T) []float64 {
	value := rapid.OneOf(
		rapid.Float64Range(-100, 100),
		rapid.Map(rapid.IntRange(-20, 20), func(i int) float64 { return float64(i) }),
		rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e-36, -1e-36, math.MaxFloat64, math.SmallestNonzeroFloat64}),
	)
	return rapid.SliceOfN(value, 1, 400).Draw(t, "values")
}

// Whatever the values: bins are in the values' order, at most max_bin, and a
// split at a bin's threshold sends a raw value to the side that its bin goes to.
func TestBinsAndThresholdsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultParams()
		p.MaxBin = rapid.OneOf(rapid.IntRange(2, byteBins), rapid.IntRange(byteBins, maxBinLimit)).Draw(t, "max_bin")
		p.MinDataInBin = rapid.IntRange(1, 5).Draw(t, "min_data_in_bin")
		values := drawColumn(t)
		m := newNumericMapper(slices.Clone(values), 0, nil, &p, -1, &binningRoom{})
		if m.numBins > p.MaxBin {
			t.Fatalf("%d bins, max_bin is %d", m.numBins, p.MaxBin)
		}
		if !slices.IsSorted(m.bounds) || len(slices.Compact(slices.Clone(m.bounds))) != len(m.bounds) {
			t.Fatalf("the bounds do not rise: %v", m.bounds)
		}
		for _, v := range values {
			b := m.bin(v)
			if b >= m.numBins {
				t.Fatalf("%v is in bin %d of %d", v, b, m.numBins)
			}
			if v != v {
				continue
			}
			for threshold := range len(m.bounds) - 1 {
				if left := v <= m.threshold(threshold); left != (b <= threshold) {
					t.Fatalf("%v in bin %d, threshold %v of bin %d: left is %v", v, b, m.threshold(threshold), threshold, left)
				}
			}
		}
	})
}

func TestCategoriesGetBinsByFrequency(t *testing.T) {
	p := DefaultParams()
	p.MinDataInBin = 1
	m := newCategoryMapper([]float64{7, 7, 7, 3, 3, 9, math.NaN(), -2}, 0, &p, -1)
	if !slices.Equal(m.categories, []int32{-1, 7, 3, 9}) || m.missing != missingNaN {
		t.Errorf("categories %v, missing %v", m.categories, m.missing)
	}
	for v, want := range map[float64]int{7: 1, 3: 2, 9: 3, 4: 0, -2: 0, 1e12: 0} {
		if got := m.categoryBin(v); got != want {
			t.Errorf("category %v is in bin %d, want %d", v, got, want)
		}
	}
	if got := m.categoryBin(math.NaN()); got != 0 {
		t.Errorf("NaN is in bin %d", got)
	}
}

// More categories than a byte can number have two bytes each.
func TestManyCategoriesHaveABinEach(t *testing.T) {
	p := DefaultParams()
	p.MinDataInBin = 1
	values := make([]float64, 0, 2000)
	for i := range 1000 {
		values = append(values, float64(i), float64(i))
	}
	m := newCategoryMapper(values, 0, &p, -1)
	if m.numBins != 991 || m.categoryBin(989) != 990 || m.categoryBin(999) != 0 {
		t.Errorf("%d bins, category 999 in bin %d: want bins for 99 %% of the rows, and bin 0", m.numBins, m.categoryBin(999))
	}
}

// Packed sums are exact: whatever the rows, and in any order, the unpacked sum
// is the sum of the unpacked rows, and near the sum of the numbers.
func TestPackedSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gradients := rapid.SliceOfN(rapid.Float32Range(-1e4, 1e4), 1, 200).Draw(t, "gradients")
		unit := rapid.Bool().Draw(t, "unit hessian")
		hessians := make([]float32, len(gradients))
		for i := range hessians {
			hessians[i] = 1
			if !unit {
				hessians[i] = rapid.Float32Range(0, 100).Draw(t, "hessian")
			}
		}
		sumAbs, sum := 0.0, binSum{}
		for i, g := range gradients {
			sumAbs += math.Abs(float64(g))
			sum.gradient += float64(g)
			sum.hessian += float64(hessians[i])
		}
		c, ok := newPacking(len(gradients), sumAbs, sum.hessian, unit)
		if !ok && sum.hessian > 0 {
			t.Fatal("a few rows do not fit")
		}
		if !ok {
			return
		}
		packed, rows := uint64(0), binSum{}
		for i, g := range gradients {
			v := c.pack(g, hessians[i])
			packed += v
			rows.gradient += c.unpack(v).gradient
			rows.hessian += c.unpack(v).hessian
		}
		if got := c.unpack(packed); got != rows {
			t.Fatalf("the packed sum is %+v, the rows' is %+v", got, rows)
		}
		bound := float64(len(gradients)) / 2
		if math.Abs(rows.gradient-sum.gradient) > bound*c.gradientUnit+1e-6 || math.Abs(rows.hessian-sum.hessian) > bound*c.hessianUnit+1e-6 {
			t.Fatalf("packed %+v, exact %+v", rows, sum)
		}
	})
}

func TestPackingGivesWayWhereRowsAreTooMany(t *testing.T) {
	if _, ok := newPacking(1_000_000, 4e5, 2e5, false); !ok {
		t.Error("a million rows should be packed")
	}
	if _, ok := newPacking(100_000_000, 4e7, 2e7, false); ok {
		t.Error("a hundred million rows leave too few steps a row")
	}
	if _, ok := newPacking(100_000_000, 4e7, 1e8, true); !ok {
		t.Error("with unit hessians a hundred million rows should be packed")
	}
}
