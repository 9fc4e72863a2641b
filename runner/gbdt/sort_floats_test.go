package gbdt

import (
	"math"
	"math/rand"
	"slices"
	"testing"
)

func TestFloatSorterSorts(t *testing.T) {
	var s floatSorter
	r := rand.New(rand.NewSource(3))
	for _, n := range []int{0, 1, 2, smallSort - 1, smallSort, 3 * smallSort, smallSort} {
		for _, spread := range []float64{0, 1, 1e300} {
			values := make([]float64, n)
			for i := range values {
				values[i] = r.NormFloat64() * spread
			}
			if n > 4 {
				values[1], values[2], values[3] = math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64
			}
			if spread == 0 {
				for i := range values { // equal in the upper half of their bits
					values[i] = 1.6e9 + float64(r.Intn(100))/64
				}
			}
			want := slices.Clone(values)
			slices.Sort(want)
			if s.sort(values); !slices.Equal(values, want) {
				t.Fatalf("%d numbers of size %v are not sorted", n, spread)
			}
		}
	}
}

func BenchmarkSort200k(b *testing.B) {
	r := rand.New(rand.NewSource(3))
	given := make([]float64, 200_000)
	for i := range given {
		given[i] = r.NormFloat64()
	}
	values := make([]float64, len(given))
	var s floatSorter
	for name, sort := range map[string]func([]float64){"floatSorter": s.sort, "slices.Sort": func(v []float64) { slices.Sort(v) }} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				copy(values, given)
				sort(values)
			}
		})
	}
}
