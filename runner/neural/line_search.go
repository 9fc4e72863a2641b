package neural

import "math"

// The line search's constants, as L-BFGS-B sets them.
const (
	searchDecrease  = 1e-3 // sufficient decrease
	searchCurvature = 0.9
	searchWidth     = 0.1 // relative width of the bracket that is narrow enough
	searchMax       = 1e10
)

// lineSearch is Moré and Thuente's search for a step that meets the strong Wolfe
// conditions (1994), as MINPACK-2's dcsrch and dcstep. gonum's does not: it forgets
// a bracket where the slope keeps its sign.
type lineSearch struct {
	step      float64 // to evaluate next
	bracketed bool
	second    bool // stage
	start     point
	decrease  float64 // slope of sufficient decrease
	best      point   // lowest so far
	other     point   // end of the interval
	low, high float64 // bounds of the step
	width     [2]float64
}

// point is a value and slope at a step.
type point struct{ step, f, slope float64 }

func newLineSearch(f, slope, step float64) *lineSearch {
	start := point{0, f, slope}
	return &lineSearch{step: step, start: start, decrease: searchDecrease * slope, best: start, other: start, high: 5 * step, width: [2]float64{searchMax, 2 * searchMax}}
}

// next takes value and slope at the step, and tells whether it is the last one:
// because it is good, or the best that can be had. Else step is the next one.
func (s *lineSearch) next(f, slope float64) (done bool) {
	limit := s.start.f + s.step*s.decrease
	if f <= limit && slope >= 0 {
		s.second = true
	}
	if s.done(f, slope, limit) {
		return true
	}
	at := point{s.step, f, slope}
	if !s.second && f <= s.best.f && f > limit {
		// Lower, but not by enough: search on the function less the decrease asked for.
		best, other := s.best.tilted(-s.decrease), s.other.tilted(-s.decrease)
		s.advance(&best, &other, at.tilted(-s.decrease))
		s.best, s.other = best.tilted(s.decrease), other.tilted(s.decrease)
	} else {
		s.advance(&s.best, &s.other, at)
	}
	if s.bracketed {
		if math.Abs(s.other.step-s.best.step) >= 0.66*s.width[1] {
			s.step = s.best.step + 0.5*(s.other.step-s.best.step)
		}
		s.width[1], s.width[0] = s.width[0], math.Abs(s.other.step-s.best.step)
		s.low, s.high = min(s.best.step, s.other.step), max(s.best.step, s.other.step)
	} else {
		s.low, s.high = s.step+1.1*(s.step-s.best.step), s.step+4*(s.step-s.best.step)
	}
	s.step = min(s.step, searchMax)
	if s.bracketed && s.exhausted() {
		s.step = s.best.step
	}
	return false
}

func (p point) tilted(slope float64) point { return point{p.step, p.f + p.step*slope, p.slope + slope} }

func (s *lineSearch) done(f, slope, limit float64) bool {
	good := f <= limit && math.Abs(slope) <= searchCurvature*-s.start.slope
	farthest := s.step == searchMax && f <= limit && slope <= s.decrease
	return good || farthest || (s.bracketed && s.exhausted())
}

// exhausted tells that the bracket has no better step to offer.
func (s *lineSearch) exhausted() bool {
	return s.step <= s.low || s.step >= s.high || s.high-s.low <= searchWidth*s.high
}

// advance narrows the interval by a point and chooses the next step from the cubic
// and the quadratic through its ends.
func (s *lineSearch) advance(best, other *point, at point) {
	opposite := at.slope*best.slope < 0
	var next float64
	switch {
	case at.f > best.f:
		// Higher: the minimum lies between, nearer to the best.
		cubic := best.step + cubicShare(*best, at, at.step < best.step)*(at.step-best.step)
		quadratic := best.step + best.slope/((best.f-at.f)/(at.step-best.step)+best.slope)/2*(at.step-best.step)
		next = cubic
		if math.Abs(cubic-best.step) > math.Abs(quadratic-best.step) {
			next = cubic + (quadratic-cubic)/2
		}
		s.bracketed = true
	case opposite:
		// Lower with the slope's sign turned: the minimum lies between.
		cubic := at.step + cubicShare(at, *best, at.step > best.step)*(best.step-at.step)
		secant := at.step + at.slope/(at.slope-best.slope)*(best.step-at.step)
		next = secant
		if math.Abs(cubic-at.step) > math.Abs(secant-at.step) {
			next = cubic
		}
		s.bracketed = true
	case math.Abs(at.slope) < math.Abs(best.slope):
		next = s.extrapolated(best, other, at)
	case s.bracketed:
		next = at.step + cubicShare(at, *other, at.step > other.step)*(other.step-at.step)
	default:
		next = s.high // a search without a bracket only moves forward
	}
	if at.f > best.f {
		*other = at
	} else {
		if opposite {
			*other = *best
		}
		*best = at
	}
	s.step = next
}

// extrapolated is the step beyond a lower point whose slope has become flatter.
func (s *lineSearch) extrapolated(best, other *point, at point) float64 {
	cubic := s.low
	if at.step > best.step {
		cubic = s.high
	}
	// The cubic counts where it has a minimum beyond the point.
	if share := cubicShare(at, *best, at.step > best.step); share < 0 {
		cubic = at.step + share*(best.step-at.step)
	}
	secant := at.step + at.slope/(at.slope-best.slope)*(best.step-at.step)
	cubicFarther := math.Abs(cubic-at.step) > math.Abs(secant-at.step)
	if !s.bracketed {
		if cubicFarther {
			return max(s.low, min(cubic, s.high))
		}
		return max(s.low, min(secant, s.high))
	}
	next := secant
	if math.Abs(cubic-at.step) < math.Abs(secant-at.step) {
		next = cubic
	}
	if at.step > best.step {
		return min(at.step+0.66*(other.step-at.step), next)
	}
	return max(at.step+0.66*(other.step-at.step), next)
}

// cubicShare is where the cubic through a and b has its minimum: 0 at a, 1 at b,
// below 0 on the other side of a.
func cubicShare(a, b point, negative bool) float64 {
	theta := 3*(a.f-b.f)/(b.step-a.step) + a.slope + b.slope
	scale := max(math.Abs(theta), math.Abs(a.slope), math.Abs(b.slope))
	gamma := scale * math.Sqrt(max(0, (theta/scale)*(theta/scale)-(a.slope/scale)*(b.slope/scale)))
	if negative {
		gamma = -gamma
	}
	return (gamma - a.slope + theta) / (gamma - a.slope + gamma + b.slope)
}
