package linear

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// rowPass is a design that is passed block of rows by block of rows: each block is
// read for its margins and, still in the processor's cache, for the gradient.
// Coefficients and gradients are flat, in an order of the design's own.
type rowPass interface {
	size() (rows, cols int)
	// blockRows is how many rows a block has.
	blockRows() int
	// stored is how many values the design holds.
	stored() int
	// at is where the coefficient of column j for output k is.
	at(j, k int) int
	// strides are the distances between two rows and two outputs of margins.
	strides(block int) (row, output int)
	// margins adds the rows from … to-1 times the coefficients to out.
	margins(from, to int, coef, out []float64)
	// gradient adds the transpose of these rows times the residuals to grad.
	gradient(from, to int, residual, grad []float64)
}

// denseRows: the coefficients of an output are next to each other, and so are the
// margins of an output.
type denseRows struct {
	*standard
	outputs int
}

func (d *denseRows) size() (rows, cols int)       { return d.rows, d.cols }
func (d *denseRows) blockRows() int               { return max(64, min(4096, 1<<15/d.cols)) }
func (d *denseRows) stored() int                  { return len(d.data) }
func (d *denseRows) at(j, k int) int              { return k*d.cols + j }
func (d *denseRows) strides(block int) (int, int) { return 1, block }

// block is the transpose of the rows from … to-1.
func (d *denseRows) block(from, to int) blas64.General {
	return blas64.General{Rows: d.cols, Cols: to - from, Stride: d.rows, Data: d.data[from:]}
}

func (d *denseRows) margins(from, to int, coef, out []float64) {
	for k := range d.outputs {
		blas64.Gemv(blas.Trans, 1, d.block(from, to), vector(coef[k*d.cols:][:d.cols]), 1, vector(out[k*(to-from):][:to-from]))
	}
}

func (d *denseRows) gradient(from, to int, residual, grad []float64) {
	for k := range d.outputs {
		blas64.Gemv(blas.NoTrans, 1, d.block(from, to), vector(residual[k*(to-from):][:to-from]), 1, vector(grad[k*d.cols:][:d.cols]))
	}
}

// sparseRows: the coefficients of a column for all outputs are next to each other,
// and so are the margins of a row.
type sparseRows struct {
	*compressedRows
	cols, outputs int
}

func (s *sparseRows) size() (rows, cols int) { return len(s.start) - 1, s.cols }
func (s *sparseRows) blockRows() int         { return 256 }
func (s *sparseRows) stored() int            { return len(s.value) }
func (s *sparseRows) at(j, k int) int        { return j*s.outputs + k }
func (s *sparseRows) strides(int) (int, int) { return s.outputs, 1 }

func (s *sparseRows) margins(from, to int, coef, out []float64) {
	if s.outputs == 1 {
		for i := from; i < to; i++ {
			sum := 0.0
			for at := s.start[i]; at < s.start[i+1]; at++ {
				sum += s.value[at] * coef[s.column[at]]
			}
			out[i-from] += sum
		}
		return
	}
	for i := from; i < to; i++ {
		own := out[(i-from)*s.outputs:][:s.outputs]
		for at := s.start[i]; at < s.start[i+1]; at++ {
			v, c := s.value[at], coef[int(s.column[at])*s.outputs:][:len(own)]
			for k := range own {
				own[k] += v * c[k]
			}
		}
	}
}

func (s *sparseRows) gradient(from, to int, residual, grad []float64) {
	if s.outputs == 1 {
		for i := from; i < to; i++ {
			r := residual[i-from]
			for at := s.start[i]; at < s.start[i+1]; at++ {
				grad[s.column[at]] += s.value[at] * r
			}
		}
		return
	}
	for i := from; i < to; i++ {
		own := residual[(i-from)*s.outputs:][:s.outputs]
		for at := s.start[i]; at < s.start[i+1]; at++ {
			v, sums := s.value[at], grad[int(s.column[at])*s.outputs:][:len(own)]
			for k, r := range own {
				sums[k] += v * r
			}
		}
	}
}

// maxLanes is how many parts the rows are cut into, at most. Each has a gradient of
// its own; these are added in order, so that the sum does not depend on how many
// goroutines there are.
const maxLanes = 16

// logLoss is the mean log loss of a design plus an L2 penalty, and its gradient.
// After the coefficients follow the intercepts, where there are any.
type logLoss struct {
	*classification
	x       rowPass
	penalty []float64 // of the square of the coefficients of each column
	lanes   []lane
}

type lane struct {
	from, to int
	loss     float64
	grad     []float64
	margin   []float64
}

func newLogLoss(t *classification, x rowPass, penalty []float64) *logLoss {
	l := &logLoss{classification: t, x: x, penalty: penalty}
	rows, cols := x.size()
	// All lanes' gradients together take no more room than the design.
	blocks := (rows + x.blockRows() - 1) / x.blockRows()
	count := max(1, min(maxLanes, blocks, x.stored()/(cols*t.outputs)))
	each := (blocks + count - 1) / count * x.blockRows()
	for from := 0; from < rows; from += each {
		l.lanes = append(l.lanes, lane{from: from, to: min(rows, from+each), grad: make([]float64, l.dim()), margin: make([]float64, x.blockRows()*t.outputs)})
	}
	return l
}

// dim is the number of coefficients and intercepts.
func (l *logLoss) dim() int {
	_, cols := l.x.size()
	if l.center {
		cols++
	}
	return cols * l.outputs
}

func (l *logLoss) intercepts(coef []float64) []float64 {
	if !l.center {
		return nil
	}
	return coef[len(coef)-l.outputs:]
}

// evaluate gives the loss at coef and writes its gradient.
func (l *logLoss) evaluate(ctx context.Context, coef, grad []float64) (float64, error) {
	if err := parallel(ctx, len(l.lanes), func(i int) { l.lanes[i].run(ctx, l, coef) }); err != nil {
		return 0, err
	}
	clear(grad)
	loss := 0.0
	for i := range l.lanes {
		loss += l.lanes[i].loss
		axpy(1, l.lanes[i].grad, grad)
	}
	for j, penalty := range l.penalty {
		for k := range l.outputs {
			at := l.x.at(j, k)
			loss += penalty * coef[at] * coef[at] / 2
			grad[at] += penalty * coef[at]
		}
	}
	return loss, nil
}

func (a *lane) run(ctx context.Context, l *logLoss, coef []float64) {
	a.loss = 0
	clear(a.grad)
	for from := a.from; from < a.to && ctx.Err() == nil; from += l.x.blockRows() {
		to := min(a.to, from+l.x.blockRows())
		margin := a.margin[:(to-from)*l.outputs]
		row, output := l.x.strides(to - from)
		clear(margin)
		for k, v := range l.intercepts(coef) {
			for i := range to - from {
				margin[i*row+k*output] = v
			}
		}
		l.x.margins(from, to, coef, margin)
		if l.outputs == 1 {
			a.loss += l.binary(from, to, margin)
		} else {
			a.loss += l.multinomial(from, to, margin, row, output)
		}
		l.x.gradient(from, to, margin, a.grad)
		for k := range l.intercepts(coef) {
			at := len(a.grad) - l.outputs + k
			for i := range to - from {
				a.grad[at] += margin[i*row+k*output]
			}
		}
	}
}

// binary gives the loss of the rows from … to-1 and turns their margins into its
// derivatives.
func (l *classification) binary(from, to int, margin []float64) float64 {
	loss := 0.0
	for i := from; i < to; i++ {
		m := margin[i-from]
		p, entropy := logistic(m)
		if l.label[i] == 1 {
			loss += l.weight[i] * (entropy - m)
			p--
		} else {
			loss += l.weight[i] * entropy
		}
		margin[i-from] = l.weight[i] * p
	}
	return loss
}

// logistic is 1/(1+e^-m), and log(1+e^m), neither of which overflows.
func logistic(m float64) (p, softplus float64) {
	e := math.Exp(-math.Abs(m))
	if m > 0 {
		return 1 / (1 + e), m + math.Log1p(e)
	}
	return e / (1 + e), math.Log1p(e)
}

func (l *classification) multinomial(from, to int, margin []float64, row, output int) float64 {
	loss := 0.0
	for i := from; i < to; i++ {
		own := margin[(i-from)*row:]
		label := int(l.label[i])
		largest, own1 := math.Inf(-1), own[label*output]
		for k := range l.outputs {
			largest = max(largest, own[k*output])
		}
		sum := 0.0
		for k := range l.outputs {
			e := math.Exp(own[k*output] - largest)
			own[k*output] = e
			sum += e
		}
		loss += l.weight[i] * (largest - own1 + math.Log(sum))
		for k := range l.outputs {
			own[k*output] *= l.weight[i] / sum
		}
		own[label*output] -= l.weight[i]
	}
	return loss
}
