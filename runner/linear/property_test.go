package linear

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// problem is a random one: some columns of very different scale and offset, some
// dependent, some constant.
type problem struct {
	set
	intercept bool
	weight    []float64
}

func drawProblem(t *rapid.T) problem {
	seed, rows, cols := rapid.IntRange(0, 1<<30).Draw(t, "seed"), rapid.IntRange(5, 60).Draw(t, "rows"), rapid.IntRange(3, 12).Draw(t, "columns")
	x := bellColumns(seed, rows, cols)
	p := problem{set: set{columns: x, score: noisySignal(seed, x)}, intercept: rapid.Bool().Draw(t, "intercept")}
	if rapid.Bool().Draw(t, "dependent") {
		x = append(x, make([]float64, rows), make([]float64, rows))
		for i := range rows {
			x[cols][i], x[cols+1][i] = x[0][i]-x[1][i], 0.7
		}
		p.columns = x
	}
	if rapid.Bool().Draw(t, "moved") {
		for i := range x[1] {
			x[1][i] = 30*x[1][i] + 20
		}
	}
	if rapid.Bool().Draw(t, "weights") {
		p.weight = p.weights(seed)
		p.weight[0], p.weight[rows-1] = 1, 2 // not all 0
	}
	return p
}

func (p *problem) weightOf(i int) float64 {
	if p.weight == nil {
		return 1
	}
	return p.weight[i]
}

// slopes are the sums of weight times residual times column, and, last, of weight
// times residual, and their scale: the same sums of absolute values, of the terms of
// the margins as well.
func (p *problem) slopes(residual, coef []float64) (slope, scale []float64) {
	slope, scale = make([]float64, len(p.columns)+1), make([]float64, len(p.columns)+1)
	for i, r := range residual {
		size := 1 + math.Abs(r)
		for j, column := range p.columns {
			size += math.Abs(coef[j] * column[i])
		}
		r, size = p.weightOf(i)*r, p.weightOf(i)*size
		for j, column := range p.columns {
			slope[j] += r * column[i]
			scale[j] += size * math.Abs(column[i])
		}
		slope[len(p.columns)] += r
		scale[len(p.columns)] += size
	}
	return slope, scale
}

// checkOptimal is the theorem that every fit of this package is measured by: at the
// minimum, the slope of the loss by each coefficient is opposite to that of the
// penalty, or, where the coefficient is 0, within the L1 penalty. minus is minus the
// derivative of the loss by each row's margin.
func (p *problem) checkOptimal(t *rapid.T, minus, coef []float64, l1, l2, precision float64) {
	slope, scale := p.slopes(minus, coef)
	for j, w := range coef {
		s, tolerance := slope[j]-l2*w, precision*(scale[j]+l1+l2*math.Abs(w))
		if w != 0 && math.Abs(s-math.Copysign(l1, w)) > tolerance || w == 0 && math.Abs(s) > l1+tolerance {
			t.Fatalf("column %d: coefficient %v, slope %v, l1 %v", j, w, s, l1)
		}
	}
	if last := len(p.columns); p.intercept && math.Abs(slope[last]) > precision*scale[last] {
		t.Fatalf("intercept: slope %v", slope[last])
	}
}

func (p *problem) residual(t *rapid.T, m *Regressor, x Matrix) []float64 {
	predicted, err := m.Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range p.score {
		predicted[i] = v - predicted[i]
	}
	return predicted
}

func TestLeastSquaresIsOptimal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		x := p.dense(t)
		e := NewLinearRegression()
		e.FitIntercept = p.intercept
		m, err := e.Fit(context.Background(), x, p.score, FitOptions{SampleWeight: p.weight})
		if err != nil {
			rt.Fatal(err)
		}
		p.checkOptimal(rt, p.residual(rt, m, x), m.Coef(), 0, 0, 1e-10)
	})
}

// More columns than rows, nearly dependent: the line goes through every point all the
// same, to the precision of the data. The normal equations of the transpose alone
// would leave 1e-7 of them.
func TestNearlyDependentWideDesignsAreFitExactly(t *testing.T) {
	x := bellColumns(1, 6, 5)
	score := noisySignal(1, x)
	difference, constant := make([]float64, 6), make([]float64, 6)
	for i := range 6 {
		difference[i], constant[i] = x[0][i]-x[1][i], 0.7
		x[1][i] = 30*x[1][i] + 20
	}
	e := NewLinearRegression()
	e.FitIntercept = false
	design := denseOf(t, append(x, difference, constant)...)
	m, err := e.Fit(background, design, score, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	predicted, err := m.Predict(background, design)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range predicted {
		near(t, "prediction", v, score[i], 1e-11)
	}
}

// Of all the best coefficients the smallest: they have no part along the directions
// that change no prediction.
func TestLeastSquaresHasTheSmallestNorm(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed, rows := rapid.IntRange(0, 1<<30).Draw(rt, "seed"), rapid.IntRange(2, 40).Draw(rt, "rows")
		x := bellColumns(seed, rows, 3)
		score := noisySignal(seed, x)
		sum, difference := make([]float64, rows), make([]float64, rows)
		for i := range rows {
			sum[i], difference[i] = x[0][i]+x[1][i], x[0][i]-x[1][i]
		}
		e := NewLinearRegression()
		e.FitIntercept = rapid.Bool().Draw(rt, "intercept")
		m, err := e.Fit(context.Background(), denseOf(t, x[0], x[1], x[2], sum, difference), score, FitOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		w := m.Coef()
		size := math.Sqrt(dot(w, w))
		for _, idle := range [][]float64{{1, 1, 0, -1, 0}, {1, -1, 0, 0, -1}} {
			if part := dot(w, idle); math.Abs(part) > 1e-8*size {
				rt.Fatalf("%v has the part %v along %v", w, part, idle)
			}
		}
	})
}

func TestRidgeIsOptimal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		x := p.dense(t)
		e := Ridge{Alpha: rapid.SampledFrom([]float64{1e-12, 1e-3, 1, 1e4}).Draw(rt, "alpha"), FitIntercept: p.intercept}
		m, err := e.Fit(context.Background(), x, p.score, FitOptions{SampleWeight: p.weight})
		if err != nil {
			rt.Fatal(err)
		}
		p.checkOptimal(rt, p.residual(rt, m, x), m.Coef(), 0, e.Alpha, 1e-9)
	})
}

func TestElasticNetIsOptimal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		x := p.dense(t)
		e := NewElasticNet()
		e.FitIntercept, e.Tol, e.MaxIter = p.intercept, 1e-13, 1_000_000
		e.Alpha = rapid.SampledFrom([]float64{1e-3, 0.03, 1, 100}).Draw(rt, "alpha")
		e.L1Ratio = rapid.SampledFrom([]float64{0.01, 0.5, 1}).Draw(rt, "l1_ratio")
		m, err := e.Fit(context.Background(), x, p.score, FitOptions{SampleWeight: p.weight})
		if err != nil {
			rt.Fatal(err)
		}
		if r := m.Report(); !r.Converged || r.DualGap < -1e-12 {
			rt.Fatalf("%+v", r)
		}
		sum := 0.0
		for i := range p.score {
			sum += p.weightOf(i)
		}
		p.checkOptimal(rt, p.residual(rt, m, x), m.Coef(), e.Alpha*e.L1Ratio*sum, e.Alpha*(1-e.L1Ratio)*sum, 1e-5)
	})
}

func TestLogisticRegressionIsOptimal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		classes := rapid.IntRange(2, 4).Draw(rt, "classes")
		labels := p.labels(classes)
		e := NewLogisticRegression()
		e.FitIntercept, e.Tol, e.MaxIter = p.intercept, 1e-7, 20_000
		e.C = rapid.SampledFrom([]float64{0.01, 1, 5}).Draw(rt, "C")
		e.L1Ratio = rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(rt, "l1_ratio")
		x := Matrix(p.dense(t))
		if rapid.Bool().Draw(rt, "sparse") {
			x = sparseOf(t, p.columns...)
		}
		m, err := e.Fit(context.Background(), x, labels, classes, FitOptions{SampleWeight: p.weight})
		if err == ErrOneClass {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		if !m.Report().Converged {
			rt.Fatalf("%+v", m.Report())
		}
		proba, err := m.PredictProba(context.Background(), x)
		if err != nil {
			rt.Fatal(err)
		}
		present := m.Present()
		if len(present) == 2 {
			present = present[1:]
		}
		for k, class := range present {
			minus := make([]float64, len(labels))
			for i, label := range labels {
				minus[i] = -proba[i*classes+class]
				if label == class {
					minus[i]++
				}
			}
			p.checkOptimal(rt, minus, m.Coef()[k], e.L1Ratio/e.C, (1-e.L1Ratio)/e.C, 1e-5)
		}
	})
}

// Newton's method and L-BFGS find the same minimum.
func TestSolversAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		classes := rapid.IntRange(2, 4).Draw(rt, "classes")
		e := NewLogisticRegression()
		e.FitIntercept, e.Tol, e.MaxIter = p.intercept, 1e-10, 5000
		ctx, o, x := context.Background(), &FitOptions{SampleWeight: p.weight}, p.dense(t)
		task, err := newClassification(x, p.labels(classes), classes, &e, o)
		if err == ErrOneClass {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		_, l2, _ := e.strengths(task.sum)
		a, err := task.fitNewton(ctx, x, 0, l2, &e, o)
		if err != nil {
			rt.Fatal(err)
		}
		b, err := task.fitLBFGS(ctx, x, l2, &e, o)
		if err != nil {
			rt.Fatal(err)
		}
		if math.Abs(a.report.Loss-b.report.Loss) > 1e-13 {
			rt.Fatalf("Newton %+v, L-BFGS %+v", a.report, b.report)
		}
		for k := range a.coef {
			for j := range a.coef[k] {
				if math.Abs(a.coef[k][j]-b.coef[k][j]) > 1e-6 {
					rt.Fatalf("coefficient %d of output %d: %v by Newton, %v by L-BFGS", j, k, a.coef[k][j], b.coef[k][j])
				}
			}
		}
	})
}

// The gradient is the loss's: by differences, and by the textbook's loops.
func TestGradientOfTheLogLoss(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		classes := rapid.IntRange(2, 4).Draw(rt, "classes")
		e := NewLogisticRegression()
		e.FitIntercept = p.intercept
		ctx, o, x := context.Background(), &FitOptions{SampleWeight: p.weight}, Matrix(p.dense(t))
		if rapid.Bool().Draw(rt, "sparse") {
			x = sparseOf(t, p.columns...)
		}
		task, err := newClassification(x, p.labels(classes), classes, &e, o)
		if err == ErrOneClass {
			return
		}
		pass, s, err := task.rowPass(ctx, x, 0.01)
		if err != nil {
			rt.Fatal(err)
		}
		penalty := make([]float64, s.cols)
		for j := range penalty {
			penalty[j] = 0.01
		}
		loss := newLogLoss(task, pass, penalty)
		coef := make([]float64, loss.dim())
		for i := range coef {
			coef[i] = rapid.Float64Range(-1, 1).Draw(rt, "coefficient")
		}
		grad, scratch := make([]float64, len(coef)), make([]float64, len(coef))
		if _, err := loss.evaluate(ctx, coef, grad); err != nil {
			rt.Fatal(err)
		}
		for i, c := range coef {
			const h = 1e-5
			coef[i] = c + h
			above, _ := loss.evaluate(ctx, coef, scratch)
			coef[i] = c - h
			below, _ := loss.evaluate(ctx, coef, scratch)
			coef[i] = c
			if got := (above - below) / (2 * h); math.Abs(got-grad[i]) > 1e-7*(1+math.Abs(got)) {
				rt.Fatalf("element %d: %v, by differences %v", i, grad[i], got)
			}
		}
	})
}

// A weight of 2 is the row twice, a weight of 0 the row left out.
func TestWeightsCountRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProblem(rt)
		repeat := make([]float64, len(p.score))
		var twice set
		twice.columns = make([][]float64, len(p.columns))
		for i := range repeat {
			repeat[i] = float64(rapid.IntRange(0, 3).Draw(rt, "weight"))
			if i < 2 {
				repeat[i]++
			}
			for range int(repeat[i]) {
				twice.score = append(twice.score, p.score[i])
				for j := range p.columns {
					twice.columns[j] = append(twice.columns[j], p.columns[j][i])
				}
			}
		}
		ctx := context.Background()
		e := ElasticNet{Alpha: 0.1, L1Ratio: 0.5, FitIntercept: p.intercept, MaxIter: 100_000, Tol: 1e-12}
		a, err := e.Fit(ctx, p.dense(t), p.score, FitOptions{SampleWeight: repeat})
		if err != nil {
			rt.Fatal(err)
		}
		b, err := e.Fit(ctx, twice.dense(t), twice.score, FitOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		r := NewRidge()
		c, err := r.Fit(ctx, p.dense(t), p.score, FitOptions{SampleWeight: repeat})
		if err != nil {
			rt.Fatal(err)
		}
		d, err := r.Fit(ctx, twice.dense(t), twice.score, FitOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		for j := range p.columns {
			if math.Abs(a.Coef()[j]-b.Coef()[j]) > 1e-5 || math.Abs(c.Coef()[j]-d.Coef()[j]) > 1e-8 {
				rt.Fatalf("column %d: %v and %v, %v and %v", j, a.Coef()[j], b.Coef()[j], c.Coef()[j], d.Coef()[j])
			}
		}
	})
}
