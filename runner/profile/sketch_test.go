package profile_test

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mlops/runner/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rankOf counts the values that are at most v.
func rankOf(values []float64, v float64) int64 {
	var n int64
	for _, x := range values {
		if x <= v {
			n++
		}
	}
	return n
}

// withinBound checks every rank and some quantiles of a sketch against all values
// that it was given.
func withinBound(t *rapid.T, s *profile.Sketch, values []float64) {
	if s.Count() != int64(len(values)) {
		t.Fatalf("the sketch counts %d values of %d", s.Count(), len(values))
	}
	if len(values) == 0 {
		return
	}
	if s.Min() != slices.Min(values) || s.Max() != slices.Max(values) {
		t.Fatalf("extremes %v and %v of %v", s.Min(), s.Max(), values)
	}
	c := s.CDF()
	for _, v := range values {
		if off := c.Rank(v) - rankOf(values, v); off > s.RankError() || -off > s.RankError() {
			t.Fatalf("the rank of %v is off by %d, beyond the bound of %d", v, off, s.RankError())
		}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := int64(len(sorted))
	for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 1} {
		got := c.Quantile(q)
		rank := max(1, int64(math.Ceil(q*float64(n))))
		low := sorted[max(0, rank-1-2*s.RankError())]
		high := sorted[min(n-1, rank-1+2*s.RankError())]
		if got < low || got > high {
			t.Fatalf("quantile %v is %v, not between %v and %v", q, got, low, high)
		}
	}
}

var number = rapid.OneOf(rapid.Float64Range(-1e3, 1e3), rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }))

func TestASketchesErrorIsWithinWhatItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Sketches of a tiny k, put together by any tree of merges, with losses on the
		// way.
		type part struct {
			s      *profile.Sketch
			values []float64
		}
		var parts []part
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			values := rapid.SliceOfN(number, 0, 300).Draw(t, "values")
			if rapid.Bool().Draw(t, "sorted") {
				slices.Sort(values)
			}
			s := profile.NewSketch(8)
			s.Add(values...)
			parts = append(parts, part{s, values})
		}
		for len(parts) > 1 {
			i := rapid.IntRange(0, len(parts)-2).Draw(t, "merge")
			a, b := parts[i], parts[i+1]
			if rapid.Bool().Draw(t, "shrink") {
				b.s = b.s.Shrink(16)
			}
			a.s.Merge(b.s)
			parts[i] = part{a.s, slices.Concat(a.values, b.values)}
			parts = slices.Delete(parts, i+1, i+2)
		}
		withinBound(t, parts[0].s, parts[0].values)
		small := parts[0].s.Shrink(20)
		if small.Retained() > 20 {
			t.Fatalf("shrunk to %d values", small.Retained())
		}
		withinBound(t, small, parts[0].values)
		withinBound(t, parts[0].s, parts[0].values) // which Shrink left alone
	})
}

// statedBound is the bound in the documentation of Sketch.
func statedBound(n, k int64) int64 {
	if n < 2*k {
		return 0
	}
	levels := int64(bits.Len64(uint64((n-1)/(2*k)))) + 1
	return n*(levels+1)/(4*k) + 1
}

func TestASketchesErrorIsWithinTheStatedBound(t *testing.T) {
	for _, k := range []int64{8, 64, 1024} {
		for _, n := range []int64{1, 15, 16, 100, 2047, 2048, 5000, 100_000, 1_000_000} {
			s := profile.NewSketch(int(k))
			x := uint64(7)
			values := make([]float64, n)
			for i := range values {
				x = x*6364136223846793005 + 1442695040888963407
				values[i] = float64(x >> 11)
			}
			s.Add(values...)
			if s.RankError() > statedBound(n, k) {
				t.Errorf("%d values in a sketch of %d: error %d, stated %d", n, k, s.RankError(), statedBound(n, k))
			}
			if limit := 2 * int(k) * (bits.Len64(uint64(n/k)) + 1); s.Retained() > limit {
				t.Errorf("%d values in a sketch of %d: it holds %d, more than %d", n, k, s.Retained(), limit)
			}
			slices.Sort(values)
			c := s.CDF()
			for q := 1; q < 100; q++ {
				at := n * int64(q) / 100
				if off := c.Rank(values[at]) - (at + 1); off > s.RankError() || -off > s.RankError() {
					t.Errorf("%d values in a sketch of %d: the rank of the %dth is off by %d, beyond %d", n, k, at, off, s.RankError())
				}
			}
		}
	}
}

func TestStrangeNumbersInASketch(t *testing.T) {
	s := profile.NewSketch(8)
	s.Add(math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 5e-324)
	if s.Count() != 5 || s.Min() != -math.MaxFloat64 || s.Max() != math.MaxFloat64 {
		t.Errorf("count %d, from %v to %v", s.Count(), s.Min(), s.Max())
	}
	if c := s.CDF(); c.Rank(0) != 3 || c.Quantile(0.5) != 0 || c.Rank(math.Inf(-1)) != 0 || c.Share(math.Inf(1)) != 1 {
		t.Errorf("rank of 0 is %d, median %v", c.Rank(0), c.Quantile(0.5))
	}
	if !math.IsNaN(profile.NewSketch(8).CDF().Quantile(0.5)) {
		t.Error("nothing has a median")
	}
}

func TestCountsAreWithinTheirBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 12).Draw(t, "capacity")
		truth := make(map[string]int64)
		var total int64
		var parts []*profile.Counts
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			c := profile.NewCounts(capacity)
			for range rapid.IntRange(0, 200).Draw(t, "texts") {
				// Small numbers are more frequent.
				value := string(rune('a' + rapid.IntRange(0, rapid.IntRange(0, 60).Draw(t, "most")).Draw(t, "value")))
				n := rapid.Int64Range(1, 9).Draw(t, "n")
				c.Add(value, n)
				truth[value] += n
				total += n
			}
			parts = append(parts, c)
		}
		whole := profile.NewCounts(capacity)
		for _, c := range parts {
			whole.Merge(c)
		}
		if whole.Total() != total || whole.Lost()*int64(capacity+1) > total || len(whole.Top(1000)) > capacity {
			t.Fatalf("total %d of %d, lost %d, %d texts of %d", whole.Total(), total, whole.Lost(), len(whole.Top(1000)), capacity)
		}
		for value, n := range truth {
			if got := whole.Count(value); got > n || got+whole.Lost() < n {
				t.Fatalf("%s was counted %d times, which is not %d less at most %d", value, got, n, whole.Lost())
			}
		}
	})
}

func TestLongTextsAreCountedApart(t *testing.T) {
	c := profile.NewCounts(10)
	long := string(slices.Repeat([]byte("ä"), 200))
	c.Add(long+"1", 2)
	c.Add(long+"2", 3)
	c.Add("bad \xff utf", 1)
	for _, top := range c.Top(3) {
		if len(top.Value) > 128 || slices.Contains([]rune(top.Value), '\ufffd') != (top.Count == 1) {
			t.Errorf("kept as %q", top.Value)
		}
	}
	if c.Count(long+"1") != 2 || c.Count(long+"2") != 3 {
		t.Errorf("got %v", c.Top(3))
	}
}
