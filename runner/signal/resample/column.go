package resample

import "math"

// Linear interpolates a signal. The zero Linear is ready; it belongs to one grid.
type Linear struct{ kept [2]float64 }

// Append appends the values at the points to dst. values are those of the batch that
// the points came of; none with [Grid.End].
func (l *Linear) Append(dst []float64, p Points, values []float64) []float64 {
	for i, at := range p.places {
		v := valueAt(&l.kept, values, at.left)
		switch {
		case p.InGap[i]:
			v = math.NaN()
		case at.width > 0:
			slope := (valueAt(&l.kept, values, at.right) - v) / at.width
			v = float64(slope*at.after) + v
		}
		dst = append(dst, v)
	}
	if p.last {
		l.kept = [2]float64{valueAt(&l.kept, values, p.keep[0]), valueAt(&l.kept, values, p.keep[1])}
	}
	return dst
}

// Hold takes the last value of what has no values between: labels, states, counts.
// The zero Hold is ready; it belongs to one grid.
type Hold[T any] struct{ kept [2]T }

// Append appends the values at the points to dst, those within gaps, too. values are
// those of the batch that the points came of; none with [Grid.End].
func (h *Hold[T]) Append(dst []T, p Points, values []T) []T {
	for _, at := range p.places {
		dst = append(dst, valueAt(&h.kept, values, at.left))
	}
	if p.last {
		h.kept = [2]T{valueAt(&h.kept, values, p.keep[0]), valueAt(&h.kept, values, p.keep[1])}
	}
	return dst
}

// valueAt is a row's value, of the batch or of those before.
func valueAt[T any](kept *[2]T, values []T, row int) T {
	if row < 0 {
		return kept[row-older]
	}
	return values[row]
}
