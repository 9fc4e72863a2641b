package linear

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// LinearRegression is ordinary least squares.
//
// A design whose columns depend on each other, or with more columns than rows,
// has many solutions: the one with the smallest norm is taken, as
// scipy.linalg.lstsq does.
type LinearRegression struct { //nolint:revive // the field's name for it
	FitIntercept bool
	// Tol is the share of the largest singular value of the centred design below
	// which a singular value counts as zero, as in scikit-learn since 1.9. So a
	// column whose spread is a millionth of another one's has no say by default:
	// scale the columns, or lower Tol. [Report].Rank tells how many counted.
	Tol float64
}

// NewLinearRegression gives scikit-learn's defaults.
func NewLinearRegression() LinearRegression { return LinearRegression{FitIntercept: true, Tol: 1e-6} }

// Fit fits the model to y, one target a row. It factorizes the design block by
// block (QR, then singular values where the columns may depend on each other) and
// holds no copy of it: beside the caller's data it takes some 8 m × (m + max(m, 1024))
// bytes, m being the smaller of rows and columns.
//
// Errors: [ErrNoRows], [ErrZeroWeight], [ErrOverflow], [*ParamError],
// [*TargetError], [*WeightError], and ctx's.
func (p LinearRegression) Fit(ctx context.Context, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	if err := validate(p.fields()); err != nil {
		return nil, err
	}
	r, err := newRegression(ctx, x, y, p.FitIntercept, &o)
	if err != nil {
		return nil, err
	}
	w, rank, err := leastSquares(ctx, r.tall(), 0, p.Tol)
	if err != nil {
		return nil, err
	}
	loss, err := r.loss(ctx, w, 0)
	if err != nil {
		return nil, err
	}
	return r.model(estimatorLinear, w, Report{Converged: true, Loss: loss, Rank: rank})
}

// leastSquares gives the coefficients w of smallest |Xw - y|² + alpha |w|², and
// among these of smallest norm, and the rank. Singular values of at most tol times
// the largest one count as zero.
func leastSquares(ctx context.Context, t *tall, alpha, tol float64) (w []float64, rank int, err error) {
	r, err := t.triangle(ctx)
	if err != nil {
		return nil, 0, err
	}
	bound := 0.0
	if alpha == 0 {
		if bound, err = r.conditionBound(ctx); err != nil {
			return nil, 0, err
		}
	}
	solve, rank := r.solve, t.cols
	if bound <= tol {
		if solve, rank, err = r.singular(ctx, t.transposed, alpha, tol); err != nil {
			return nil, 0, err
		}
	}
	if t.level != nil {
		rank-- // the direction that the extra row added
	}
	if !t.transposed {
		return solve(nil), rank, nil
	}
	u := solve(t.y)
	if w, err = t.coefficients(ctx, u); err != nil {
		return nil, 0, err
	}
	return w, rank, t.refine(ctx, w, u, alpha, solve)
}

// refine corrects the solution u of the normal equations of a transpose, and the
// coefficients w that it means, by what it leaves of the target: the equations have
// the square of the design's condition, and the correction takes that back (the
// corrected seminormal equations of Björck, 1987).
func (t *tall) refine(ctx context.Context, w, u []float64, alpha float64, solve func(y []float64) []float64) error {
	left := make([]float64, t.cols)
	err := t.residuals(ctx, w, func(_, from int, residual []float64) { copy(left[from:], residual) })
	if err != nil {
		return err
	}
	axpy(-alpha, u, left)
	correction, err := t.coefficients(ctx, solve(left))
	axpy(1, correction, w)
	return err
}

// solve is for independent columns: R u = Q'y, where the target ran along, or, for a
// transpose, R'R u = y.
func (r *triangle) solve(y []float64) []float64 {
	u := make([]float64, r.n)
	if y != nil {
		copy(u, y)
		blas64.Trsv(blas.Trans, r.triangular(r.n), vector(u))
	} else {
		for i := range u {
			u[i] = r.target(i)
		}
	}
	blas64.Trsv(blas.NoTrans, r.triangular(r.n), vector(u))
	return u
}

// singular gives a solve for any columns, by their singular values, and their rank. It
// destroys r.
func (r *triangle) singular(ctx context.Context, transposed bool, alpha, tol float64) (solve func(y []float64) []float64, rank int, err error) {
	values, err := r.orthogonalize(ctx)
	if err != nil {
		return nil, 0, err
	}
	// Below the precision of the factorization nothing is known, whatever tol is.
	smallest := max(tol, machineEpsilon) * slices.Max(values)
	if math.IsNaN(smallest) {
		return nil, 0, ErrOverflow
	}
	for _, s := range values {
		if s > smallest {
			rank++
		}
	}
	return func(y []float64) []float64 {
		u := make([]float64, r.n)
		for i, s := range values {
			if s <= smallest {
				continue
			}
			row := r.row(i) // s times the right singular vector
			var scale float64
			if transposed {
				scale = dot(row, y) / s / s
			} else {
				scale = r.target(i)
			}
			axpy(scale/(s*s+alpha), row, u)
		}
		return u
	}, rank, nil
}
