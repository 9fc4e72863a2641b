package wavelet

import "fmt"

// Decomposition is a signal's coefficients. The zero value is ready, and may be used
// again and again.
type Decomposition struct {
	// Coefficients are those of the approximation at the last level, then the details
	// from the last level to the first, as of PyWavelets' wavedec. They are valid until
	// the decomposition is used again.
	Coefficients [][]float64

	cells    []float64
	extended []float64
}

// LevelError says that a signal is too short for a level.
type LevelError struct {
	Wavelet     string
	Values      int
	Level, Most int
}

// Error names the greatest level.
func (e *LevelError) Error() string {
	return fmt.Sprintf("%d values can be decomposed by %s over %d levels at most, not %d", e.Values, e.Wavelet, e.Most, e.Level)
}

// Decompose decomposes a signal of at least one value over so many levels, from 1 to
// [Wavelet.MaxLevel], into d; more are a [*LevelError].
func (w Wavelet) Decompose(d *Decomposition, x []float64, mode Mode, level int) error {
	if most := w.MaxLevel(len(x)); level < 1 || level > most {
		return &LevelError{Wavelet: w.name, Values: len(x), Level: level, Most: most}
	}
	w.decompose(d, x, mode, level)
	return nil
}

func (w Wavelet) decompose(d *Decomposition, x []float64, mode Mode, level int) {
	need := 0
	for n, l := len(x), 0; l < level; l++ {
		n = w.coefficients(n, mode)
		need += 2 * n
	}
	if cap(d.cells) < need {
		d.cells = make([]float64, need)
	}
	free := d.cells[:need]
	take := func(n int) []float64 {
		part := free[:n:n]
		free = free[n:]
		return part
	}
	if cap(d.Coefficients) < level+1 {
		d.Coefficients = make([][]float64, level+1)
	}
	d.Coefficients = d.Coefficients[:level+1]
	for l := range level {
		n := w.coefficients(len(x), mode)
		approximation, detail := take(n), take(n)
		d.step(w, x, mode, approximation, detail)
		d.Coefficients[level-l] = detail
		x = approximation
	}
	d.Coefficients[0] = x
}

// coefficients is how many of each kind a level makes of n values.
func (w Wavelet) coefficients(n int, mode Mode) int {
	if mode == Periodization {
		return (n + 1) / 2
	}
	return (n + len(w.low) - 1) / 2
}

// step is one level: a convolution with each filter, of which every second value is
// kept.
func (d *Decomposition) step(w Wavelet, x []float64, mode Mode, approximation, detail []float64) {
	taps := len(w.low)
	before, after := taps-2, taps-1 // values that the filters reach beyond the ends
	if mode == Periodization {
		before, after = taps/2-1, taps/2+1
	}
	total := before + len(x) + after
	if cap(d.extended) < total {
		d.extended = make([]float64, total)
	}
	extended := d.extended[:total]
	copy(extended[before:], x)
	for i := range before {
		extended[i] = valueAt(x, i-before, mode)
	}
	for i := before + len(x); i < total; i++ {
		extended[i] = valueAt(x, i-before, mode)
	}
	for k := range approximation {
		part := extended[2*k : 2*k+taps]
		low, high := 0.0, 0.0
		for j, v := range part {
			low += float64(w.low[taps-1-j] * v)
			high += float64(w.high[taps-1-j] * v)
		}
		approximation[k], detail[k] = low, high
	}
}

// valueAt is the signal's value at any place, within its ends or beyond.
func valueAt(x []float64, i int, mode Mode) float64 {
	n := len(x)
	if i >= 0 && i < n {
		return x[i]
	}
	switch mode {
	case Zero:
		return 0
	case Constant:
		if i < 0 {
			return x[0]
		}
		return x[n-1]
	case Periodic:
		return x[modulo(i, n)]
	case Periodization:
		return x[min(modulo(i, n+n%2), n-1)]
	case Reflect:
		if n == 1 {
			return x[0]
		}
		i = modulo(i, 2*n-2)
		return x[min(i, 2*n-2-i)]
	default: // Symmetric
		i = modulo(i, 2*n)
		return x[min(i, 2*n-1-i)]
	}
}

func modulo(i, n int) int {
	if i %= n; i < 0 {
		i += n
	}
	return i
}
