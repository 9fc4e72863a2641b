package linear

import (
	"context"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// Ridge is least squares plus Alpha times the squared norm of the coefficients;
// the intercept is not penalized.
type Ridge struct {
	Alpha        float64 // >= 0; 0 is a linear regression
	FitIntercept bool
}

// NewRidge gives scikit-learn's defaults.
func NewRidge() Ridge { return Ridge{Alpha: 1, FitIntercept: true} }

// Fit fits the model to y, one target a row, by Cholesky's factorization of X'X +
// Alpha, or, with more columns than rows, of XX' + Alpha. Where Alpha is too small
// to make that positive definite, and where it is 0, it goes through the singular
// values, as [LinearRegression] with a Tol of the machine's precision. Memory
// beside the caller's data: 8 m² bytes, or as [LinearRegression.Fit], m being the
// smaller of rows and columns.
//
// Errors: as [LinearRegression.Fit].
func (p Ridge) Fit(ctx context.Context, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	if err := validate(p.fields()); err != nil {
		return nil, err
	}
	r, err := newRegression(ctx, x, y, p.FitIntercept, &o)
	if err != nil {
		return nil, err
	}
	t := r.tall()
	w, ok := []float64(nil), false
	if p.Alpha > 0 {
		if w, ok, err = ridge(ctx, t, p.Alpha); err != nil {
			return nil, err
		}
	}
	if !ok {
		if w, _, err = leastSquares(ctx, t, p.Alpha, machineEpsilon*float64(t.rows)); err != nil {
			return nil, err
		}
	}
	loss, err := r.loss(ctx, w, p.Alpha)
	if err != nil {
		return nil, err
	}
	return r.model(estimatorRidge, w, Report{Converged: true, Loss: loss})
}

// ridge solves the normal equations. It is not ok where these are singular in
// float64.
func ridge(ctx context.Context, t *tall, alpha float64) (w []float64, ok bool, err error) {
	gram, right, err := t.normalEquations(ctx)
	if err != nil {
		return nil, false, err
	}
	smallest := make([]float64, t.cols)
	for i := range smallest {
		gram.Data[i*t.cols+i] += alpha
		smallest[i] = gram.Data[i*t.cols+i] * machineEpsilon * float64(t.cols)
	}
	if ok, err := cholesky(ctx, gram, smallest); err != nil || !ok {
		return nil, false, err
	}
	factor := blas64.Triangular{N: t.cols, Stride: t.cols, Data: gram.Data, Uplo: blas.Lower, Diag: blas.NonUnit}
	blas64.Trsv(blas.NoTrans, factor, vector(right))
	blas64.Trsv(blas.Trans, factor, vector(right))
	w, err = t.coefficients(ctx, right)
	return w, true, err
}

// normalEquations gives T'T (its lower half) and T'y of a tall design T, for the
// transpose just y.
func (t *tall) normalEquations(ctx context.Context) (blas64.Symmetric, []float64, error) {
	gram := blas64.Symmetric{N: t.cols, Stride: t.cols, Data: make([]float64, t.cols*t.cols), Uplo: blas.Lower}
	right := make([]float64, t.cols)
	if t.transposed {
		copy(right, t.y)
	}
	step := t.blockRows()
	block := make([]float64, step*t.cols)
	for from := 0; from < t.rows; from += step {
		if ctx.Err() != nil {
			return gram, nil, ctx.Err()
		}
		to := min(t.rows, from+step)
		t.fill(from, to, block, t.cols)
		b := blas64.General{Rows: to - from, Cols: t.cols, Stride: t.cols, Data: block}
		if !t.transposed {
			blas64.Gemv(blas.Trans, 1, b, vector(t.y[from:to]), 1, vector(right))
		}
		if err := addGram(ctx, b, gram); err != nil {
			return gram, nil, err
		}
	}
	return gram, right, nil
}

// gramRows of a Gram matrix are one task.
const gramRows = 64

// addGram adds b'b to the lower half of gram, each task some of its rows.
func addGram(ctx context.Context, b blas64.General, gram blas64.Symmetric) error {
	return parallel(ctx, (gram.N+gramRows-1)/gramRows, func(task int) {
		from := task * gramRows
		size := min(gramRows, gram.N-from)
		own := blas64.General{Rows: b.Rows, Cols: size, Stride: b.Stride, Data: b.Data[from:]}
		if from > 0 {
			left := blas64.General{Rows: b.Rows, Cols: from, Stride: b.Stride, Data: b.Data}
			blas64.Gemm(blas.Trans, blas.NoTrans, 1, own, left, 1,
				blas64.General{Rows: size, Cols: from, Stride: gram.Stride, Data: gram.Data[from*gram.Stride:]})
		}
		blas64.Syrk(blas.Trans, 1, own, 1, blas64.Symmetric{N: size, Stride: gram.Stride, Data: gram.Data[from*gram.Stride+from:], Uplo: blas.Lower})
	})
}

// cholesky factorizes the lower half of a in place, panel by panel so that it can
// be cancelled. It is not ok where a pivot is not above the smallest that its row may
// have: it is rounding then.
func cholesky(ctx context.Context, a blas64.Symmetric, smallest []float64) (ok bool, err error) {
	const panel = 64
	part := func(row, column, rows, columns int) blas64.General {
		return blas64.General{Rows: rows, Cols: columns, Stride: a.Stride, Data: a.Data[row*a.Stride+column:]}
	}
	for j := 0; j < a.N; j += panel {
		size := min(panel, a.N-j)
		diagonal := blas64.Symmetric{N: size, Stride: a.Stride, Data: a.Data[j*a.Stride+j:], Uplo: blas.Lower}
		if j > 0 {
			blas64.Syrk(blas.NoTrans, -1, part(j, 0, size, j), 1, diagonal)
		}
		factor, positive := lapack64.Potrf(diagonal)
		if !positive {
			return false, nil
		}
		for i := range size {
			if pivot := factor.Data[i*a.Stride+i]; !(pivot*pivot > smallest[j+i]) {
				return false, nil
			}
		}
		for i := j + size; i < a.N; i += 8 * panel {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			rows := min(8*panel, a.N-i)
			if j > 0 {
				blas64.Gemm(blas.NoTrans, blas.Trans, -1, part(i, 0, rows, j), part(j, 0, size, j), 1, part(i, j, rows, size))
			}
			blas64.Trsm(blas.Right, blas.Trans, 1, factor, part(i, j, rows, size))
		}
	}
	return true, ctx.Err()
}
