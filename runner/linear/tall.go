package linear

import (
	"context"
	"math"
)

// tall is the centred and weighted design of a regression, or its transpose:
// whichever has at least as many rows as columns. The rows come in blocks, so
// that no copy of the design is held.
type tall struct {
	*regression
	transposed bool
	rows, cols int
	// level is the value of an extra row of the transpose. A centred design has no
	// part along the square roots of the weights, and nor has the target: the extra
	// row adds that direction, so that the columns are independent.
	level []float64
}

func (r *regression) tall() *tall {
	t := &tall{regression: r, rows: r.rows, cols: len(r.x.columns)}
	if t.rows >= t.cols {
		return t
	}
	t.transposed, t.rows, t.cols = true, t.cols, t.rows
	if r.center {
		t.rows++
		t.level = make([]float64, t.cols)
		size := 0.0
		row := make([]float64, t.cols)
		for j := range r.x.columns {
			t.column(j, row)
			size += dot(row, row)
		}
		scale := math.Sqrt(size / float64(t.cols) / r.sum)
		for i := range t.level {
			t.level[i] = scale * r.rootOf(i)
		}
	}
	return t
}

// column writes column j of the centred and weighted design to out.
func (r *regression) column(j int, out []float64) {
	mean := r.mean[j]
	for i, v := range r.x.columns[j] {
		out[i] = (v - mean) * r.rootOf(i)
	}
}

// fill writes the rows from … to-1 to block, whose rows are stride apart.
func (t *tall) fill(from, to int, block []float64, stride int) {
	if !t.transposed {
		for j, column := range t.x.columns {
			mean := t.mean[j]
			for i := from; i < to; i++ {
				block[(i-from)*stride+j] = (column[i] - mean) * t.rootOf(i)
			}
		}
		return
	}
	for j := from; j < to; j++ {
		out := block[(j-from)*stride:][:t.cols]
		if j == len(t.x.columns) {
			copy(out, t.level)
			continue
		}
		t.column(j, out)
	}
}

// blockRows is how many rows a block has: enough for the BLAS, few enough to stop
// between two blocks soon.
func (t *tall) blockRows() int { return min(t.rows, max(64, min(1024, 1<<20/t.cols))) }

// coefficients is what the solution in the coordinates of the tall design's
// columns means for the design's columns.
func (t *tall) coefficients(ctx context.Context, u []float64) ([]float64, error) {
	if !t.transposed {
		return u, nil
	}
	weighted := make([]float64, len(u))
	for i, v := range u {
		weighted[i] = v * t.rootOf(i)
	}
	w := make([]float64, len(t.x.columns))
	err := perColumn(ctx, len(w), t.cols, func(j int) {
		mean := t.mean[j]
		for i, v := range t.x.columns[j] {
			w[j] += (v - mean) * weighted[i]
		}
	})
	return w, err
}
