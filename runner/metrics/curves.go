package metrics

import "math"

// ROC is the curve of a binary score's rates as its threshold falls: of the
// rows with at least Thresholds[i], FPR[i] of the negative and TPR[i] of the
// positive ones. It starts at (0, 0) with the threshold +Inf, by which no row
// is positive, and ends at (1, 1).
type ROC struct {
	FPR, TPR, Thresholds []float64
}

// ROCCurve is scikit-learn's roc_curve, one point for each distinct score.
// dropIntermediate, scikit-learn's default, leaves out thresholds at which
// neither rate's step changes: points between two others on one line with equal
// steps, which change neither the curve's shape nor its area. Errors as ROCAUC's.
func ROCCurve(yTrue []int, score []float64, dropIntermediate bool) (ROC, error) {
	return Weights{}.ROCCurve(yTrue, score, dropIntermediate)
}

// ROCCurve weighs the rows; those without weight make no point.
func (w Weights) ROCCurve(yTrue []int, score []float64, dropIntermediate bool) (ROC, error) {
	ranked, err := w.Rank(yTrue, score)
	if err != nil {
		return ROC{}, err
	}
	return ranked.ROCCurve(dropIntermediate)
}

// ROCCurve is the function of the same name. Error: ErrOneClass.
func (r Ranked) ROCCurve(dropIntermediate bool) (ROC, error) {
	c := r.counts()
	if dropIntermediate {
		c.keep(func(i int) bool { return bends(c.fp, i) || bends(c.tp, i) })
	}
	last := len(c.tp) - 1
	positive, negative := c.tp[last], c.fp[last]
	if positive == 0 || negative == 0 {
		return ROC{}, ErrOneClass
	}
	roc := ROC{FPR: []float64{0}, TPR: []float64{0}, Thresholds: []float64{math.Inf(1)}}
	for i, threshold := range c.threshold {
		roc.FPR = append(roc.FPR, c.fp[i]/negative)
		roc.TPR = append(roc.TPR, c.tp[i]/positive)
		roc.Thresholds = append(roc.Thresholds, threshold)
	}
	return roc, nil
}

// bends tells whether the step to point i differs from the step after it.
func bends(v []float64, i int) bool { return (v[i+1]-v[i])-(v[i]-v[i-1]) != 0 }

// PrecisionRecall is the curve of a binary score's precision and recall as its
// threshold rises: Precision[i] and Recall[i] are those of calling rows with at
// least Thresholds[i] positive. A last point without a threshold, precision 1
// and recall 0, ends the curve.
type PrecisionRecall struct {
	Precision, Recall, Thresholds []float64
}

// PrecisionRecallCurve is scikit-learn's precision_recall_curve, one point for
// each distinct score. dropIntermediate, off by scikit-learn's default, leaves
// out all but the first and the last point of each recall. Without positive
// rows the recall is 1 throughout, as scikit-learn has it. Errors as
// AveragePrecision's.
func PrecisionRecallCurve(yTrue []int, score []float64, dropIntermediate bool) (PrecisionRecall, error) {
	return Weights{}.PrecisionRecallCurve(yTrue, score, dropIntermediate)
}

// PrecisionRecallCurve weighs the rows; those without weight make no point.
func (w Weights) PrecisionRecallCurve(yTrue []int, score []float64, dropIntermediate bool) (PrecisionRecall, error) {
	ranked, err := w.Rank(yTrue, score)
	if err != nil {
		return PrecisionRecall{}, err
	}
	return ranked.PrecisionRecallCurve(dropIntermediate), nil
}

// PrecisionRecallCurve is the function of the same name.
func (r Ranked) PrecisionRecallCurve(dropIntermediate bool) PrecisionRecall {
	c := r.counts()
	if dropIntermediate {
		c.keep(func(i int) bool { return c.tp[i] != c.tp[i-1] || c.tp[i+1] != c.tp[i] })
	}
	var curve PrecisionRecall
	positive := c.tp[len(c.tp)-1]
	for i := len(c.tp) - 1; i >= 0; i-- {
		recall := 1.0
		if positive > 0 {
			recall = c.tp[i] / positive
		}
		curve.Precision = append(curve.Precision, c.tp[i]/(c.tp[i]+c.fp[i]))
		curve.Recall = append(curve.Recall, recall)
		curve.Thresholds = append(curve.Thresholds, c.threshold[i])
	}
	curve.Precision, curve.Recall = append(curve.Precision, 1), append(curve.Recall, 0)
	return curve
}

// counts are the positive and negative rows at or above each distinct score.
type counts struct{ threshold, tp, fp []float64 }

func (r Ranked) counts() *counts {
	c := &counts{}
	r.eachThreshold(func(score, tp, fp float64) {
		c.threshold, c.tp, c.fp = append(c.threshold, score), append(c.tp, tp), append(c.fp, fp)
	})
	return c
}

// keep leaves the first, the last and the wanted thresholds.
func (c *counts) keep(wanted func(i int) bool) {
	var kept counts
	for i := range c.threshold {
		if i == 0 || i == len(c.threshold)-1 || wanted(i) {
			kept.threshold = append(kept.threshold, c.threshold[i])
			kept.tp, kept.fp = append(kept.tp, c.tp[i]), append(kept.fp, c.fp[i])
		}
	}
	*c = kept
}
