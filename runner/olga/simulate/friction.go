package simulate

import "math"

// Where a flow ceases to be laminar, and where it is turbulent.
const (
	laminarBelow   = 2000
	turbulentAbove = 4000
)

// friction is what a line's wall does to a flow.
type friction struct {
	reynolds float64 // Reynolds number of a flow of 1 m³/s
	rough    float64 // (ε/D/3.7)^1.11
	scale    float64 // head that a section loses to Q|Q|, by the friction factor, s²/m⁵
	slow     float64 // head that a section loses to a laminar Q, s/m²
}

func newFriction(l Line) friction {
	const beyondAll = 1e300 // the Reynolds number of a liquid that is not viscous
	area := l.Area()
	f := friction{reynolds: beyondAll, scale: l.SectionLength / (2 * Gravity * l.Diameter * area * area)}
	if l.Roughness > 0 {
		f.rough = exp(1.11 * ln(l.Roughness/l.Diameter/3.7))
	}
	switch {
	case l.Fluid.Viscosity > 0:
		f.reynolds = l.Diameter / (area * l.Fluid.Viscosity)
		f.slow = 64 / f.reynolds * f.scale
	case l.Roughness == 0:
		f.scale = 0 // nothing rubs
	}
	return f
}

// resistance is by what a flow is to be multiplied for the head that a section takes
// of it, s/m².
func (f friction) resistance(flow float64) float64 {
	return f.with(f.factorOf(flow), flow)
}

// factorOf is the friction factor of a flow, that where it ceases to be laminar if it
// is slower.
func (f friction) factorOf(flow float64) float64 {
	return f.factor(max(math.Abs(flow)*f.reynolds, laminarBelow))
}

// with is the resistance of a flow whose factor is known, unless it is laminar.
func (f friction) with(factor, flow float64) float64 {
	flow = math.Abs(flow)
	if flow*f.reynolds < laminarBelow {
		return f.slow
	}
	return float64(factor * f.scale * flow)
}

// factor is the friction factor of Darcy and Weisbach: that of Haaland, J. Fluids Eng.
// 105 (1983) 89, for turbulent flow, 64/Re for laminar flow, and a straight line
// between.
func (f friction) factor(re float64) float64 {
	switch {
	case re < laminarBelow:
		return 64 / re
	case re < turbulentAbove:
		const laminar = 64. / laminarBelow
		share := (re - laminarBelow) / (turbulentAbove - laminarBelow)
		return laminar + float64(share*(f.factor(turbulentAbove)-laminar))
	}
	const perLn = 1.8 / math.Ln10
	root := perLn * ln(f.rough+6.9/re)
	return 1 / (root * root)
}

// ln is the natural logarithm of a positive normal number, to within some 1e-15 of
// itself or of 1. math.Log is another one on some machines.
func ln(x float64) float64 {
	const fraction, bias = 1<<52 - 1, 1023
	bits := math.Float64bits(x)
	e := int(bits>>52) - bias
	m := math.Float64frombits(bits&fraction | bias<<52) // from 1 to 2
	if m > math.Sqrt2 {
		m /= 2
		e++
	}
	// ln m = 2 artanh s, whose series is summed in pairs of pairs.
	s := (m - 1) / (m + 1)
	q := float64(s * s)
	q2 := float64(q * q)
	q4 := float64(q2 * q2)
	low := 1 + float64(q*(1./3)) + float64(q2*(1./5+float64(q*(1./7))))
	middle := 1./9 + float64(q*(1./11)) + float64(q2*(1./13+float64(q*(1./15))))
	high := 1./17 + float64(q*(1./19))
	sum := low + float64(q4*(middle+float64(q4*high)))
	return float64(2*s*sum) + float64(float64(e)*math.Ln2)
}

// exp is the exponential function, for arguments of a size that do not overflow.
func exp(x float64) float64 {
	k := math.Round(x / math.Ln2)
	r := x - float64(k*math.Ln2)
	sum := 1.0
	for n := 18.0; n > 0; n-- {
		sum = 1 + float64(sum*(r/n))
	}
	return math.Ldexp(sum, int(k))
}
