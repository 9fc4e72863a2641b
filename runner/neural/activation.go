package neural

import "math"

// activate applies the activation function to a hidden layer's sums, in place.
func activate(name string, z []float64) {
	switch name {
	case ReLU:
		for i, v := range z {
			z[i] = max(v, 0)
		}
	case Tanh:
		for i, v := range z {
			z[i] = math.Tanh(v)
		}
	case Logistic:
		for i, v := range z {
			z[i] = logistic(v)
		}
	}
}

// timesDerivative multiplies delta by the activation's derivative, which all four
// functions have in terms of their value a. At 0 relu's is 0, as scikit-learn's.
func timesDerivative(name string, a, delta []float64) {
	delta = delta[:len(a)]
	switch name {
	case ReLU:
		for i, v := range a {
			// Half of the values are 0, in no order: a branch would be guessed wrong.
			bits := math.Float64bits(v)
			positive := (bits | -bits) >> 63
			delta[i] = math.Float64frombits(math.Float64bits(delta[i]) & -positive)
		}
	case Tanh:
		for i, v := range a {
			delta[i] *= 1 - float64(v*v)
		}
	case Logistic:
		for i, v := range a {
			delta[i] *= float64(v * (1 - v))
		}
	}
}

func logistic(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
