package gbdt

import (
	"math"
	"math/bits"
)

// packing is the fixed-point form of a row's gradient and hessian in one word,
// chosen for each tree so that neither half can overflow when all rows fall
// into one bin. Both scales are powers of two: converting back is exact.
type packing struct {
	shift           uint // bits of the hessian's half
	mask            uint64
	gradientScale   float64 // integer steps in one unit
	hessianScale    float64
	gradientUnit    float64 // 1 / gradientScale
	hessianUnit     float64
	constantHessian bool
}

// minMeanSteps is the fewest integer steps that the mean absolute gradient must
// have for packed sums to be as good as float64 ones.
const minMeanSteps = 64

// newPacking fits the halves to the sums over all rows. ok is false where there
// are too many rows for the resolution that is left.
func newPacking(rows int, sumAbsGradient, sumHessian float64, unitHessian bool) (c *packing, ok bool) {
	c = &packing{shift: 32, constantHessian: unitHessian}
	if unitHessian {
		// The lower half only counts rows; the gradient gets the other bits.
		c.shift = uint(bits.Len(uint(rows)))
		c.hessianScale = 1
	} else {
		// Rounding adds at most half a step a row.
		c.hessianScale = powerOfTwoBelow((float64(uint64(1)<<32-1) - float64(rows)/2 - 1) / sumHessian)
	}
	c.mask = uint64(1)<<c.shift - 1
	// No sum needs more bits than a float64 has, so that reading one is exact, nor
	// more than toWhole can round.
	room := math.Ldexp(1, min(51, 63-int(c.shift))) - float64(rows)/2 - 1
	if sumAbsGradient == 0 {
		sumAbsGradient = 1
	}
	c.gradientScale = powerOfTwoBelow(room / sumAbsGradient)
	c.gradientUnit, c.hessianUnit = 1/c.gradientScale, 1/c.hessianScale
	steps := sumAbsGradient * c.gradientScale / float64(rows)
	return c, steps >= minMeanSteps && room > 0 && c.hessianScale > 0 && !math.IsInf(c.hessianUnit, 0) && !math.IsInf(c.gradientUnit, 0)
}

// tooUneven tells whether the lightest row's hessian would have too few steps
// beside the sum of all: rounded to none while its gradient is not, it would make
// leaves of such rows far too large.
func tooUneven(weight []float64) bool {
	sum, least := 0.0, math.Inf(1)
	for _, w := range weight {
		sum += w
		if w > 0 {
			least = min(least, w)
		}
	}
	return least*float64(uint64(1)<<32) < minLeastSteps*sum
}

// minLeastSteps is the fewest integer steps of the lightest row's hessian.
const minLeastSteps = 16

// powerOfTwoBelow is the largest power of two that is at most v, within a range
// whose inverse is a normal number.
func powerOfTwoBelow(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	_, exponent := math.Frexp(v)
	return math.Ldexp(1, min(1000, exponent-1))
}

// toWhole, added to a number of less than 2^51, rounds it to a whole one, half to
// even, which is then in the low bits of the sum.
const toWhole = 0x1.8p52

func rounded(v float64) int64 {
	return int64(math.Float64bits(v+toWhole)) - int64(math.Float64bits(toWhole))
}

func (c *packing) pack(gradient, hessian float32) uint64 {
	g := rounded(float64(float64(gradient) * c.gradientScale))
	if c.constantHessian {
		return uint64(g)<<(c.shift&63) + 1
	}
	return uint64(g)<<(c.shift&63) + uint64(rounded(float64(float64(hessian)*c.hessianScale)))
}

func (c *packing) unpack(v uint64) binSum {
	return binSum{float64(int64(v)>>c.shift) * c.gradientUnit, float64(v&c.mask) * c.hessianUnit}
}

// packSum is the packed form of a sum of packed values, whose unpacked form may
// be off by less than half a step.
func (c *packing) packSum(s binSum) uint64 {
	return uint64(rounded(float64(s.gradient*c.gradientScale)))<<c.shift + uint64(rounded(float64(s.hessian*c.hessianScale)))
}

// packFloats keeps both numbers as they are, for the float64 histograms.
func packFloats(gradient, hessian float32) uint64 {
	return uint64(math.Float32bits(gradient))<<32 | uint64(math.Float32bits(hessian))
}

// absoluteSums adds up the rows' absolute gradients and hessians.
func absoluteSums(rows []uint32, gradient, hessian []float32) (sum binSum) {
	for _, row := range rows {
		g := gradient[row]
		sum.gradient += float64(max(g, -g))
		sum.hessian += float64(hessian[row])
	}
	return sum
}

// packAll packs the rows' gradients and hessians into values and gives their sum.
func (c *packing) packAll(rows []uint32, gradient, hessian []float32, values []uint64) binSum {
	sum := uint64(0)
	values = values[:len(rows)]
	for i, row := range rows {
		v := c.pack(gradient[row], hessian[row])
		values[i] = v
		sum += v
	}
	return c.unpack(sum)
}

// packAllFloats is packAll for the float64 histograms.
func packAllFloats(rows []uint32, gradient, hessian []float32, values []uint64) (sum binSum) {
	for i, row := range rows {
		values[i] = packFloats(gradient[row], hessian[row])
		sum.gradient += float64(gradient[row])
		sum.hessian += float64(hessian[row])
	}
	return sum
}
