package gbdt

import (
	"fmt"
	"math"
	"slices"
)

// objective gives the loss's first and second derivative for the rows of one
// training set. Scores, gradients and hessians are laid out output by output:
// that of row r for output k is at k*rows+r.
type objective interface {
	// initScore is the constant score that training starts from.
	initScore(output int) float64
	// learns is false for an output that no tree could improve.
	learns(output int) bool
	// unitHessian is true where every hessian is 1.
	unitHessian() bool
	// gradients fills the rows from..to-1 of all outputs.
	gradients(score []float64, gradient, hessian []float32, from, to int)
	// describe is the objective's line in the model text.
	describe() string
}

// kEpsilon is LightGBM's 1e-15f.
const kEpsilon = float64(float32(1e-15))

func newObjective(d *Dataset, p *Params) (objective, error) {
	switch p.Objective {
	case Binary:
		return newBinary(d, p)
	case Multiclass:
		return newSoftmax(d, p)
	}
	return newSquaredError(d), nil
}

// checkLabels refuses labels that the objective has no meaning for.
func checkLabels(label []float64, p *Params) error {
	if p.Objective == Regression {
		return nil
	}
	classes := 2
	if p.Objective == Multiclass {
		classes = p.NumClass
	}
	for row, v := range label {
		if v != math.Trunc(v) || v < 0 || v >= float64(classes) {
			return &LabelError{Row: row, Value: v, Reason: fmt.Sprintf("the objective %s with %d classes needs whole numbers from 0 to %d", p.Objective, classes, classes-1)}
		}
	}
	return nil
}

func weightOf(weight []float64, row int) float64 {
	if weight == nil {
		return 1
	}
	return weight[row]
}

// squaredError is the regression objective: half the squared difference.
type squaredError struct {
	label, weight []float64
	mean          float64
}

func newSquaredError(d *Dataset) *squaredError {
	sum, sumWeight := 0.0, 0.0
	for row, y := range d.label {
		w := weightOf(d.weight, row)
		sum += float64(y * w)
		sumWeight += w
	}
	return &squaredError{label: d.label, weight: d.weight, mean: sum / sumWeight}
}

func (o *squaredError) initScore(int) float64 { return o.mean }
func (o *squaredError) learns(int) bool       { return true }
func (o *squaredError) unitHessian() bool     { return o.weight == nil }
func (o *squaredError) describe() string      { return Regression }

func (o *squaredError) gradients(score []float64, gradient, hessian []float32, from, to int) {
	for row := from; row < to; row++ {
		w := weightOf(o.weight, row)
		gradient[row] = float32((score[row] - o.label[row]) * w)
		hessian[row] = float32(w)
	}
}

// logistic is the binary objective: log loss of sigmoid(k*score).
type logistic struct {
	label, weight []float64
	sigmoid       float64
	scale         [2]float64 // weight of each class
	start         float64
}

func newBinary(d *Dataset, p *Params) (*logistic, error) {
	o := &logistic{label: d.label, weight: d.weight, sigmoid: p.Sigmoid, scale: [2]float64{1, p.ScalePosWeight}}
	var rows [2]int
	var sum [2]float64
	for row, y := range d.label {
		rows[int(y)]++
		sum[int(y)] += weightOf(d.weight, row)
	}
	if rows[0] == 0 || rows[1] == 0 {
		return nil, fmt.Errorf("%w: all %d rows are %v", ErrOneClass, d.rows, d.label[0])
	}
	if p.IsUnbalance {
		if rows[1] > rows[0] {
			o.scale[0] = float64(rows[1]) / float64(rows[0])
		} else {
			o.scale[1] = float64(rows[0]) / float64(rows[1])
		}
	}
	positive := sum[1] / (sum[0] + sum[1])
	positive = max(kEpsilon, min(1-kEpsilon, positive))
	o.start = math.Log(positive/(1-positive)) / p.Sigmoid
	return o, nil
}

func (o *logistic) initScore(int) float64 { return o.start }
func (o *logistic) learns(int) bool       { return true }
func (o *logistic) unitHessian() bool     { return false }
func (o *logistic) describe() string      { return fmt.Sprintf("binary sigmoid:%g", o.sigmoid) }

func (o *logistic) gradients(score []float64, gradient, hessian []float32, from, to int) {
	for row := from; row < to; row++ {
		class := int(o.label[row])
		sign := float64(2*class - 1)
		w := o.scale[class] * weightOf(o.weight, row)
		response := -sign * o.sigmoid / (1 + math.Exp(sign*o.sigmoid*score[row]))
		size := math.Abs(response)
		gradient[row] = float32(response * w)
		hessian[row] = float32(size * (o.sigmoid - size) * w)
	}
}

// softmax is the multiclass objective: cross entropy of the softmax of one
// score a class.
type softmax struct {
	label, weight []float64
	rows, classes int
	share         []float64 // of each class
}

func newSoftmax(d *Dataset, p *Params) (*softmax, error) {
	o := &softmax{label: d.label, weight: d.weight, rows: d.rows, classes: p.NumClass, share: make([]float64, p.NumClass)}
	total := 0.0
	for row, y := range d.label {
		w := weightOf(d.weight, row)
		o.share[int(y)] += w
		total += w
	}
	for k := range o.share {
		o.share[k] /= total
	}
	if slices.Max(o.share) >= 1 {
		return nil, fmt.Errorf("%w: all %d rows with weight are %v", ErrOneClass, d.rows, slices.Index(o.share, slices.Max(o.share)))
	}
	return o, nil
}

func (o *softmax) initScore(k int) float64 { return math.Log(max(kEpsilon, o.share[k])) }
func (o *softmax) learns(k int) bool       { return o.share[k] > kEpsilon && o.share[k] < 1-kEpsilon }
func (o *softmax) unitHessian() bool       { return false }
func (o *softmax) describe() string        { return fmt.Sprintf("multiclass num_class:%d", o.classes) }

func (o *softmax) gradients(score []float64, gradient, hessian []float32, from, to int) {
	probability := make([]float64, o.classes)
	factor := float64(o.classes) / float64(o.classes-1)
	for row := from; row < to; row++ {
		for k := range probability {
			probability[k] = score[k*o.rows+row]
		}
		softmaxInPlace(probability)
		w := weightOf(o.weight, row)
		class := int(o.label[row])
		for k, p := range probability {
			residual := p
			if k == class {
				residual--
			}
			gradient[k*o.rows+row] = float32(residual * w)
			hessian[k*o.rows+row] = float32(factor * p * (1 - p) * w)
		}
	}
}

func softmaxInPlace(v []float64) {
	top := slices.Max(v)
	sum := 0.0
	for k := range v {
		v[k] = math.Exp(v[k] - top)
		sum += v[k]
	}
	for k := range v {
		v[k] /= sum
	}
}
