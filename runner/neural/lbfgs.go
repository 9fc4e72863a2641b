package neural

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

const (
	lbfgsMemory = 10
	// lbfgsDecrease is the relative decrease of an iteration that is too small to go
	// on: scipy's ftol.
	lbfgsDecrease = 2.2204460492503131e-09
	// lbfgsSearch is the most evaluations of a line search.
	lbfgsSearch = 20
)

// lbfgs minimizes a function of x as scipy's L-BFGS-B does without bounds (Byrd,
// Lu, Nocedal and Zhu, 1995), with its stopping rules and restarts, in x's place.
// gonum's has neither these nor MINPACK's line search.
type lbfgs struct {
	x        []float64
	tol      float64 // of the gradient's largest component
	maxIter  int
	maxEvals int
	// evaluate gives the value at x, and its gradient; an error ends the search.
	evaluate func(x, grad []float64) (float64, error)
	// iterated is told the value after each iteration, counted from 1.
	iterated func(iteration int, f float64) error

	grad, direction  []float64
	oldX, oldGrad    []float64
	steps, changes   [][]float64 // of x and of the gradient; the oldest first
	inverse          []float64   // 1 / step·change
	evals, iteration int
}

func (l *lbfgs) minimize() error {
	size := len(l.x)
	l.grad, l.direction, l.oldX, l.oldGrad = make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	f, err := l.at(l.x)
	if err != nil {
		return err
	}
	for floats.Norm(l.grad, math.Inf(1)) > l.tol {
		before := f
		l.aim()
		var moved bool
		if f, moved, err = l.search(f); err != nil {
			return err
		}
		if !moved {
			if len(l.steps) == 0 {
				return nil // not even steepest descent finds a lower point
			}
			l.steps, l.changes, l.inverse = nil, nil, nil
			continue
		}
		l.iteration++
		if err := l.iterated(l.iteration, f); err != nil {
			return err
		}
		small := before-f <= lbfgsDecrease*max(math.Abs(before), math.Abs(f), 1)
		if small || l.iteration >= l.maxIter || l.evals > l.maxEvals {
			return nil
		}
		l.remember()
	}
	return nil
}

func (l *lbfgs) at(x []float64) (float64, error) {
	l.evals++
	return l.evaluate(x, l.grad)
}

// aim sets the direction to minus the inverse Hessian, as remembered, times the
// gradient: the two loops of Nocedal (1980).
func (l *lbfgs) aim() {
	d := l.direction
	copy(d, l.grad)
	var along [lbfgsMemory]float64
	last := len(l.steps) - 1
	for i := last; i >= 0; i-- {
		along[i] = l.inverse[i] * floats.Dot(l.steps[i], d)
		floats.AddScaled(d, -along[i], l.changes[i])
	}
	if last >= 0 {
		floats.Scale(1/(l.inverse[last]*floats.Dot(l.changes[last], l.changes[last])), d)
	}
	for i := range l.steps {
		floats.AddScaled(d, along[i]-l.inverse[i]*floats.Dot(l.changes[i], d), l.steps[i])
	}
	floats.Scale(-1, d)
}

// search moves x along the direction. Where it finds no step, x stays.
func (l *lbfgs) search(f float64) (value float64, moved bool, err error) {
	value = f
	slope := floats.Dot(l.grad, l.direction)
	if slope >= 0 {
		return f, false, nil
	}
	copy(l.oldX, l.x)
	copy(l.oldGrad, l.grad)
	step := 1.0
	if l.iteration == 0 {
		step = min(1/floats.Norm(l.direction, 2), searchMax)
	}
	s := newLineSearch(f, slope, step)
	last := 0.0
	for range lbfgsSearch {
		if s.step != last { // it may ask for the last point again
			last = s.step
			floats.AddScaledTo(l.x, l.oldX, s.step, l.direction)
			if value, err = l.at(l.x); err != nil {
				return value, false, err
			}
		}
		if s.next(value, floats.Dot(l.grad, l.direction)) {
			return value, true, nil
		}
	}
	copy(l.x, l.oldX)
	copy(l.grad, l.oldGrad)
	return f, false, nil
}

// remember keeps the last step and what it changed of the gradient, in the place
// of the oldest. A step along which the slope did not rise tells nothing of the
// curvature and is left out.
func (l *lbfgs) remember() {
	var step, change []float64
	if len(l.steps) == lbfgsMemory {
		step, change = l.steps[0], l.changes[0]
	} else {
		step, change = make([]float64, len(l.x)), make([]float64, len(l.x))
	}
	floats.SubTo(step, l.x, l.oldX)
	floats.SubTo(change, l.grad, l.oldGrad)
	curvature := floats.Dot(step, change)
	if curvature <= machineEpsilon*-floats.Dot(step, l.oldGrad) {
		return
	}
	if len(l.steps) == lbfgsMemory {
		l.steps, l.changes, l.inverse = l.steps[1:], l.changes[1:], l.inverse[1:]
	}
	l.steps, l.changes, l.inverse = append(l.steps, step), append(l.changes, change), append(l.inverse, 1/curvature)
}
