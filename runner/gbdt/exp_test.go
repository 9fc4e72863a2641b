package gbdt

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestExpIntoIsExp(t *testing.T) {
	for _, v := range []float64{0, 1, -1, 700, -700, 709, 710, -745, -746, math.Inf(1), math.Inf(-1), 1e-300, -1e-20, math.Ln2 / 128} {
		got := []float64{v}
		expInto(got)
		if want := math.Exp(v); !closeUnits(got[0], want, 2) {
			t.Errorf("e^%v: got %v, want %v", v, got[0], want)
		}
	}
	if got := []float64{math.NaN()}; true {
		if expInto(got); got[0] == got[0] {
			t.Errorf("e^NaN is %v", got[0])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-720, 720).Draw(t, "v")
		got := []float64{v}
		expInto(got)
		if want := math.Exp(v); !closeUnits(got[0], want, 2) {
			t.Fatalf("e^%v: got %v, want %v", v, got[0], want)
		}
	})
}

// closeUnits tells whether two positive numbers are at most n floats apart.
func closeUnits(a, b float64, n int64) bool {
	d := int64(math.Float64bits(a)) - int64(math.Float64bits(b))
	return max(d, -d) <= n
}

func BenchmarkExp(b *testing.B) {
	values := make([]float64, 512)
	for _, kind := range []string{"expInto", "math.Exp"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				for i := range values {
					values[i] = float64(i%13) - 6
				}
				if kind == "expInto" {
					expInto(values)
					continue
				}
				for i, v := range values {
					values[i] = math.Exp(v)
				}
			}
		})
	}
}
