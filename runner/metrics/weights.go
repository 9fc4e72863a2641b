package metrics

import (
	"fmt"
	"math"
)

// Weights are sample weights: what each row counts for. The zero Weights count
// every row as one. Each method is the function of the same name with the rows
// weighed; like the function it panics, or returns an error where it can, when
// it is given another number of rows than there are weights.
type Weights struct{ of []float64 }

// NewWeights checks sample weights, one a row: finite, none negative, not all
// zero. nil gives the zero Weights. The slice is kept and must not change.
func NewWeights(sampleWeight []float64) (Weights, error) {
	if sampleWeight == nil {
		return Weights{}, nil
	}
	sum := 0.0
	for i, w := range sampleWeight {
		if !(w >= 0) || math.IsInf(w, 1) {
			return Weights{}, fmt.Errorf("metrics: the weight %v of row %d (counting from 0) is not a finite number of at least 0", w, i)
		}
		sum += w
	}
	if sum == 0 || math.IsInf(sum, 1) {
		return Weights{}, fmt.Errorf("metrics: the %d weights sum to %v: the sum must be positive and finite", len(sampleWeight), sum)
	}
	return Weights{sampleWeight}, nil
}

// Given reports whether there are weights: false for the zero Weights.
func (w Weights) Given() bool { return w.of != nil }

// Row is the weight of row i.
func (w Weights) Row(i int) float64 {
	if w.of == nil {
		return 1
	}
	return w.of[i]
}

// Total is the sum of the weights of all rows.
func (w Weights) Total(rows int) float64 {
	if w.of == nil {
		return float64(rows)
	}
	var sum total
	for _, v := range w.of {
		sum.add(v)
	}
	return sum.value()
}

// fit tells what is wrong if the weights are not for so many rows.
func (w Weights) fit(rows int) error {
	if w.of != nil && len(w.of) != rows {
		return fmt.Errorf("metrics: %d weights for %d rows", len(w.of), rows)
	}
	return nil
}

// sameLength panics unless both slices have the same number of elements, and
// any, and the weights are as many.
func (w Weights) sameLength(a, b int) {
	if a != b || a == 0 {
		panic(fmt.Sprintf("metrics: %d true values and %d predictions: both must be given, in equal number", a, b))
	}
	if err := w.fit(a); err != nil {
		panic(err.Error())
	}
}

// total is a sum whose rounding error does not grow with its terms, so that a
// figure does not depend on the order of the rows (Neumaier 1974).
type total struct{ sum, lost float64 }

func (t *total) add(v float64) {
	sum := t.sum + v
	if math.Abs(t.sum) >= math.Abs(v) {
		t.lost += (t.sum - sum) + v
	} else {
		t.lost += (v - sum) + t.sum
	}
	t.sum = sum
}

func (t *total) value() float64 {
	if math.IsNaN(t.lost) { // the sum is infinite, and so was a difference
		return t.sum
	}
	return t.sum + t.lost
}
