package signal

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever windows come one after another, each is sorted, and its zeros have no
// sign.
func TestSortedWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.SampledFrom([]float64{-1, math.Copysign(0, -1), 0, 0.5, 1, 2, 3, math.Inf(1)}), 30, 60).Draw(t, "signal")
		var s Sorted
		at, size := 0, rapid.IntRange(1, 12).Draw(t, "size")
		for range 20 {
			if at+size > len(x) {
				break
			}
			window := x[at : at+size]
			s.Of(window)
			want := slices.Clone(window)
			slices.Sort(want)
			for i, v := range want {
				if s.Values[i] != v || v == 0 && math.Signbit(s.Values[i]) {
					t.Fatalf("%v is sorted as %v", window, s.Values)
				}
			}
			at += rapid.SampledFrom([]int{2, 2, 2, 0, 1, 5, 20}).Draw(t, "step")
		}
	})
}

func TestOverlappingWindowsAreNotSortedAnew(t *testing.T) {
	x := window("mixed", 400)
	var s Sorted
	for at := 0; at+40 <= len(x); at += 2 {
		s.Of(x[at : at+40])
		if at > 2 && s.step != 2 {
			t.Fatalf("at %d the step is taken for %d", at, s.step)
		}
	}
}
