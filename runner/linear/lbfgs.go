package linear

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

const (
	// flatness is how little, relative to itself, the loss may fall in an iteration
	// for the fit to go on: 64 times the machine's precision, as in scikit-learn.
	flatness = 64 * machineEpsilon
	// patience is how many such iterations there may be in a row where tol asks for
	// more precision than the loss shows: the square of the gradient is then lost in
	// its rounding.
	patience = 20
	// The constants of Wolfe's conditions.
	decrease, curvature = 1e-4, 0.9
)

// fitLBFGS minimizes the loss with an L2 penalty or none.
func (t *classification) fitLBFGS(ctx context.Context, x Matrix, l2 float64, p *LogisticRegression, o *FitOptions) (*solution, error) {
	pass, s, err := t.rowPass(ctx, x, l2)
	if err != nil {
		return nil, err
	}
	penalty := make([]float64, s.cols)
	for j := range penalty {
		penalty[j] = l2 / s.scale[j] / s.scale[j]
	}
	loss := newLogLoss(t, pass, penalty)
	coef, report, err := loss.minimize(ctx, p.MaxIter, p.Tol, o)
	if err != nil {
		return nil, err
	}
	result := &solution{report: report, intercept: make([]float64, t.outputs)}
	copy(result.intercept, loss.intercepts(coef))
	for k := range t.outputs {
		own := make([]float64, s.cols)
		for j := range own {
			own[j] = coef[pass.at(j, k)]
		}
		result.intercept[k] = s.unstandardize(own, result.intercept[k])
		result.coef = append(result.coef, own)
	}
	return result, nil
}

// rowPass copies the design for L-BFGS. A sparse one is scaled, but not centred:
// that would fill it.
func (t *classification) rowPass(ctx context.Context, x Matrix, l2 float64) (rowPass, *standard, error) {
	// A log loss curves by at most a quarter of the variance.
	ridge := 4 * l2
	switch x := x.(type) {
	case *Dense:
		s, err := t.standardize(ctx, x, ridge)
		return &denseRows{standard: s, outputs: t.outputs}, s, err
	case *Sparse:
		s := &standard{rows: x.rows, cols: len(x.columns), mean: make([]float64, len(x.columns)), scale: make([]float64, len(x.columns))}
		if err := perColumn(ctx, s.cols, x.perColumn(), func(j int) {
			s.scale[j] = scaleOf(x.square(j, t.weight) + ridge)
		}); err != nil {
			return nil, nil, err
		}
		if !allFinite(s.scale) {
			return nil, nil, ErrOverflow
		}
		rows, err := x.byRows(ctx, s.scale)
		return &sparseRows{compressedRows: rows, cols: s.cols, outputs: t.outputs}, s, err
	}
	panic("linear: a Matrix is a *Dense or a *Sparse")
}

// minimize runs gonum's L-BFGS from 0.
func (l *logLoss) minimize(ctx context.Context, maxIter int, tol float64, o *FitOptions) ([]float64, Report, error) {
	m := &minimizer{logLoss: l, ctx: ctx, options: o, maxIter: maxIter, tol: tol, iterations: -1, at: make([]float64, l.dim()), grad: make([]float64, l.dim())}
	result, err := optimize.Minimize(optimize.Problem{Func: m.value, Grad: m.gradient, Status: m.status}, make([]float64, l.dim()),
		&optimize.Settings{Converger: m, MajorIterations: maxIter + 1}, // the start counts as one there
		&optimize.LBFGS{Store: 10, Linesearcher: &lineSearch{MoreThuente: optimize.MoreThuente{DecreaseFactor: decrease, CurvatureFactor: curvature}}, GradStopThreshold: math.NaN()})
	if m.err != nil {
		return nil, Report{}, m.err
	}
	if result == nil {
		return nil, Report{}, err
	}
	// What gonum calls an error here is a line search without progress: the loss does
	// not fall any further in float64.
	report := Report{Iterations: m.iterations, Loss: result.F}
	report.Converged = m.done || floats.Norm(result.Gradient, math.Inf(1)) <= tol
	return result.X, report, nil
}

// minimizer is the loss as gonum's optimize wants it: the value and the gradient,
// which come from one pass, asked for one after the other.
type minimizer struct {
	*logLoss
	ctx     context.Context
	options *FitOptions
	maxIter int
	tol     float64

	at, grad []float64 // where the gradient was last computed
	loss     float64
	known    bool
	lost     bool  // the loss is not finite there
	err      error // of ctx or the progress function

	last       float64 // loss of the last iteration
	iterations int
	flat       int  // iterations without a fall in a row
	done       bool // the loss no longer falls
}

func (m *minimizer) pass(x []float64) {
	if m.known && floats.Equal(x, m.at) || m.err != nil {
		return
	}
	copy(m.at, x)
	m.known = true
	if m.loss, m.err = m.evaluate(m.ctx, m.at, m.grad); m.err != nil || finite(m.loss) {
		return
	}
	// At the end of its precision L-BFGS may divide 0 by 0: what it had stands.
	if m.lost = true; m.iterations <= 0 {
		m.err = ErrOverflow
	}
}

func (m *minimizer) value(x []float64) float64 {
	m.pass(x)
	return m.loss
}

func (m *minimizer) gradient(grad, x []float64) {
	m.pass(x)
	copy(grad, m.grad)
}

func (m *minimizer) status() (optimize.Status, error) {
	if m.err != nil || m.lost {
		return optimize.Failure, m.err
	}
	return optimize.NotTerminated, nil
}

// Init makes a minimizer, with Converged, an optimize.Converger.
func (m *minimizer) Init(int) {}

// Converged says so where the gradient is within tol, or the loss no longer falls.
// It is asked at the start and after each iteration, and passes on the progress.
func (m *minimizer) Converged(at *optimize.Location) optimize.Status {
	last, begun := m.last, m.iterations >= 0
	m.last = at.F
	if begun && m.err == nil {
		m.err = m.options.progress(Iteration{Index: m.iterations, Total: m.maxIter, Loss: at.F})
	}
	m.iterations++
	if m.err != nil {
		return optimize.Failure
	}
	if floats.Norm(at.Gradient, math.Inf(1)) <= m.tol {
		return optimize.GradientThreshold
	}
	if !begun || last-at.F > flatness*max(math.Abs(last), math.Abs(at.F), 1) {
		m.flat = 0
		return optimize.NotTerminated
	}
	if m.flat++; m.tol*m.tol >= flatness || m.flat > patience {
		m.done = true
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

// lineSearch is the search of Moré and Thuente, which compares losses. Where these
// differ by their rounding only, it goes by the slopes alone instead, which know
// better: a step is taken under the approximate Wolfe conditions of Hager and Zhang
// (2005), and the next one tried is where the slope would be 0 if it were linear.
type lineSearch struct {
	optimize.MoreThuente
	loss, slope float64 // at the start
	step        float64 // being tried
	bySlope     int     // steps tried by the slopes
}

// maxBySlope bounds the steps tried by the slopes, and how much each one may change.
const maxBySlope, maxChange = 20, 10.0

func (s *lineSearch) Init(loss, slope, step float64) optimize.Operation {
	s.loss, s.slope, s.step, s.bySlope = loss, slope, step, 0
	return s.MoreThuente.Init(loss, slope, step)
}

func (s *lineSearch) Iterate(loss, slope float64) (optimize.Operation, float64, error) {
	if s.bySlope == 0 && !(math.Abs(loss-s.loss) <= flatness*math.Abs(s.loss)) {
		op, step, err := s.MoreThuente.Iterate(loss, slope)
		s.step = step
		return op, step, err
	}
	if slope >= curvature*s.slope && slope <= (2*decrease-1)*s.slope {
		return optimize.MajorIteration, s.step, nil
	}
	if s.bySlope++; s.bySlope > maxBySlope {
		return optimize.NoOperation, s.step, optimize.ErrLinesearcherFailure
	}
	change := maxChange // where the slope has not risen
	if slope > s.slope {
		change = max(1/maxChange, min(maxChange, s.slope/(s.slope-slope)))
	}
	s.step *= change
	return optimize.FuncEvaluation | optimize.GradEvaluation, s.step, nil
}
