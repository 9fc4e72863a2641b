package metrics

import (
	"errors"
	"fmt"
	"math"
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
	ranked, err := w.rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	area, positive, negative := total{}, 0.0, 0.0
	eachThreshold(ranked, func(_, tp, fp float64) {
		area.add((fp - negative) * (positive + tp) / 2)
		positive, negative = tp, fp
	})
	if positive == 0 || negative == 0 {
		return 0, ErrOneClass
	}
	return area.value() / positive / negative, nil
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
	ranked, err := w.rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	sum, positive := total{}, 0.0
	eachThreshold(ranked, func(_, tp, fp float64) {
		sum.add((tp - positive) * (tp / (tp + fp)))
		positive = tp
	})
	if positive == 0 {
		return 0, nil
	}
	return sum.value() / positive, nil
}

// ranked is a row by its score: descending scores have rising keys, see
// [descending]. The weight of a negative row is below zero.
type ranked struct {
	key    uint64
	weight float64
}

// rank sorts the rows from the highest score down, equal ones as they stand,
// and leaves out those without weight.
func (w Weights) rank(yTrue []int, score []float64) ([]ranked, error) {
	if len(yTrue) != len(score) || len(yTrue) == 0 {
		return nil, fmt.Errorf("metrics: %d labels and %d scores: both must be given, in equal number", len(yTrue), len(score))
	}
	if err := w.fit(len(yTrue)); err != nil {
		return nil, err
	}
	rows := make([]ranked, 0, len(yTrue))
	for i, y := range yTrue {
		s, weight := score[i], w.Row(i)
		if y != 0 && y != 1 {
			return nil, fmt.Errorf("metrics: label %d of row %d (counting from 0) is neither 0 nor 1", y, i)
		}
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("metrics: the score %v of row %d (counting from 0) is not finite", s, i)
		}
		if weight == 0 {
			continue
		}
		if y == 0 {
			weight = -weight
		}
		rows = append(rows, ranked{descending(s), weight})
	}
	return sortRanked(rows), nil
}

// eachThreshold takes each distinct score as a threshold, from the highest
// down, and tells how much weight of positive and of negative rows has at least
// that score.
func eachThreshold(rows []ranked, visit func(score, tp, fp float64)) {
	tp, fp := 0.0, 0.0
	for i, row := range rows {
		if row.weight > 0 {
			tp += row.weight
		} else {
			fp -= row.weight
		}
		if i+1 == len(rows) || rows[i+1].key != row.key {
			visit(scoreOf(row.key), tp, fp)
		}
	}
}
