package preprocess

import (
	"math"
	"math/big"
)

// limbBits is the width of a digit of [exactSum]'s accumulator.
const limbBits = 32

// accumulator is a fixed-point number wide enough for every float64: digit i
// counts multiples of 2^(32·i − 1074). Digits are signed and may outgrow their
// 32 bits; an addition changes one by less than 2^32, so that 2^31 additions
// cannot overflow.
type accumulator [66]int64

// add adds a finite number.
func (a *accumulator) add(x float64) {
	bits := math.Float64bits(x)
	exponent := uint(bits>>52) & 0x7ff
	mantissa := bits & (1<<52 - 1)
	if exponent > 0 { // not subnormal: the leading one is implied
		mantissa |= 1 << 52
		exponent--
	}
	at, shift := exponent/limbBits, exponent%limbBits
	low := mantissa << shift
	high := mantissa >> (64 - shift) // 0 where shift is 0
	first, second := int64(low&(1<<limbBits-1)), int64(low>>limbBits)
	if int64(bits) < 0 {
		a[at] -= first
		a[at+1] -= second
		a[at+2] -= int64(high)
		return
	}
	a[at] += first
	a[at+1] += second
	a[at+2] += int64(high)
}

// float64 rounds the sum once, half to even. A sum beyond float64 gives
// infinity.
func (a *accumulator) float64() float64 {
	var sum, digit big.Int
	for i := len(a) - 1; i >= 0; i-- {
		sum.Add(sum.Lsh(&sum, limbBits), digit.SetInt64(a[i]))
	}
	if sum.Sign() == 0 {
		return 0
	}
	exact := new(big.Float).SetInt(&sum) // with as many bits as it needs
	rounded, _ := exact.SetMantExp(exact, -1074).Float64()
	return rounded
}

// exactSum returns the sum of term(v) over the values that are not NaN, and
// their number. Each term must be finite. The sum is exact before it is rounded
// once, so that it does not depend on their order (after Neal, "Fast exact
// summation using small and large superaccumulators", 2015).
func exactSum(values []float64, term func(float64) float64) (sum float64, count int) {
	var a accumulator
	for _, v := range values {
		if !math.IsNaN(v) {
			a.add(term(v))
			count++
		}
	}
	return a.float64(), count
}

func itself[T any](v T) T { return v }

// mean of the values that are not NaN, all finite, of which there must be one.
func mean(values []float64) float64 {
	sum, count := exactSum(values, itself[float64])
	return sum / float64(count)
}
