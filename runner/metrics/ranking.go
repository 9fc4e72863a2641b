package metrics

import (
	"errors"
	"fmt"
)

// ErrOneClass says that the labels hold a single class, so that the score has no value.
var ErrOneClass = errors.New("metrics: the labels hold only one class")

// ROCAUC is the area under the ROC curve of a binary score: the share of pairs
// of a positive (1) and a negative (0) row in which the positive one has the
// higher score, ties counting half. Errors: ErrOneClass, a label that is not 0
// or 1, a score that is not finite, slices of different length.
func ROCAUC(yTrue []int, score []float64) (float64, error) { return Weights{}.ROCAUC(yTrue, score) }

// ROCAUC weighs a pair by the product of its rows' weights.
func (w Weights) ROCAUC(yTrue []int, score []float64) (float64, error) {
	ranked, err := w.Rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	return ranked.ROCAUC()
}

// ROCAUCOneVsRest is roc_auc of several classes: the area under each class's
// ROC curve against all others, weighted by the class's rows; a class without
// rows has no weight. proba is rows × classes, row by row. Errors: ErrOneClass,
// and those of LogLoss.
func ROCAUCOneVsRest(yTrue []int, proba []float64, classes int) (float64, error) {
	return Weights{}.ROCAUCOneVsRest(yTrue, proba, classes)
}

// ROCAUCOneVsRest weighs the rows; a class counts what its rows weigh.
func (w Weights) ROCAUCOneVsRest(yTrue []int, proba []float64, classes int) (float64, error) {
	sum := 0.0
	err := w.eachClass(yTrue, proba, classes, func(class int, support float64, isClass []int, score []float64) error {
		if support == 0 {
			return nil
		}
		area, err := w.ROCAUC(isClass, score)
		if err != nil {
			return fmt.Errorf("class %d against the rest: %w", class, err)
		}
		sum += area * support
		return nil
	})
	if err != nil {
		return 0, err
	}
	return sum / w.Total(len(yTrue)), nil
}

// ROCAUCOneVsRestMacro is ROCAUCOneVsRest with all classes equal. A class
// without rows leaves it undefined. Errors: ErrOneClass, naming the class, and
// those of LogLoss.
func ROCAUCOneVsRestMacro(yTrue []int, proba []float64, classes int) (float64, error) {
	return Weights{}.ROCAUCOneVsRestMacro(yTrue, proba, classes)
}

// ROCAUCOneVsRestMacro weighs the rows within each class's curve.
func (w Weights) ROCAUCOneVsRestMacro(yTrue []int, proba []float64, classes int) (float64, error) {
	sum := 0.0
	err := w.eachClass(yTrue, proba, classes, func(class int, _ float64, isClass []int, score []float64) error {
		area, err := w.ROCAUC(isClass, score)
		if err != nil {
			return fmt.Errorf("class %d against the rest: %w", class, err)
		}
		sum += area
		return nil
	})
	if err != nil {
		return 0, err
	}
	return sum / float64(classes), nil
}

// eachClass shows each class against the rest. The slices hold until the next class.
func (w Weights) eachClass(yTrue []int, proba []float64, classes int,
	visit func(class int, support float64, isClass []int, score []float64) error) error {
	if err := w.checkProba(yTrue, proba, classes); err != nil {
		return err
	}
	isClass, score := make([]int, len(yTrue)), make([]float64, len(yTrue))
	for k := range classes {
		support := total{}
		for i, y := range yTrue {
			isClass[i] = 0
			if y == k {
				isClass[i] = 1
				support.add(w.Row(i))
			}
			score[i] = proba[i*classes+k]
		}
		if err := visit(k, support.value(), isClass, score); err != nil {
			return err
		}
	}
	return nil
}

// AveragePrecision is the mean of the precisions at each score's threshold,
// weighted by the recall that the threshold adds. It is 0 where no row is
// positive. Errors: a label that is not 0 or 1, a score that is not finite,
// slices of different length.
func AveragePrecision(yTrue []int, score []float64) (float64, error) {
	return Weights{}.AveragePrecision(yTrue, score)
}

// AveragePrecision weighs the rows.
func (w Weights) AveragePrecision(yTrue []int, score []float64) (float64, error) {
	ranked, err := w.Rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	return ranked.AveragePrecision(), nil
}
