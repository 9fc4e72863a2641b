package signal

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Spectrum is the power of a window's frequencies: the squares of the discrete
// Fourier transform of x − mean(x), as numpy.fft.rfft has it, at the frequencies
// k/n cycles a sample, k from 1 to n/2. The zero value is ready, and may be used
// again and again.
//
// Power that the rounding of the values alone may have made is none: of a constant
// the differences to its mean may not be 0.
type Spectrum struct {
	// Power by k−1. It is valid until the spectrum is used again.
	Power []float64
	// Total of it.
	Total float64

	n            int
	short        *shortTransform // of few values
	transform    *fourier.FFT    // of others
	coefficients []complex128
	centred      []float64
}

// Of takes the spectrum of a window of at least two values, whose mean is given.
func (s *Spectrum) Of(x []float64, mean float64) {
	n := len(x)
	if s.n != n {
		s.n, s.short, s.transform = n, nil, nil
		if n%2 == 0 && n <= maxShort {
			s.short = newShortTransform(n)
		} else {
			s.transform = fourier.NewFFT(n)
		}
		s.coefficients = make([]complex128, n/2+1)
		s.centred = make([]float64, n)
		s.Power = make([]float64, n/2)
	}
	for i, v := range x {
		s.centred[i] = v - mean
	}
	if s.short != nil {
		s.short.coefficients(s.coefficients, s.centred)
	} else {
		s.transform.Coefficients(s.coefficients, s.centred)
	}
	s.Total = 0
	for k, c := range s.coefficients[1:] {
		s.Power[k] = real(c)*real(c) + imag(c)*imag(c)
		s.Total += s.Power[k]
	}
	if amplitude := float64(n) * mean; s.Total <= Noise*amplitude*amplitude {
		clear(s.Power)
		s.Total = 0
	}
}

// Entropy is Shannon's of the power's shares over its greatest value, ln of their
// number: from 0, one frequency, to 1, white noise (Inouye et al., 1991). NaN of
// a constant, and of fewer than four values.
func (s *Spectrum) Entropy() float64 {
	if len(s.Power) < 2 {
		return math.NaN()
	}
	return Entropy(s.Power, s.Total) / math.Log(float64(len(s.Power)))
}

// Centroid is the mean frequency, weighted by power, in cycles a sample, from 0 to
// 0.5; NaN of a constant.
func (s *Spectrum) Centroid() float64 {
	if s.Total == 0 {
		return math.NaN()
	}
	sum := 0.0
	for k, p := range s.Power {
		sum += float64(k+1) / float64(s.n) * p
	}
	return sum / s.Total
}

// EnergyRatio is the share of the power at frequencies above a limit, in cycles a
// sample; NaN of a constant.
func (s *Spectrum) EnergyRatio(above float64) float64 {
	if s.Total == 0 {
		return math.NaN()
	}
	sum := 0.0
	for k, p := range s.Power {
		if float64(k+1)/float64(s.n) > above {
			sum += p
		}
	}
	return sum / s.Total
}
