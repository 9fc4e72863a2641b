package linear

import (
	"context"
	"fmt"
	"math"
)

// Iteration is what a progress function learns after each iteration.
type Iteration struct {
	Index int // of this iteration, from 0
	Total int // max_iter
	// Loss is the objective so far: what [Report] calls Loss.
	Loss float64
}

// FitOptions are what a fit can be given beside data and parameters.
type FitOptions struct {
	// SampleWeight is the weight of each row: finite and not negative; nil: all 1.
	SampleWeight []float64
	// Progress, if set, is called after each iteration, from one goroutine at a
	// time. An error ends the fit, which returns it.
	Progress func(Iteration) error
}

func (o *FitOptions) progress(it Iteration) error {
	if o.Progress == nil {
		return nil
	}
	return o.Progress(it)
}

// Report tells how a fit went.
type Report struct {
	// Iterations counts them (n_iter_); 0 for the models that are solved directly.
	Iterations int
	// Converged is false where max_iter iterations, or the precision of float64,
	// did not suffice for tol.
	Converged bool
	// Loss is the objective at the end, divided by the sum of the weights: half the
	// mean squared error, or the mean log loss, plus the penalty.
	Loss float64
	// DualGap bounds how far Loss is above its minimum (dual_gap_); Lasso and elastic
	// net only. Without any penalty it is the squared norm of the gradient.
	DualGap float64
	// Rank is the number of singular values of the centred design that a linear
	// regression used (rank_); 0 for other models.
	Rank int
}

// weights checks the sample weights and gives their sum.
func (o *FitOptions) weights(rows int) (sum float64, err error) {
	if rows == 0 {
		return 0, ErrNoRows
	}
	if o.SampleWeight == nil {
		return float64(rows), nil
	}
	if len(o.SampleWeight) != rows {
		return 0, fmt.Errorf("linear: %d sample weights for %d rows", len(o.SampleWeight), rows)
	}
	for i, w := range o.SampleWeight {
		if !finite(w) || w < 0 {
			return 0, &WeightError{Row: i, Value: w, Reason: "a weight must be finite and not negative"}
		}
		sum += w
	}
	switch {
	case sum == 0:
		return 0, ErrZeroWeight
	case math.IsInf(sum, 0):
		return 0, ErrOverflow
	}
	return sum, nil
}

func checkTarget(rows int, y []float64) error {
	if len(y) != rows {
		return fmt.Errorf("linear: %d targets for %d rows", len(y), rows)
	}
	for i, v := range y {
		if !finite(v) {
			return &TargetError{Row: i, Value: v, Reason: "a target must be finite"}
		}
	}
	return nil
}

// regression is a design and a target, to be centred and weighted.
type regression struct {
	x      *Dense
	rows   int
	sum    float64   // of the weights
	mean   []float64 // of each column; zeros without an intercept
	yMean  float64
	root   []float64 // square roots of the weights; nil: all 1
	y      []float64 // centred and weighted
	center bool
}

// newRegression checks the data and finds what to centre it with.
func newRegression(ctx context.Context, x *Dense, y []float64, intercept bool, o *FitOptions) (*regression, error) {
	sum, err := o.weights(x.rows)
	if err != nil {
		return nil, err
	}
	if err := checkTarget(x.rows, y); err != nil {
		return nil, err
	}
	r := &regression{x: x, rows: x.rows, sum: sum, mean: make([]float64, len(x.columns)), y: make([]float64, x.rows), center: intercept}
	if intercept {
		r.yMean = mean(y, o.SampleWeight, sum)
		if err := perColumn(ctx, len(x.columns), x.rows, func(j int) {
			r.mean[j] = mean(x.columns[j], o.SampleWeight, sum)
		}); err != nil {
			return nil, err
		}
	}
	if o.SampleWeight != nil {
		r.root = make([]float64, x.rows)
		for i, w := range o.SampleWeight {
			r.root[i] = math.Sqrt(w)
		}
	}
	for i, v := range y {
		r.y[i] = (v - r.yMean) * r.rootOf(i)
	}
	if !allFinite(r.mean) || !allFinite(r.y) {
		return nil, ErrOverflow
	}
	return r, nil
}

func (r *regression) rootOf(i int) float64 {
	if r.root == nil {
		return 1
	}
	return r.root[i]
}

// model is the model with the coefficients w of the centred design.
func (r *regression) model(estimator string, w []float64, report Report) (*Regressor, error) {
	m := &Regressor{affine: affine{names: r.x.Names(), coef: [][]float64{w}, intercept: []float64{0}}, estimator: estimator, report: report}
	if r.center {
		m.intercept[0] = r.yMean - dot(r.mean, w)
	}
	if !allFinite(w) || !finite(m.intercept[0]) || !finite(report.Loss) {
		return nil, ErrOverflow
	}
	return m, nil
}

// loss is half the mean squared error of w, plus the penalty of strength alpha.
func (r *regression) loss(ctx context.Context, w []float64, alpha float64) (float64, error) {
	part := make([]float64, rowTasks(r.rows))
	err := r.residuals(ctx, w, func(task, _ int, residual []float64) {
		for _, e := range residual {
			part[task] += e * e
		}
	})
	total := 0.0
	for _, v := range part {
		total += v
	}
	return (total + alpha*dot(w, w)) / (2 * r.sum), err
}

// residuals tells what w leaves of the centred and weighted target, part by part, the
// rows from from on, from several goroutines.
func (r *regression) residuals(ctx context.Context, w []float64, tell func(task, from int, residual []float64)) error {
	return perRows(ctx, r.rows, func(task, from, to int) {
		out := make([]float64, to-from)
		for j, a := range w {
			mean := r.mean[j]
			for i, v := range r.x.columns[j][from:to] {
				out[i] += a * (v - mean)
			}
		}
		for i, v := range out {
			out[i] = r.y[from+i] - v*r.rootOf(from+i)
		}
		tell(task, from, out)
	})
}

// mean is the mean of values under weights of the given sum; nil: all 1. That of
// equal values is exact, so that a constant column is centred to zeros.
func mean(values, weight []float64, sum float64) float64 {
	total, constant := 0.0, true
	for i, v := range values {
		constant = constant && v == values[0]
		if weight != nil {
			v *= weight[i]
		}
		total += v
	}
	if constant {
		return values[0]
	}
	return total / sum
}
