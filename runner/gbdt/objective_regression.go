package gbdt

import (
	"fmt"
	"math"
)

// pointwise is a regression objective whose derivatives depend on one row's
// score and label alone.
type pointwise struct {
	label, weight []float64
	name          string
	start         float64
	unit          bool // every hessian is 1 where no row has a weight
	derivatives   func(score, label float64) (gradient, hessian float64)
}

func newPointwise(d *Dataset, p *Params) *pointwise {
	o := &pointwise{label: d.label, weight: d.weight, name: p.Objective}
	given := d.given.label
	if p.RegSqrt {
		o.name, o.label, given = o.name+" sqrt", signedSqrt(d.label), signedSqrt(given)
	}
	o.start = weightedMean(given, d.given.weight)
	switch p.Objective {
	case Huber:
		o.unit, o.derivatives = true, huberLoss(p.Alpha)
	case Fair:
		o.derivatives = fairLoss(p.FairC)
	case Poisson:
		o.start, o.derivatives = safeLog(o.start), poissonLoss(p.PoissonMaxDeltaStep)
	case Gamma:
		o.start, o.derivatives = safeLog(o.start), gammaLoss
	case Tweedie:
		o.start, o.derivatives = safeLog(o.start), tweedieLoss(p.TweedieVariancePower)
	default:
		o.unit = true
	}
	return o
}

func signedSqrt(label []float64) []float64 {
	roots := make([]float64, len(label))
	for row, y := range label {
		roots[row] = math.Copysign(math.Sqrt(math.Abs(y)), y)
	}
	return roots
}

func (o *pointwise) initScore(int) float64 { return o.start }
func (o *pointwise) learns(int) bool       { return true }
func (o *pointwise) unitHessian() bool     { return o.unit && o.weight == nil }
func (o *pointwise) describe() string      { return o.name }

func (o *pointwise) gradients(score []float64, gradient, hessian []float32, from, to int) {
	if o.derivatives == nil { // squared error, the common case
		for row := from; row < to; row++ {
			w := weightOf(o.weight, row)
			gradient[row] = float32((score[row] - o.label[row]) * w)
			hessian[row] = float32(w)
		}
		return
	}
	for row := from; row < to; row++ {
		w := weightOf(o.weight, row)
		g, h := o.derivatives(score[row], o.label[row])
		gradient[row], hessian[row] = float32(g*w), float32(h*w)
	}
}

// huberLoss is quadratic up to alpha from the label and linear beyond.
func huberLoss(alpha float64) func(score, label float64) (float64, float64) {
	return func(score, label float64) (float64, float64) { return max(-alpha, min(alpha, score-label)), 1 }
}

// fairLoss is c²·(|x|/c - ln(1+|x|/c)) of the difference x.
func fairLoss(c float64) func(score, label float64) (float64, float64) {
	return func(score, label float64) (float64, float64) {
		x := score - label
		d := math.Abs(x) + c
		return c * x / d, c * c / (d * d)
	}
}

// poissonLoss is that of counts with mean exp(score). The hessian is enlarged
// so that a step is at most about maxDelta.
func poissonLoss(maxDelta float64) func(score, label float64) (float64, float64) {
	enlarge := exp(maxDelta)
	return func(score, label float64) (float64, float64) {
		mean := exp(score)
		return mean - label, mean * enlarge
	}
}

// gammaLoss is that of positive amounts with mean exp(score).
func gammaLoss(score, label float64) (float64, float64) {
	ratio := label * exp(-score)
	return 1 - ratio, ratio
}

// tweedieLoss is that of amounts with mean exp(score) of which many are zero;
// power, from 1 to 2, goes from Poisson to gamma.
func tweedieLoss(power float64) func(score, label float64) (float64, float64) {
	return func(score, label float64) (float64, float64) {
		a, b := label*exp((1-power)*score), exp((2-power)*score)
		return b - a, (2-power)*b - (1-power)*a
	}
}

// safeLog is LightGBM's: minus infinity where there is no logarithm.
func safeLog(v float64) float64 {
	if v > 0 {
		return math.Log(v)
	}
	return math.Inf(-1)
}

// percentileLoss is an objective that is linear on both sides of the label:
// its best constant is a percentile of the labels, and its best leaf value the
// same percentile of the leaf's residuals.
type percentileLoss struct {
	label  []float64
	weight []float64 // of the rows in the loss and in percentiles; nil: all one
	unit   bool
	hessOf []float64 // of the rows; nil: all one
	name   string
	alpha  float64
	start  float64
}

func newPercentileLoss(d *Dataset, p *Params) *percentileLoss {
	o := &percentileLoss{label: d.label, weight: d.weight, hessOf: d.weight, unit: d.weight == nil, name: p.Objective, alpha: 0.5}
	switch p.Objective {
	case Quantile:
		o.alpha = float64(float32(p.Alpha)) // LightGBM's precision
	case MAPE:
		o.weight = make([]float64, d.rows)
		for row, y := range d.label {
			o.weight[row] = float64(float32(1/max(1, math.Abs(y)))) * weightOf(d.weight, row)
		}
	}
	o.start = o.percentile(d.rows, func(i int) int { return i }, func(row int) float64 { return d.label[row] })
	return o
}

func (o *percentileLoss) initScore(int) float64 { return o.start }
func (o *percentileLoss) learns(int) bool       { return true }
func (o *percentileLoss) unitHessian() bool     { return o.unit }
func (o *percentileLoss) describe() string      { return o.name }

func (o *percentileLoss) gradients(score []float64, gradient, hessian []float32, from, to int) {
	above, below := 1.0, -1.0
	level := 0.0 // the gradient where score and label are equal
	if o.name == Quantile {
		above, below = float64(1-float32(o.alpha)), -o.alpha
		level = above
	}
	for row := from; row < to; row++ {
		g := level
		if score[row] > o.label[row] {
			g = above
		} else if score[row] < o.label[row] {
			g = below
		}
		gradient[row], hessian[row] = float32(g*weightOf(o.weight, row)), float32(weightOf(o.hessOf, row))
	}
}

func (o *percentileLoss) renew(rows []uint32, base []float64) float64 {
	return o.percentile(len(rows), func(i int) int { return int(rows[i]) }, func(row int) float64 {
		if len(base) == 1 {
			return o.label[row] - base[0]
		}
		return o.label[row] - base[row]
	})
}

// percentile is that of value over n rows.
func (o *percentileLoss) percentile(n int, rowOf func(i int) int, value func(row int) float64) float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = value(rowOf(i))
	}
	if o.weight == nil {
		return percentile(values, o.alpha)
	}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = o.weight[rowOf(i)]
	}
	return weightedPercentile(values, weights, o.alpha)
}

// crossEntropyLoss is the log loss of sigmoid(score) for labels from 0 to 1.
type crossEntropyLoss struct {
	label, weight []float64
	start         float64
}

func newCrossEntropy(d *Dataset) *crossEntropyLoss {
	return &crossEntropyLoss{label: d.label, weight: d.weight, start: logit(weightedMean(d.given.label, d.given.weight))}
}

func logit(p float64) float64 {
	p = max(kEpsilon, min(1-kEpsilon, p))
	return math.Log(p / (1 - p))
}

func (o *crossEntropyLoss) initScore(int) float64 { return o.start }
func (o *crossEntropyLoss) learns(int) bool       { return true }
func (o *crossEntropyLoss) unitHessian() bool     { return false }
func (o *crossEntropyLoss) describe() string      { return CrossEntropy }

func (o *crossEntropyLoss) gradients(score []float64, gradient, hessian []float32, from, to int) {
	for row := from; row < to; row++ {
		w, z := weightOf(o.weight, row), 1/(1+exp(-score[row]))
		gradient[row], hessian[row] = float32((z-o.label[row])*w), float32(z*(1-z)*w)
	}
}

// checkSum refuses labels of which a mean above zero is needed.
func checkSum(d *Dataset, p *Params) error {
	if p.Objective != Poisson && p.Objective != Tweedie || weightedMean(d.given.label, d.given.weight) > 0 {
		return nil
	}
	return &LabelError{Row: 0, Value: d.given.label[0], Reason: fmt.Sprintf("all labels are 0: the objective %s needs some above 0", p.Objective)}
}
