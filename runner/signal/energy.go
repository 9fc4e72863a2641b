package signal

import "math"

// Noise is the share of a signal's energy up to which a part's is that of rounding:
// (16 ε)², ε the distance of neighbouring numbers.
const Noise = (16 * epsilon) * (16 * epsilon)

// Energy is the sum of squares.
func Energy(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// Entropy is Shannon's, in nats, of the shares that parts have of their total:
// −Σ p ln p with p = part / total, where 0 ln 0 is 0. Parts are not negative; NaN
// where the total is 0.
func Entropy(parts []float64, total float64) float64 {
	if total == 0 {
		return math.NaN()
	}
	h := 0.0
	for _, e := range parts {
		if p := e / total; p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}

// EnergyEntropy is [Entropy] of the values' squares, energy their sum: how evenly
// the energy is spread over the values, from 0, all in one, to ln n.
func EnergyEntropy(x []float64, energy float64) float64 {
	if energy == 0 {
		return math.NaN()
	}
	h := 0.0
	for _, v := range x {
		if p := v * v / energy; p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}
