package linear

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

const (
	machineEpsilon = 0x1p-52
	maxSweeps      = 60
)

var errNoSingularValues = errors.New("linear: the singular values of the design were not found in 60 sweeps")

// orthogonalize rotates the rows of r until they are orthogonal, and its target
// along with them: with R = U S V', the rows of U'R are those of V' times the
// singular values, which it returns. This is Jacobi's one-sided method (Hestenes,
// 1958; Demmel and Veselić, 1992): accurate for small singular values too, and,
// unlike LAPACK's dgesvd, it stops when ctx is done.
func (r *triangle) orthogonalize(ctx context.Context) ([]float64, error) {
	square, total := make([]float64, r.n), 0.0
	for i := range square {
		total += dot(r.row(i), r.row(i))
	}
	negligible := total * machineEpsilon * machineEpsilon
	for range maxSweeps {
		for i := range square {
			square[i] = dot(r.row(i), r.row(i))
		}
		rotated := false
		for p := range r.n {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			for q := p + 1; q < r.n; q++ {
				if square[p] <= negligible || square[q] <= negligible {
					continue
				}
				product := dot(r.row(p), r.row(q))
				if math.Abs(product) <= 10*machineEpsilon*math.Sqrt(square[p])*math.Sqrt(square[q]) {
					continue
				}
				rotated = true
				zeta := (square[q] - square[p]) / (2 * product)
				tangent := math.Copysign(1/(math.Abs(zeta)+math.Hypot(1, zeta)), zeta)
				cosine := 1 / math.Hypot(1, tangent)
				// Over the whole stride: the target is rotated with its row.
				blas64.Rot(vector(r.data[p*r.stride:][:r.stride]), vector(r.data[q*r.stride:][:r.stride]), cosine, -cosine*tangent)
				square[p] -= tangent * product
				square[q] += tangent * product
			}
		}
		if !rotated {
			values := make([]float64, r.n)
			for i := range values {
				values[i] = math.Sqrt(dot(r.row(i), r.row(i)))
			}
			return values, nil
		}
	}
	return nil, errNoSingularValues
}
