package gbdt

import "math"

func shrinkL1(gradient, l1 float64) float64 {
	if l1 == 0 {
		return gradient
	}
	return math.Copysign(max(0, math.Abs(gradient)-l1), gradient)
}

// leafValue is the value of a leaf that saves the most loss.
func leafValue(s binSum, l1, l2 float64) float64 {
	return -shrinkL1(s.gradient, l1) / (s.hessian + l2)
}

// gain is twice the loss that leafValue saves.
func (f *finder) gain(s binSum, l2 float64) float64 {
	g := shrinkL1(s.gradient, f.p.LambdaL1)
	return g * g / (s.hessian + l2)
}

// gainOf is twice the loss that any value saves.
func (f *finder) gainOf(s binSum, value, l2 float64) float64 {
	g := shrinkL1(s.gradient, f.p.LambdaL1)
	return -(2*g*value + (s.hessian+l2)*value*value)
}

// splitGain is the gain of both sides together.
func (f *finder) splitGain(left, right binSum, leftRows int, l2 float64) float64 {
	if !f.bound {
		return f.gain(left, l2) + f.gain(right, l2)
	}
	return f.boundGain(left, right, leftRows, l2)
}

func (f *finder) boundGain(left, right binSum, leftRows int, l2 float64) float64 {
	leftValue, rightValue := f.output(left, l2, leftRows), f.output(right, l2, f.total.rows-leftRows)
	if f.monotone > 0 && leftValue > rightValue || f.monotone < 0 && leftValue < rightValue {
		return math.Inf(-1)
	}
	return f.gainOf(left, leftValue, l2) + f.gainOf(right, rightValue, l2)
}

// output is the value that a child gets: the best one within max_delta_step,
// pulled to its parent's by path_smooth, within the monotone bounds.
func (f *finder) output(s binSum, l2 float64, rows int) float64 {
	v := leafValue(s, f.p.LambdaL1, l2)
	if !f.bound {
		return v
	}
	v = smooth(clampStep(v, f.p.MaxDeltaStep), f.p.PathSmooth, rows, f.value)
	return max(f.low, min(f.high, v))
}

func clampStep(v, step float64) float64 {
	if step <= 0 {
		return v
	}
	return max(-step, min(step, v))
}

// smooth pulls a value to the parent's, the more the fewer rows there are.
func smooth(v, strength float64, rows int, parent float64) float64 {
	if strength <= kEpsilon {
		return v
	}
	weight := float64(rows) / strength
	return v*weight/(weight+1) + parent/(weight+1)
}

// rootValue is the value of the tree before its first split, which path_smooth
// has nothing to pull to.
func rootValue(p *Params, s binSum) float64 {
	return clampStep(leafValue(s, p.LambdaL1, p.LambdaL2), p.MaxDeltaStep)
}

// monotonePenalty is the factor on the gain of a split of a constrained column:
// monotone_penalty forbids such splits on the first levels of a tree and makes
// them dearer below.
func monotonePenalty(penalty float64, depth int) float64 {
	switch {
	case penalty >= float64(depth)+1:
		return kEpsilon
	case penalty <= 1:
		return 1 - penalty/math.Exp2(float64(depth)) + kEpsilon
	}
	return 1 - math.Exp2(penalty-1-float64(depth)) + kEpsilon
}
