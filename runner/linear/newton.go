package linear

import (
	"context"
	"math"
	"slices"
)

// newton minimizes the mean log loss plus an L1 and an L2 penalty. For one output
// after the other it builds the quadratic model of the loss at the current
// coefficients, minimizes the model plus the penalties by coordinate descent over
// the columns that have a coefficient or should get one, and goes along the
// direction as far as the objective falls (Friedman, Hastie and Tibshirani, 2010;
// Yuan, Ho and Lin, "An Improved GLMNET for L1-regularized Logistic Regression",
// 2012).
//
// The other outputs being fixed, the multinomial loss of an output is the binary
// one of the margin above the log of the sum of the others' exponentials.
type newton struct {
	*classification
	x          columnSource
	rows, cols int
	l1, l2     []float64 // of each column
	unit       []float64 // the spread of each column, in which slopes by it are measured
	tol        float64

	coef      [][]float64 // outputs × columns
	intercept []float64
	margin    [][]float64 // outputs × rows

	above         []float64 // margin of the current output above the others
	slope         []float64 // derivative of the loss by the margin of each row
	curve         []float64 // second derivative
	step          []float64 // what the direction adds to the margin of each row
	grad          []float64 // of the smooth part, of each column
	interceptGrad float64
	hessian       []float64 // its diagonal, of each active column
	moved         []float64 // coefficients at the end of the direction
	active        []int
	partLoss      []float64 // of each task of rows
}

// fitNewton fits with an L1 penalty. A dense design is standardized. A sparse one is
// used as it is: coordinate descent does not mind the scale of a column, only the
// tolerance does.
func (t *classification) fitNewton(ctx context.Context, x Matrix, l1, l2 float64, p *LogisticRegression, o *FitOptions) (*solution, error) {
	cols, rows := len(x.Names()), x.Rows()
	n := &newton{classification: t, x: x, rows: rows, cols: cols, tol: p.Tol, l1: slices.Repeat([]float64{l1}, cols), l2: slices.Repeat([]float64{l2}, cols), unit: make([]float64, cols)}
	var s *standard
	if dense, ok := x.(*Dense); ok {
		var err error
		if s, err = t.standardize(ctx, dense, 0); err != nil {
			return nil, err
		}
		n.x = s
		for j, scale := range s.scale {
			n.l1[j], n.l2[j], n.unit[j] = l1/scale, l2/scale/scale, 1
		}
	} else if err := perColumn(ctx, cols, x.perColumn(), func(j int) {
		n.unit[j] = scaleOf(x.square(j, t.weight))
	}); err != nil {
		return nil, err
	}
	report, err := n.run(ctx, p.MaxIter, o)
	if err != nil {
		return nil, err
	}
	if s != nil {
		for k := range n.coef {
			n.intercept[k] = s.unstandardize(n.coef[k], n.intercept[k])
		}
	}
	return &solution{coef: n.coef, intercept: n.intercept, report: report}, nil
}

func (s *standard) perColumn() int { return s.rows }

func (s *standard) add(j int, a float64, from int, out []float64) {
	axpy(a, s.column(j)[from:from+len(out)], out)
}
func (s *standard) dot(j int, v []float64) float64              { return dot(s.column(j), v) }
func (s *standard) square(j int, h []float64) float64           { return weightedSquare(s.column(j), h) }
func (s *standard) addBoth(j int, a float64, h, x, g []float64) { addBoth(s.column(j), a, h, x, g) }

func (n *newton) allocate() {
	n.intercept = make([]float64, n.outputs)
	for range n.outputs {
		n.coef = append(n.coef, make([]float64, n.cols))
		n.margin = append(n.margin, make([]float64, n.rows))
	}
	for _, v := range []*[]float64{&n.above, &n.slope, &n.curve, &n.step} {
		*v = make([]float64, n.rows)
	}
	for _, v := range []*[]float64{&n.grad, &n.hessian, &n.moved} {
		*v = make([]float64, n.cols)
	}
	n.partLoss = make([]float64, rowTasks(n.rows))
}

// run goes over all outputs until none has a subgradient above tol.
func (n *newton) run(ctx context.Context, maxIter int, o *FitOptions) (Report, error) {
	n.allocate()
	var report Report
	for {
		worst, stuck := 0.0, true
		for k := range n.outputs {
			violation, progress, err := n.improve(ctx, k, report.Iterations == maxIter)
			if err != nil {
				return report, err
			}
			worst, stuck = max(worst, violation), stuck && !progress
		}
		report.Converged = worst <= n.tol
		if !report.Converged && n.outputs > 1 {
			n.shift()
		}
		loss, err := n.objective(ctx)
		if err != nil {
			return report, err
		}
		report.Loss = loss
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return report, ErrOverflow
		}
		if report.Converged || stuck {
			return report, nil
		}
		if err := o.progress(Iteration{Index: report.Iterations, Total: maxIter, Loss: loss}); err != nil {
			return report, err
		}
		report.Iterations++
	}
}

// shift moves the coefficients of each column for all outputs by the amount that the
// penalties like best. The loss, to which only differences between outputs matter,
// does not change, nor do the margins, up to a number for each row. Steps of one
// output at a time would take very long to get there.
func (n *newton) shift() {
	own := make([]float64, n.outputs)
	for j := range n.cols {
		for k := range own {
			own[k] = n.coef[k][j]
		}
		slices.Sort(own)
		if by := bestShift(own, n.l1[j], n.l2[j]); by != 0 {
			for k := range n.coef {
				n.coef[k][j] -= by
			}
		}
	}
}

// bestShift is the v of smallest l1 Σ|w-v| + l2/2 Σ(w-v)², for w in rising order: the
// median for l2 = 0, the mean for l1 = 0, else between the two. Of several the one
// nearest to 0.
func bestShift(w []float64, l1, l2 float64) float64 {
	n := len(w)
	if l2 == 0 {
		return max(w[(n-1)/2], min(w[n/2], 0))
	}
	mean := total(w) / float64(n)
	for below := 0; ; below++ { // how many are below v
		v := mean - l1*float64(2*below-n)/(float64(n)*l2)
		if below == n || v <= w[below] {
			if below > 0 {
				v = max(v, w[below-1])
			}
			return v
		}
	}
}

// improve takes one Newton step for output k, unless it is within tol already or
// only to be looked at. violation is its largest subgradient before the step.
func (n *newton) improve(ctx context.Context, k int, onlyLook bool) (violation float64, progress bool, err error) {
	start, err := n.derivatives(ctx, k)
	if err != nil {
		return 0, false, err
	}
	if violation, err = n.look(ctx, k); err != nil || violation <= n.tol || onlyLook {
		return violation, false, err
	}
	intercept, err := n.descend(ctx, k, violation)
	if err != nil {
		return violation, false, err
	}
	progress, err = n.search(ctx, k, start, intercept)
	return violation, progress, err
}

// derivatives computes above, slope and curve for output k, and gives the loss.
func (n *newton) derivatives(ctx context.Context, k int) (float64, error) {
	err := perRows(ctx, n.rows, func(task, from, to int) {
		loss := 0.0
		for i := from; i < to; i++ {
			n.above[i] = n.margin[k][i] - n.others(i, k)
			p, softplus := logistic(n.above[i])
			loss += n.weight[i] * softplus
			n.slope[i] = n.weight[i] * p
			if n.is(i, k) {
				loss -= n.weight[i] * n.above[i]
				n.slope[i] = n.weight[i] * (p - 1)
			}
			// Not 0 where the model is sure: the quadratic model has a minimum then.
			n.curve[i] = n.weight[i] * max(p*(1-p), 1e-10)
		}
		n.partLoss[task] = loss
	})
	return total(n.partLoss), err
}

// is tells whether row i belongs to output k.
func (n *newton) is(i, k int) bool {
	if n.outputs == 1 {
		return n.label[i] == 1
	}
	return int(n.label[i]) == k
}

// others is the log of the sum of the exponentials of the margins but the k-th.
func (n *newton) others(i, k int) float64 {
	if n.outputs == 1 {
		return 0
	}
	largest, sum := math.Inf(-1), 0.0
	for other := range n.margin {
		if other != k {
			largest = max(largest, n.margin[other][i])
		}
	}
	for other := range n.margin {
		if other != k {
			sum += math.Exp(n.margin[other][i] - largest)
		}
	}
	return largest + math.Log(sum)
}

// look computes the gradient and the active columns of output k, and gives the
// largest element of the subgradient that is nearest to zero.
func (n *newton) look(ctx context.Context, k int) (float64, error) {
	coef := n.coef[k]
	if err := perColumn(ctx, n.cols, n.x.perColumn(), func(j int) {
		n.grad[j] = n.x.dot(j, n.slope) + n.l2[j]*coef[j]
	}); err != nil {
		return 0, err
	}
	violation := 0.0
	if n.center {
		n.interceptGrad = total(n.slope)
		violation = math.Abs(n.interceptGrad)
	}
	n.active = n.active[:0]
	for j, g := range n.grad {
		own := max(math.Abs(g)-n.l1[j], 0)
		if coef[j] != 0 {
			own = math.Abs(g + math.Copysign(n.l1[j], coef[j]))
		}
		if coef[j] != 0 || own > 0 {
			n.active = append(n.active, j)
		}
		violation = max(violation, own/n.unit[j])
	}
	if violation <= n.tol {
		return violation, nil
	}
	return violation, perColumn(ctx, len(n.active), n.x.perColumn(), func(at int) {
		j := n.active[at]
		n.hessian[j] = n.x.square(j, n.curve) + n.l2[j]
	})
}

const (
	// maxModelSweeps bounds the coordinate descent within a quadratic model.
	maxModelSweeps = 200
	// maxHalvings bounds how far a step is shortened.
	maxHalvings = 40
)

// descend minimizes the quadratic model, and leaves the coefficients in moved and
// what they add to the margins in step. It stops where no coordinate's slope is
// above a share of the violation that shrinks with it: so the steps become exact.
func (n *newton) descend(ctx context.Context, k int, violation float64) (intercept float64, err error) {
	enough := violation * min(0.1, violation)
	clear(n.step)
	copy(n.moved, n.coef[k])
	model := n.slope // and so on, as the step grows
	curvature := total(n.curve)
	rest := 0 // values until the next look at ctx
	for range maxModelSweeps {
		largest := 0.0
		if n.center {
			change := -total(model) / curvature
			for i, h := range n.curve {
				n.step[i] += change
				model[i] += h * change
			}
			intercept += change
			largest = math.Abs(change) * curvature
		}
		for _, j := range n.active {
			if rest -= n.x.perColumn() + 1; rest < 0 {
				if ctx.Err() != nil {
					return 0, ctx.Err()
				}
				rest = taskValues
			}
			if n.hessian[j] == 0 {
				continue
			}
			g := n.x.dot(j, model) + n.l2[j]*n.moved[j]
			now := softThreshold(n.hessian[j]*n.moved[j]-g, n.l1[j]) / n.hessian[j]
			if change := now - n.moved[j]; change != 0 {
				n.x.addBoth(j, change, n.curve, n.step, model)
				n.moved[j] = now
				largest = max(largest, math.Abs(change)*n.hessian[j]/n.unit[j])
			}
		}
		if largest <= enough {
			break
		}
	}
	return intercept, nil
}

// search goes along the direction as far as Armijo's rule allows. start is the loss
// before.
func (n *newton) search(ctx context.Context, k int, start, intercept float64) (bool, error) {
	coef := n.coef[k]
	penalty := func(t float64) float64 {
		sum := 0.0
		for _, j := range n.active {
			w := coef[j] + t*(n.moved[j]-coef[j])
			sum += n.l1[j]*math.Abs(w) + n.l2[j]*w*w/2
		}
		return sum
	}
	before := start + penalty(0)
	promised := n.promise(coef, intercept)
	for t, halvings := 1.0, 0; halvings < maxHalvings; t, halvings = t/2, halvings+1 {
		loss, err := n.along(ctx, k, t)
		if err != nil {
			return false, err
		}
		// The last term is the rounding of the two sides.
		if !(loss+penalty(t) <= before+0.01*t*promised+flatness*math.Abs(before)) {
			continue
		}
		for _, j := range n.active {
			if t == 1 {
				coef[j] = n.moved[j] // exact zeros stay exact
			} else {
				coef[j] += t * (n.moved[j] - coef[j])
			}
		}
		n.intercept[k] += t * intercept
		axpy(t, n.step, n.margin[k])
		return true, nil
	}
	return false, nil
}

// promise is how much the objective falls along the direction to first order.
func (n *newton) promise(coef []float64, intercept float64) float64 {
	sum := 0.0
	for _, j := range n.active {
		change := n.moved[j] - coef[j]
		sum += n.grad[j]*change + n.l1[j]*(math.Abs(n.moved[j])-math.Abs(coef[j]))
	}
	return sum + intercept*n.interceptGrad
}

// along is the loss of output k after t times the step.
func (n *newton) along(ctx context.Context, k int, t float64) (float64, error) {
	err := perRows(ctx, n.rows, func(task, from, to int) {
		loss := 0.0
		for i := from; i < to; i++ {
			m := n.above[i] + t*n.step[i]
			_, softplus := logistic(m)
			if n.is(i, k) {
				softplus -= m
			}
			loss += n.weight[i] * softplus
		}
		n.partLoss[task] = loss
	})
	return total(n.partLoss), err
}

// objective is the mean loss of all outputs plus the penalties.
func (n *newton) objective(ctx context.Context) (float64, error) {
	err := perRows(ctx, n.rows, func(task, from, to int) {
		loss := 0.0
		for i := from; i < to; i++ {
			k := int(n.label[i])
			if n.outputs == 1 {
				k = 0
			}
			m := n.margin[k][i] - n.others(i, k)
			_, softplus := logistic(m)
			if n.is(i, k) {
				softplus -= m
			}
			loss += n.weight[i] * softplus
		}
		n.partLoss[task] = loss
	})
	sum := total(n.partLoss)
	for _, coef := range n.coef {
		for j, w := range coef {
			sum += n.l1[j]*math.Abs(w) + n.l2[j]*w*w/2
		}
	}
	return sum, err
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}
