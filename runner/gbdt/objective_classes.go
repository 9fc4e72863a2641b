package gbdt

import (
	"fmt"
	"math"
	"slices"
)

// logistic is the binary objective: log loss of sigmoid(k*score). A row is
// positive where its label is the class.
type logistic struct {
	label, weight []float64
	class         float64
	sigmoid       float64
	scale         [2]float64 // weight of negative and positive rows
	rows          [2]int
	start         float64
}

func newBinary(d *Dataset, p *Params) (*logistic, error) {
	o := newLogistic(d, p, 1)
	if o.rows[0] == 0 || o.rows[1] == 0 {
		return nil, fmt.Errorf("%w: all %d rows are %v", ErrOneClass, d.rows, d.label[0])
	}
	return o, nil
}

func newLogistic(d *Dataset, p *Params, class float64) *logistic {
	o := &logistic{label: d.label, weight: d.weight, class: class, sigmoid: p.Sigmoid, scale: [2]float64{1, p.ScalePosWeight}}
	var sum [2]float64
	// In the caller's order, on which the last digits of a sum depend.
	for row, y := range d.given.label {
		side := 0
		if y == class {
			side = 1
		}
		o.rows[side]++
		sum[side] += weightOf(d.given.weight, row)
	}
	if p.IsUnbalance && o.rows[0] > 0 && o.rows[1] > 0 {
		if o.rows[1] > o.rows[0] {
			o.scale[0] = float64(o.rows[1]) / float64(o.rows[0])
		} else {
			o.scale[1] = float64(o.rows[0]) / float64(o.rows[1])
		}
	}
	o.start = logit(sum[1]/(sum[0]+sum[1])) / p.Sigmoid
	return o
}

func (o *logistic) initScore(int) float64 { return o.start }
func (o *logistic) learns(int) bool       { return o.rows[0] > 0 && o.rows[1] > 0 }
func (o *logistic) unitHessian() bool     { return false }
func (o *logistic) describe() string      { return fmt.Sprintf("binary sigmoid:%g", o.sigmoid) }

func (o *logistic) gradients(score []float64, gradient, hessian []float32, from, to int) {
	// Tables, not branches: labels are as good as random to the processor.
	slope := [2]float64{-o.sigmoid, o.sigmoid}
	var oddsRoom [blockRows]float64
	var sideRoom [blockRows]uint8
	for start := from; start < to; start += blockRows {
		end := min(start+blockRows, to)
		odds, sides := oddsRoom[:end-start], sideRoom[:end-start]
		label := o.label[start:end]
		for i, v := range score[start:end] {
			sides[i] = 0
			if label[i] == o.class {
				sides[i] = 1
			}
			odds[i] = slope[sides[i]&1] * v
		}
		expInto(odds)
		g, h := gradient[start:end], hessian[start:end]
		for i, side := range sides {
			size := 1 / (1 + odds[i])
			w := o.scale[side&1]
			if o.weight != nil {
				w *= o.weight[start+i]
			}
			g[i] = float32(-slope[side&1] * size * w)
			h[i] = float32(float64(o.sigmoid*o.sigmoid) * size * (1 - size) * w)
		}
	}
}

// oneVersusAll is one binary objective a class.
type oneVersusAll struct {
	rows    int
	classes []*logistic
}

func newOneVersusAll(d *Dataset, p *Params) (*oneVersusAll, error) {
	o := &oneVersusAll{rows: d.rows}
	for k := range p.NumClass {
		o.classes = append(o.classes, newLogistic(d, p, float64(k)))
		if o.classes[k].rows[0] == 0 {
			return nil, fmt.Errorf("%w: all %d rows are %d", ErrOneClass, d.rows, k)
		}
	}
	return o, nil
}

func (o *oneVersusAll) initScore(k int) float64 { return o.classes[k].start }
func (o *oneVersusAll) learns(k int) bool       { return o.classes[k].learns(0) }
func (o *oneVersusAll) unitHessian() bool       { return false }

func (o *oneVersusAll) describe() string {
	return fmt.Sprintf("multiclassova num_class:%d sigmoid:%g", len(o.classes), o.classes[0].sigmoid)
}

func (o *oneVersusAll) gradients(score []float64, gradient, hessian []float32, from, to int) {
	for k, class := range o.classes {
		first, last := k*o.rows, (k+1)*o.rows
		class.gradients(score[first:last], gradient[first:last], hessian[first:last], from, to)
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
	for row, y := range d.given.label {
		w := weightOf(d.given.weight, row)
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
	for k := range v {
		v[k] -= top
	}
	expInto(v)
	sum := 0.0
	for k := range v {
		sum += v[k]
	}
	for k := range v {
		v[k] /= sum
	}
}
