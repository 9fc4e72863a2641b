package signal

import "math"

// maxShort is the number of values up to which the plain sums of a transform are
// faster than the fast one.
const maxShort = 64

// shortTransform is the discrete Fourier transform of an even number of real values,
// summed up as it is defined, with the symmetries of sine and cosine made use of: of
// j and n − j, and of the frequencies k and n/2 − k, which differ in the signs of odd
// j alone.
type shortTransform struct {
	n        int
	cos, sin []float64 // of 2πkj/n, by k up to n/4 and j up to n/2: even j, then odd
	sum      []float64 // x_j + x_{n−j}, in the order of the tables
	rest     []float64 // x_j − x_{n−j}
}

func newShortTransform(n int) *shortTransform {
	half := n / 2
	t := &shortTransform{n: n, sum: make([]float64, half+1), rest: make([]float64, half+1)}
	for k := 0; k <= n/4; k++ {
		for _, j := range evenThenOdd(half) {
			sin, cos := math.Sincos(2 * math.Pi * float64(k*j%n) / float64(n))
			t.cos, t.sin = append(t.cos, cos), append(t.sin, sin)
		}
	}
	return t
}

// evenThenOdd are the numbers up to half.
func evenThenOdd(half int) []int {
	var order []int
	for _, first := range []int{0, 1} {
		for j := first; j <= half; j += 2 {
			order = append(order, j)
		}
	}
	return order
}

// coefficients writes the n/2 + 1 coefficients of n values.
func (t *shortTransform) coefficients(to []complex128, x []float64) {
	half := t.n / 2
	evens := half/2 + 1 // of the numbers up to half
	for j := 0; j <= half; j++ {
		at := j / 2
		if j%2 == 1 {
			at += evens
		}
		if j == 0 || j == half {
			t.sum[at], t.rest[at] = x[j], 0
			continue
		}
		t.sum[at], t.rest[at] = x[j]+x[t.n-j], x[j]-x[t.n-j]
	}
	width := half + 1
	for k := 0; k <= t.n/4; k++ {
		cos, sin := t.cos[k*width:(k+1)*width], t.sin[k*width:(k+1)*width]
		evenCos, evenSin := dot(cos[:evens], t.sum[:evens]), dot(sin[:evens], t.rest[:evens])
		oddCos, oddSin := dot(cos[evens:], t.sum[evens:]), dot(sin[evens:], t.rest[evens:])
		to[k] = complex(evenCos+oddCos, -(evenSin + oddSin))
		to[half-k] = complex(evenCos-oddCos, evenSin-oddSin)
	}
}

// dot is the scalar product, summed in two halves that do not wait for one another.
func dot(x, y []float64) float64 {
	y = y[:len(x)]
	a, b := 0.0, 0.0
	i := 0
	for ; i+1 < len(x); i += 2 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
	}
	if i < len(x) {
		a += x[i] * y[i]
	}
	return a + b
}
