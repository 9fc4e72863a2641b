package neural

import (
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

const (
	// tileRows is how many rows go through the network together.
	tileRows = 64
	// tileColumns is how many columns of a product are made at once. A product of at
	// most 64 × 192 is made by gonum without goroutines: the goroutines here take
	// whole tiles of rows. It also bounds the time until a cancellation is seen.
	tileColumns = 192
)

// engine is gonum's own BLAS, whatever else a program may have registered: an
// element of A·B, and of A·Bᵀ in a tile, is summed in an order that A's columns alone
// decide, for any number of rows.
var engine gonum.Implementation

// multiply sets C (m × n) to A·B + beta·C in tiles; a transposed operand is given
// as it lies in memory. After a stop C is not to be used.
func multiply(stopped *atomic.Bool, tA, tB blas.Transpose, m, n, k int, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	for i := 0; i < m; i += tileRows {
		rows := min(tileRows, m-i)
		left := from(a, lda, i, tA == blas.NoTrans)
		for j := 0; j < n; j += tileColumns {
			if stopped.Load() {
				return
			}
			columns := min(tileColumns, n-j)
			right := from(b, ldb, j, tB == blas.Trans)
			engine.Dgemm(tA, tB, rows, columns, k, 1, left, lda, right, ldb, beta, c[i*ldc+j:], ldc)
		}
	}
}

// from is an operand's memory from its row, or column, i on.
func from(m []float64, stride, i int, row bool) []float64 {
	if row {
		return m[i*stride:]
	}
	return m[i:]
}

// The three products of a layer. Weights of a single output are a row as well as a
// column: taken as a row they make for long sums instead of many short ones.

// addWeighted adds x (rows × in) times w (in × out) to z (rows × out).
func addWeighted(stopped *atomic.Bool, x, w, z []float64, rows, in, out int) {
	if out == 1 {
		multiply(stopped, blas.NoTrans, blas.Trans, rows, 1, in, x, in, w, in, 1, z, 1)
		return
	}
	multiply(stopped, blas.NoTrans, blas.NoTrans, rows, out, in, x, in, w, out, 1, z, out)
}

// addGradient adds xᵀ·delta to the gradient of w (in × out).
func addGradient(stopped *atomic.Bool, x, delta, grad []float64, rows, in, out int) {
	if out == 1 {
		multiply(stopped, blas.Trans, blas.NoTrans, 1, in, rows, delta, 1, x, in, 1, grad, in)
		return
	}
	multiply(stopped, blas.Trans, blas.NoTrans, in, out, rows, x, in, delta, out, 1, grad, out)
}

// setBack sets back (rows × in) to delta (rows × out) times wᵀ.
func setBack(stopped *atomic.Bool, delta, w, back []float64, rows, in, out int) {
	if out == 1 {
		multiply(stopped, blas.NoTrans, blas.NoTrans, rows, in, 1, delta, 1, w, in, 0, back, in)
		return
	}
	multiply(stopped, blas.NoTrans, blas.Trans, rows, in, out, delta, out, w, out, 0, back, in)
}
