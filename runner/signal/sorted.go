package signal

import "slices"

// Sorted are a window's values in ascending order. Where windows overlap, only what
// is new is sorted in, for what went. The zero value is ready, and may be used again
// and again.
type Sorted struct {
	// Values are valid until the next window.
	Values []float64

	window []float64 // the last one
	step   int       // by which the last windows moved; 0: it is not known
}

// Of sorts a window. What it gives depends on the window alone.
func (s *Sorted) Of(x []float64) {
	n := len(x)
	switch {
	case s.step > 0 && len(s.window) == n && slices.Equal(s.window[s.step:], x[:n-s.step]):
		for i, gone := range s.window[:s.step] {
			s.replace(gone+0, x[n-s.step+i]+0)
		}
	default:
		s.step = stepOf(s.window, x)
		s.Values = append(s.Values[:0], x...)
		for i := range s.Values {
			s.Values[i] += 0 // no zero is below another one
		}
		slices.Sort(s.Values)
	}
	s.window = append(s.window[:0], x...)
}

// stepOf is how far a window was moved to give the next one; 0: they do not overlap.
func stepOf(window, next []float64) int {
	if len(window) != len(next) {
		return 0
	}
	for step := 1; step < len(window); step++ {
		if window[step] == next[0] && slices.Equal(window[step:], next[:len(next)-step]) {
			return step
		}
	}
	return 0
}

// replace takes one value out and puts another in.
func (s *Sorted) replace(gone, come float64) {
	v := s.Values
	i, _ := slices.BinarySearch(v, gone)
	for ; i+1 < len(v) && v[i+1] < come; i++ {
		v[i] = v[i+1]
	}
	for ; i > 0 && v[i-1] > come; i-- {
		v[i] = v[i-1]
	}
	v[i] = come
}
