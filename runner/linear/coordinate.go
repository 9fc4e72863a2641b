package linear

import (
	"context"
	"math"
)

// Lasso is least squares with an L1 penalty: it minimizes
// |y - Xw|² / 2n + Alpha |w|₁. The intercept is not penalized.
type Lasso struct {
	Alpha        float64 // >= 0; 0 converges slowly: use LinearRegression
	FitIntercept bool
	MaxIter      int     // >= 1
	Tol          float64 // >= 0: see ElasticNet
}

// NewLasso gives scikit-learn's defaults.
func NewLasso() Lasso { return Lasso{Alpha: 1, FitIntercept: true, MaxIter: 1000, Tol: 1e-4} }

// Fit is [ElasticNet.Fit] with an L1Ratio of 1.
func (p Lasso) Fit(ctx context.Context, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	if err := validate(p.fields()); err != nil {
		return nil, err
	}
	e := ElasticNet{Alpha: p.Alpha, L1Ratio: 1, FitIntercept: p.FitIntercept, MaxIter: p.MaxIter, Tol: p.Tol}
	return e.fit(ctx, estimatorLasso, x, y, o)
}

// ElasticNet is least squares with an L1 and an L2 penalty: it minimizes
// |y - Xw|² / 2n + Alpha L1Ratio |w|₁ + Alpha (1 - L1Ratio) |w|² / 2. The
// intercept is not penalized. Sample weights are scaled to a mean of 1.
type ElasticNet struct {
	Alpha        float64 // >= 0
	L1Ratio      float64 // from 0 to 1
	FitIntercept bool
	MaxIter      int // >= 1
	// Tol, times |y|² of the centred target, is how large a duality gap may remain.
	// The gap is looked at once no coefficient moves by more than Tol times the
	// largest one.
	Tol float64
}

// NewElasticNet gives scikit-learn's defaults.
func NewElasticNet() ElasticNet {
	return ElasticNet{Alpha: 1, L1Ratio: 0.5, FitIntercept: true, MaxIter: 1000, Tol: 1e-4}
}

// Fit fits the model to y, one target a row, by cyclic coordinate descent
// (Friedman, Hastie and Tibshirani, 2010) with the duality gap as the stopping rule
// and to leave out columns that cannot have a coefficient (Fercoq, Gramfort and
// Salmon, "Mind the duality gap", 2015). It holds one copy of the design.
//
// Errors: as [LinearRegression.Fit], and that of the progress function.
func (p ElasticNet) Fit(ctx context.Context, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	if err := validate(p.fields()); err != nil {
		return nil, err
	}
	return p.fit(ctx, estimatorElasticNet, x, y, o)
}

func (p ElasticNet) fit(ctx context.Context, estimator string, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	r, err := newRegression(ctx, x, y, p.FitIntercept, &o)
	if err != nil {
		return nil, err
	}
	n := float64(r.rows)
	if r.root != nil { // weights with a mean of 1
		scale := math.Sqrt(n / r.sum)
		for i := range r.root {
			r.root[i] *= scale
			r.y[i] *= scale
		}
	}
	d := &descent{y: r.y, l1: p.Alpha * p.L1Ratio * n, l2: p.Alpha * (1 - p.L1Ratio) * n, columns: make([][]float64, len(x.columns)),
		square: make([]float64, len(x.columns)), w: make([]float64, len(x.columns)), slope: make([]float64, len(x.columns)), residual: append([]float64(nil), r.y...)}
	data := make([]float64, r.rows*len(x.columns))
	if err := perColumn(ctx, len(x.columns), r.rows, func(j int) {
		d.columns[j] = data[j*r.rows:][:r.rows]
		r.column(j, d.columns[j])
		d.square[j] = dot(d.columns[j], d.columns[j])
	}); err != nil {
		return nil, err
	}
	if !allFinite(d.square) {
		return nil, ErrOverflow
	}
	report, err := d.run(ctx, p.MaxIter, p.Tol, &o)
	if err != nil {
		return nil, err
	}
	return r.model(estimator, d.w, report)
}

// descent minimizes |y - Xw|²/2 + l1 |w|₁ + l2 |w|²/2 by coordinates.
type descent struct {
	columns  [][]float64 // centred and weighted
	square   []float64   // of the norm of each
	y        []float64
	l1, l2   float64
	w        []float64
	residual []float64 // y - Xw
	slope    []float64 // X'residual - l2 w, as of the last look at the gap
	active   []int     // columns that may have a coefficient
}

func (d *descent) run(ctx context.Context, maxIter int, tol float64, o *FitOptions) (Report, error) {
	n := float64(len(d.y))
	tolerance := tol * dot(d.y, d.y)
	for j := range d.columns {
		if d.square[j] > 0 {
			d.active = append(d.active, j)
		}
	}
	gap, err := d.gap(ctx, tolerance)
	if err != nil {
		return Report{}, err
	}
	report := Report{Converged: gap <= tolerance}
	for ; !report.Converged && report.Iterations < maxIter; report.Iterations++ {
		moved, largest, err := d.sweep(ctx)
		if err != nil {
			return Report{}, err
		}
		if largest == 0 || moved <= tol*largest || report.Iterations == maxIter-1 {
			if gap, err = d.gap(ctx, tolerance); err != nil {
				return Report{}, err
			}
			report.Converged = gap <= tolerance
		}
		if err := o.progress(Iteration{Index: report.Iterations, Total: maxIter, Loss: d.loss() / n}); err != nil {
			return Report{}, err
		}
	}
	report.DualGap, report.Loss = gap/n, d.loss()/n
	return report, nil
}

// sweep minimizes along each active coordinate once. moved is the largest change.
func (d *descent) sweep(ctx context.Context) (moved, largest float64, err error) {
	rest := 0 // values until the next look at ctx
	for _, j := range d.active {
		if rest -= len(d.y); rest < 0 {
			if ctx.Err() != nil {
				return 0, 0, ctx.Err()
			}
			rest = taskValues
		}
		old := d.w[j]
		product := dot(d.columns[j], d.residual) + old*d.square[j]
		now := softThreshold(product, d.l1) / (d.square[j] + d.l2)
		if now != old {
			axpy(old-now, d.columns[j], d.residual)
			d.w[j] = now
		}
		moved, largest = max(moved, math.Abs(now-old)), max(largest, math.Abs(now))
	}
	return moved, largest, nil
}

// softThreshold moves v towards 0 by t, and no further.
func softThreshold(v, t float64) float64 {
	if math.Abs(v) <= t {
		return 0
	}
	return v - math.Copysign(t, v)
}

// gap is the duality gap at w, and, where it is above tolerance, leaves out columns
// that it proves to have no coefficient at the minimum. Without an L1 penalty the
// dual has no bounds (Dünner et al., "Primal-Dual Rates and Certificates", 2016);
// without any penalty it is the squared norm of the gradient instead.
func (d *descent) gap(ctx context.Context, tolerance float64) (float64, error) {
	err := perColumn(ctx, len(d.columns), len(d.y), func(j int) {
		d.slope[j] = dot(d.columns[j], d.residual)
	})
	if err != nil {
		return 0, err
	}
	squares, target, norm := dot(d.residual, d.residual), dot(d.residual, d.y), dot(d.w, d.w)
	if d.l1 == 0 {
		steepness := dot(d.slope, d.slope)
		if d.l2 == 0 {
			return steepness, nil
		}
		return squares + d.l2*norm/2 - target + steepness/(2*d.l2), nil
	}
	steepest, sum := 0.0, 0.0
	for j, w := range d.w {
		d.slope[j] -= d.l2 * w
		steepest = max(steepest, math.Abs(d.slope[j]))
		sum += math.Abs(w)
	}
	extended := squares + d.l2*norm
	scale := 1.0 // of the residual, to be a feasible point of the dual
	if steepest > d.l1 {
		scale = d.l1 / steepest
	}
	gap := extended/2 + d.l1*sum - (scale*target - scale*scale*extended/2)
	if gap > tolerance {
		d.screen(gap, max(d.l1, steepest))
	}
	return gap, nil
}

// screen leaves out the columns that are too far from the bound of the dual for a
// gap that small. level is what scales the slopes to a feasible point.
func (d *descent) screen(gap, level float64) {
	// A gap is known no better than to the rounding of its terms.
	radius := math.Sqrt(2*max(gap, 16*machineEpsilon*dot(d.y, d.y))) / d.l1
	kept := d.active[:0]
	for _, j := range d.active {
		if (1-math.Abs(d.slope[j])/level)/math.Sqrt(d.square[j]+d.l2) <= radius {
			kept = append(kept, j)
			continue
		}
		if d.w[j] != 0 {
			axpy(d.w[j], d.columns[j], d.residual)
			d.w[j] = 0
		}
	}
	d.active = kept
}

// loss is the objective.
func (d *descent) loss() float64 {
	sum := 0.0
	for _, w := range d.w {
		sum += math.Abs(w)
	}
	return dot(d.residual, d.residual)/2 + d.l1*sum + d.l2*dot(d.w, d.w)/2
}
