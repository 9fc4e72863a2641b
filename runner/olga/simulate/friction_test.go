package simulate

import (
	"math"
	"testing"
)

func TestLogarithmAndExponential(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.7 {
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 4e-16*max(1, math.Abs(want)) {
			t.Errorf("ln %v is %v, not %v", x, got, want)
		}
	}
	for x := -30.0; x < 30; x += 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-14*want {
			t.Errorf("exp %v is %v, not %v", x, got, want)
		}
	}
}

// Haaland's factor is within 2 % of that of Colebrook and White.
func TestTheFactorOfATurbulentFlow(t *testing.T) {
	for _, rough := range []float64{0, 1e-6, 1e-4, 1e-3, 0.01, 0.05} {
		f := friction{}
		if rough > 0 {
			f.rough = exp(1.11 * ln(rough/3.7))
		}
		for re := 4000.0; re < 1e8; re *= 3 {
			root := 5.0 // 1/√f
			for range 100 {
				root = -2 * math.Log10(rough/3.7+2.51*root/re)
			}
			if got, want := f.factor(re), 1/(root*root); math.Abs(got-want) > 0.02*want {
				t.Errorf("of a roughness of %v and a Reynolds number of %v it is %v, not %v", rough, re, got, want)
			}
		}
	}
}

func TestTheFactorOfASlowFlow(t *testing.T) {
	f := friction{reynolds: 1e5, scale: 3, slow: 64 / 1e5 * 3}
	if got := f.factor(1000); got != 0.064 {
		t.Errorf("of a laminar flow it is %v", got)
	}
	if below, above := f.factor(1999.999), f.factor(2000.001); math.Abs(below-above) > 1e-6 {
		t.Errorf("it jumps from %v to %v where the flow ceases to be laminar", below, above)
	}
	if below, above := f.factor(3999.999), f.factor(4000.001); math.Abs(below-above) > 1e-6 {
		t.Errorf("it jumps from %v to %v where the flow is turbulent", below, above)
	}
	// A laminar flow loses head in proportion to itself; none loses none.
	if f.resistance(0) != f.resistance(0.01) || f.resistance(-0.01) != f.resistance(0.01) || math.Abs(f.resistance(0.01)*0.01/(64/1e3*3*0.01*0.01)-1) > 1e-14 {
		t.Errorf("a slow flow is met by %v", f.resistance(0.01))
	}
	ideal := newFriction(Line{Diameter: 0.1, SectionLength: 1})
	if ideal.resistance(0) != 0 || ideal.resistance(1) != 0 {
		t.Errorf("an ideal liquid is met by %v", ideal.resistance(1))
	}
}
