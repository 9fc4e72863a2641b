package metrics

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Keys order scores from the highest down and give them back.
func TestDescendingKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		if got, want := cmp.Compare(descending(a), descending(b)), cmp.Compare(b, a); got != want {
			t.Fatalf("the keys of %v and %v compare as %d, want %d", a, b, got, want)
		}
		if got := scoreOf(descending(a)); got != a {
			t.Fatalf("%v comes back as %v", a, got)
		}
	})
	if descending(math.Copysign(0, -1)) != descending(0) {
		t.Error("the zeros have two keys")
	}
}

// Counting digits gives what a stable comparison gives, whatever digits differ.
func TestSortRankedIsStable(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for name, score := range map[string]func() float64{
		"any":         func() float64 { return draw.NormFloat64() * math.Exp(draw.NormFloat64()*200) },
		"ties":        func() float64 { return float64(draw.IntN(50)) / 10 },
		"one value":   func() float64 { return 0.25 },
		"unit":        draw.Float64,
		"low digits":  func() float64 { return math.Float64frombits(0x3ff0000000000000 | uint64(draw.IntN(4))) },
		"both signs":  func() float64 { return math.Copysign(1, draw.NormFloat64()) },
		"few rows":    draw.Float64,
		"denormalled": func() float64 { return math.Float64frombits(uint64(draw.IntN(1000))) },
	} {
		t.Run(name, func(t *testing.T) {
			n := 2*smallSort + 1
			if name == "few rows" {
				n = 100
			}
			rows := make([]rankedRow, n)
			for i := range rows {
				rows[i] = rankedRow{descending(score()), float64(i)}
			}
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(a, b rankedRow) int { return cmp.Compare(a.key, b.key) })
			if got := sortRanked(rows); !slices.Equal(got, want) {
				t.Error("the order differs")
			}
		})
	}
}
