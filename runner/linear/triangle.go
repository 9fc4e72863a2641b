package linear

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"
)

const (
	// panelColumns are reduced at a time, trailingColumns follow at a time.
	panelColumns    = 32
	trailingColumns = 512
)

// triangle is the triangular factor R of a tall design's QR factorization, n × n,
// and, where the target runs along as a last column, Q'y.
type triangle struct {
	n, stride int
	data      []float64
}

func (r *triangle) row(i int) []float64 { return r.data[i*r.stride:][:r.n] }

// target is element i of Q'y.
func (r *triangle) target(i int) float64 { return r.data[i*r.stride+r.n] }

// triangle factorizes the design block by block: the triangle so far and the next
// block, one above the other, have the same R as all rows up to there. It holds
// one block, not the design.
func (t *tall) triangle(ctx context.Context) (*triangle, error) {
	width := t.cols
	if !t.transposed {
		width++ // the target
	}
	block := max(t.blockRows(), min(width, t.rows))
	rows := width + block
	q := newHouseholder(rows, width)
	for from := 0; from < t.rows; from += block {
		to := min(t.rows, from+block)
		below := q.clearBelow()
		t.fill(from, to, below, width)
		if !t.transposed {
			for i := from; i < to; i++ {
				below[(i-from)*width+t.cols] = t.y[i]
			}
		}
		if err := q.reduce(ctx); err != nil {
			return nil, err
		}
	}
	q.clearBelow()
	return &triangle{n: t.cols, stride: width, data: q.a}, nil
}

// householder reduces a matrix of rows × width to triangular form in place.
type householder struct {
	lapack           lapackgonum.Implementation
	rows, width      int
	a, tau, t, space []float64
}

func newHouseholder(rows, width int) *householder {
	return &householder{rows: rows, width: width, a: make([]float64, rows*width), tau: make([]float64, width),
		t: make([]float64, panelColumns*panelColumns), space: make([]float64, max(width, trailingColumns*panelColumns))}
}

// clearBelow sets all below the triangle to zero and gives the rows after the
// first width ones.
func (q *householder) clearBelow() []float64 {
	for i := range q.rows {
		clear(q.a[i*q.width:][:min(i, q.width)])
	}
	return q.a[q.width*q.width:]
}

// reduce is LAPACK's dgeqrf, which cannot be cancelled, from its parts.
func (q *householder) reduce(ctx context.Context) error {
	for j := 0; j < q.width; j += panelColumns {
		panel := min(panelColumns, q.width-j)
		v, tau := q.a[j*q.width+j:], q.tau[j:j+panel]
		q.lapack.Dgeqr2(q.rows-j, panel, v, q.width, tau, q.space)
		q.lapack.Dlarft(lapack.Forward, lapack.ColumnWise, q.rows-j, panel, v, q.width, tau, q.t, panelColumns)
		for c := j + panel; c < q.width; c += trailingColumns {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			q.lapack.Dlarfb(blas.Left, blas.Trans, lapack.Forward, lapack.ColumnWise, q.rows-j, min(trailingColumns, q.width-c), panel,
				v, q.width, q.t, panelColumns, q.a[j*q.width+c:], q.width, q.space, panelColumns)
		}
	}
	return ctx.Err()
}

func (r *triangle) triangular(n int) blas64.Triangular {
	return blas64.Triangular{N: n, Stride: r.stride, Data: r.data, Uplo: blas.Upper, Diag: blas.NonUnit}
}

// conditionBound is a lower bound of the smallest singular value divided by the
// largest: one over the product of the Frobenius norms of R and its inverse.
func (r *triangle) conditionBound(ctx context.Context) (float64, error) {
	const batch = 32
	size, inverse := 0.0, 0.0
	for i := range r.n {
		if r.row(i)[i] == 0 {
			return 0, nil
		}
		size += dot(r.row(i), r.row(i))
	}
	columns := make([]float64, r.n*batch)
	for from := 0; from < r.n; from += batch {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		to := min(r.n, from+batch)
		clear(columns)
		for j := from; j < to; j++ {
			columns[j*batch+j-from] = 1
		}
		used := columns[:to*batch]
		blas64.Trsm(blas.Left, blas.NoTrans, 1, r.triangular(to), blas64.General{Rows: to, Cols: batch, Stride: batch, Data: used})
		inverse += dot(used, used)
	}
	bound := 1 / math.Sqrt(size) / math.Sqrt(inverse)
	if math.IsNaN(bound) {
		return 0, nil
	}
	return bound, nil
}
