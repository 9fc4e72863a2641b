package report

import (
	"context"
	"errors"
	"fmt"
	"math"

	"mlops/runner/metrics"
)

const defaultBins = 10

// addCurves adds the curves of each class against the rest: of two classes only
// the positive one, of many the largest ones and one of all others, whose
// probability is the sum of theirs.
func (part *ClassificationPart) addCurves(ctx context.Context, r *Report, truth Truth, p Prediction, w metrics.Weights, o Options) error {
	bins, strategy := o.Bins, o.Strategy
	if bins == 0 {
		bins = defaultBins
	}
	if bins < 0 || bins > MaxCalibration {
		return fmt.Errorf("%d calibration bins: from 1 to %d are possible", bins, MaxCalibration)
	}
	if strategy == "" {
		strategy = metrics.Uniform
	}
	for _, g := range curveGroups(truth, w) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		isClass, score := against(g, truth, p)
		ranked, err := w.Rank(isClass, score)
		if err != nil {
			return err
		}
		if err := part.addRankCurves(r, g, ranked, prevalence(isClass, w)); err != nil {
			return err
		}
		c, err := w.CalibrationCurve(isClass, score, bins, strategy)
		if err != nil {
			return err
		}
		part.Calibration = append(part.Calibration, Calibration{
			Class: g.name, Merged: g.merged(), Strategy: strategy, ProbTrue: c.ProbTrue, ProbPred: c.ProbPred, Weight: c.Weight, Error: calibrationError(c),
		})
		if truth.Problem == Binary {
			part.Gains = gains(ranked, prevalence(isClass, w), w.Total(len(isClass)))
		}
	}
	return nil
}

func curveGroups(truth Truth, w metrics.Weights) []group {
	if truth.Problem == Binary {
		return []group{{truth.Names[1], []int{1}}}
	}
	classes, support := make([]int, len(truth.Names)), make([]float64, len(truth.Names))
	for i := range classes {
		classes[i] = i
	}
	for i, y := range truth.Classes {
		support[y] += w.Row(i)
	}
	return groups(truth.Names, classes, support, MaxCurves)
}

// against labels the rows of a group and sums its classes' probabilities.
func against(g group, truth Truth, p Prediction) (isClass []int, score []float64) {
	classes := len(truth.Names)
	member := make([]bool, classes)
	for _, class := range g.classes {
		member[class] = true
	}
	isClass, score = make([]int, len(truth.Classes)), make([]float64, len(truth.Classes))
	for i, y := range truth.Classes {
		if member[y] {
			isClass[i] = 1
		}
		for _, class := range g.classes {
			score[i] += p.Proba[i*classes+class]
		}
		score[i] = min(1, score[i]) // a sum may round to a little more
	}
	return isClass, score
}

func (part *ClassificationPart) addRankCurves(r *Report, g group, ranked metrics.Ranked, prevalence float64) error {
	roc, err := ranked.ROCCurve(true)
	if errors.Is(err, metrics.ErrOneClass) {
		r.Omitted = append(r.Omitted, Omitted{"curves of " + g.name, "the rows are all of it, or none is"})
		return nil
	}
	if err != nil {
		return err
	}
	auc, err := ranked.ROCAUC()
	if err != nil {
		return err
	}
	pr := ranked.PrecisionRecallCurve(true)
	curve := ROC{Class: g.name, Merged: g.merged(), AUC: auc}
	for _, i := range thin(roc.FPR, roc.TPR) {
		curve.FPR, curve.TPR = append(curve.FPR, roc.FPR[i]), append(curve.TPR, roc.TPR[i])
		if i > 0 {
			curve.Thresholds = append(curve.Thresholds, roc.Thresholds[i])
		}
	}
	part.ROC = append(part.ROC, curve)
	points := PrecisionCurve{Class: g.name, Merged: g.merged(), AveragePrecision: ranked.AveragePrecision(), Prevalence: prevalence}
	for _, i := range thin(pr.Recall, pr.Precision) {
		points.Precision, points.Recall = append(points.Precision, pr.Precision[i]), append(points.Recall, pr.Recall[i])
		if i < len(pr.Thresholds) {
			points.Thresholds = append(points.Thresholds, pr.Thresholds[i])
		}
	}
	part.PrecisionRecall = append(part.PrecisionRecall, points)
	return nil
}

func prevalence(isClass []int, w metrics.Weights) float64 {
	sum := 0.0
	for i, y := range isClass {
		sum += float64(y) * w.Row(i)
	}
	return sum / w.Total(len(isClass))
}

func calibrationError(c metrics.Calibration) float64 {
	distance, rows := 0.0, 0.0
	for i, weight := range c.Weight {
		distance += weight * math.Abs(c.ProbTrue[i]-c.ProbPred[i])
		rows += weight
	}
	return distance / rows
}

// thin picks at most MaxCurvePoints points of a curve that is monotone in x: in
// each of equally wide columns the first, the last, the lowest and the highest,
// so that a drawing of the curve keeps its shape.
func thin(x, y []float64) []int {
	var picked []int
	if len(x) <= MaxCurvePoints {
		for i := range x {
			picked = append(picked, i)
		}
		return picked
	}
	const columns = MaxCurvePoints / 4
	left, width := x[0], x[len(x)-1]-x[0]
	column := func(i int) int {
		if width == 0 {
			return 0
		}
		return min(columns-1, int((x[i]-left)/width*columns))
	}
	for first := 0; first < len(x); {
		last, low, high := first, first, first
		for last+1 < len(x) && column(last+1) == column(first) {
			last++
			if y[last] < y[low] {
				low = last
			}
			if y[last] > y[high] {
				high = last
			}
		}
		for _, i := range []int{first, min(low, high), max(low, high), last} {
			if len(picked) == 0 || picked[len(picked)-1] < i {
				picked = append(picked, i)
			}
		}
		first = last + 1
	}
	return picked
}
