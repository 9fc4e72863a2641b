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
	var u []float64
	if bound > tol {
		u, rank = r.solve(t), t.cols
	} else if u, rank, err = r.solveSingular(ctx, t, alpha, tol); err != nil {
		return nil, 0, err
	}
	if t.level != nil {
		rank-- // the direction that the extra row added
	}
	w, err = t.coefficients(ctx, u)
	return w, rank, err
}

// solve is for independent columns: R u = Q'y, or, for the transpose, R'R u = y.
func (r *triangle) solve(t *tall) []float64 {
	u := make([]float64, r.n)
	if t.transposed {
		copy(u, t.y)
		blas64.Trsv(blas.Trans, r.triangular(r.n), vector(u))
	} else {
		for i := range u {
			u[i] = r.target(i)
		}
	}
	blas64.Trsv(blas.NoTrans, r.triangular(r.n), vector(u))
	return u
}

// solveSingular is for any columns, by their singular values, and destroys r.
func (r *triangle) solveSingular(ctx context.Context, t *tall, alpha, tol float64) ([]float64, int, error) {
	values, err := r.orthogonalize(ctx)
	if err != nil {
		return nil, 0, err
	}
	u, rank := make([]float64, r.n), 0
	// Below the precision of the factorization nothing is known, whatever tol is.
	smallest := max(tol, machineEpsilon) * slices.Max(values)
	for i, s := range values {
		if s <= smallest {
			continue
		}
		rank++
		row := r.row(i) // s times the right singular vector
		var scale float64
		if t.transposed {
			scale = dot(row, t.y) / s / s
		} else {
			scale = r.target(i)
		}
		axpy(scale/(s*s+alpha), row, u)
	}
	if math.IsNaN(smallest) {
		return nil, 0, ErrOverflow
	}
	return u, rank, nil
}
