package gbdt

import (
	"fmt"
	"math"
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

// leafRenewer is an objective whose best leaf values are not Newton steps:
// after a tree is grown, each leaf gets the value that renew gives for the
// leaf's rows. base is the score that the tree adds to, by row, or, where it
// has one element, of all rows.
type leafRenewer interface {
	renew(rows []uint32, base []float64) float64
}

// wholeDataObjective is an objective whose gradients need all rows at once:
// prepare fills them, before gradients is asked for nothing.
type wholeDataObjective interface {
	prepare(score []float64, gradient, hessian []float32, workers *pool) error
}

// kEpsilon is LightGBM's 1e-15f.
const kEpsilon = float64(float32(1e-15))

func newObjective(d *Dataset, p *Params, custom CustomObjective) (objective, error) {
	switch p.Objective {
	case Binary:
		return newBinary(d, p)
	case Multiclass:
		return newSoftmax(d, p)
	case MulticlassOVA:
		return newOneVersusAll(d, p)
	case LambdaRank:
		return newLambdaRank(d, p), nil
	case CrossEntropy:
		return newCrossEntropy(d), nil
	case CustomLoss:
		return newCustom(d, p, custom)
	case Quantile, RegressionL1, MAPE:
		return newPercentileLoss(d, p), nil
	}
	return newPointwise(d, p), nil
}

// checkLabels refuses labels that the objective has no meaning for.
func checkLabels(label []float64, p *Params) error {
	allowed := labelRange(p)
	if allowed == nil {
		return nil
	}
	for row, v := range label {
		if !allowed.has(v) {
			return &LabelError{Row: row, Value: v, Reason: "the objective " + p.Objective + " needs " + allowed.text}
		}
	}
	return nil
}

// labels is what an objective takes for labels.
type labels struct {
	limits
	whole bool
	text  string
}

func (l *labels) has(v float64) bool { return l.limits.has(v) && !(l.whole && v != math.Trunc(v)) }

// labelRange is nil where any finite number will do.
func labelRange(p *Params) *labels {
	switch p.Objective {
	case Poisson, Tweedie:
		return &labels{atLeast(0), false, "labels of at least 0"}
	case Gamma:
		return &labels{above(0), false, "labels above 0"}
	case CrossEntropy:
		return &labels{between(0, 1), false, "labels from 0 to 1"}
	case LambdaRank:
		top := len(p.gains()) - 1
		return &labels{between(0, float64(top)), true, fmt.Sprintf("whole numbers from 0 to %d, for which label_gain has a gain", top)}
	case Binary, Multiclass, MulticlassOVA:
		top := max(2, p.NumClass) - 1
		return &labels{between(0, float64(top)), true, fmt.Sprintf("whole numbers from 0 to %d, one a class", top)}
	}
	return nil
}

func weightOf(weight []float64, row int) float64 {
	if weight == nil {
		return 1
	}
	return weight[row]
}

// weightedMean is the mean of the labels.
func weightedMean(label, weight []float64) float64 {
	sum, sumWeight := 0.0, 0.0
	for row, y := range label {
		w := weightOf(weight, row)
		sum += float64(y * w)
		sumWeight += w
	}
	return sum / sumWeight
}
