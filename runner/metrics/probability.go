package metrics

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// ErrOneClass says that the labels hold a single class, so that the score has no value.
var ErrOneClass = errors.New("metrics: the labels hold only one class")

// ROCAUC is the area under the ROC curve of a binary score: the share of pairs
// of a positive (1) and a negative (0) row in which the positive one has the
// higher score, ties counting half. Errors: ErrOneClass, a label that is not 0
// or 1, a score that is NaN, slices of different length.
func ROCAUC(yTrue []int, score []float64) (float64, error) {
	ranked, err := rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	area, positives, negatives := 0.0, 0.0, 0.0
	for _, tie := range ranked {
		area += tie.negative * (positives + tie.positive/2)
		positives += tie.positive
		negatives += tie.negative
	}
	if positives == 0 || negatives == 0 {
		return 0, ErrOneClass
	}
	return area / (positives * negatives), nil
}

// ROCAUCOneVsRest is roc_auc of several classes: the area under each class's
// ROC curve against all others, weighted by the class's rows; a class without
// rows has no weight. proba is rows × classes, row by row. Errors: ErrOneClass,
// and those of LogLoss.
func ROCAUCOneVsRest(yTrue []int, proba []float64, classes int) (float64, error) {
	if err := checkProba(yTrue, proba, classes); err != nil {
		return 0, err
	}
	rows := len(yTrue)
	isClass, score := make([]int, rows), make([]float64, rows)
	sum := 0.0
	for k := range classes {
		support := 0
		for i, y := range yTrue {
			isClass[i] = 0
			if y == k {
				isClass[i] = 1
				support++
			}
			score[i] = proba[i*classes+k]
		}
		if support == 0 {
			continue
		}
		area, err := ROCAUC(isClass, score)
		if err != nil {
			return 0, fmt.Errorf("class %d against the rest: %w", k, err)
		}
		sum += area * float64(support)
	}
	return sum / float64(rows), nil
}

// AveragePrecision is the mean of the precisions at each score's threshold,
// weighted by the recall that the threshold adds. It is 0 where no row is
// positive. Errors: a label that is not 0 or 1, a score that is NaN, slices of
// different length.
func AveragePrecision(yTrue []int, score []float64) (float64, error) {
	ranked, err := rank(yTrue, score)
	if err != nil {
		return 0, err
	}
	sum, positives, seen := 0.0, 0.0, 0.0
	for _, tie := range ranked {
		positives += tie.positive
		seen += tie.positive + tie.negative
		sum += tie.positive * (positives / seen)
	}
	if positives == 0 {
		return 0, nil
	}
	return sum / positives, nil
}

// tie counts the rows of one score.
type tie struct{ positive, negative float64 }

// rank counts positives and negatives by score, from the highest score down.
func rank(yTrue []int, score []float64) ([]tie, error) {
	if len(yTrue) != len(score) || len(yTrue) == 0 {
		return nil, fmt.Errorf("metrics: %d labels and %d scores: both must be given, in equal number", len(yTrue), len(score))
	}
	order := make([]int, len(yTrue))
	for i, y := range yTrue {
		if y != 0 && y != 1 {
			return nil, fmt.Errorf("metrics: label %d of row %d (counting from 0) is neither 0 nor 1", y, i)
		}
		if math.IsNaN(score[i]) {
			return nil, fmt.Errorf("metrics: the score of row %d (counting from 0) is NaN", i)
		}
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return score[order[a]] > score[order[b]] })
	var ranked []tie
	for i, row := range order {
		if i == 0 || score[row] != score[order[i-1]] {
			ranked = append(ranked, tie{})
		}
		if yTrue[row] == 1 {
			ranked[len(ranked)-1].positive++
		} else {
			ranked[len(ranked)-1].negative++
		}
	}
	return ranked, nil
}

// machineEpsilon is numpy.finfo(float64).eps, to which log_loss clips.
const machineEpsilon = 0x1p-52

// LogLoss is the mean negative logarithm of the true class's probability.
// proba is rows × classes, row by row; each row is divided by its sum, and
// probabilities are kept 2⁻⁵² away from 0 and 1, as scikit-learn does. A binary
// model's single probability can be given through BinaryProba. Errors: lengths
// that do not fit, a label outside 0..classes-1, a probability that is not
// within 0..1.
func LogLoss(yTrue []int, proba []float64, classes int) (float64, error) {
	if err := checkProba(yTrue, proba, classes); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range yTrue {
		total := 0.0
		for _, p := range proba[i*classes : (i+1)*classes] {
			total += p
		}
		p := max(machineEpsilon, min(1-machineEpsilon, proba[i*classes+y]))
		if total != 1 && total > 0 {
			p = max(machineEpsilon, min(1-machineEpsilon, proba[i*classes+y]/total))
		}
		sum -= math.Log(p)
	}
	return sum / float64(len(yTrue)), nil
}

// BinaryProba turns probabilities of class 1 into rows × 2 probabilities.
func BinaryProba(positive []float64) []float64 {
	proba := make([]float64, 2*len(positive))
	for i, p := range positive {
		proba[2*i], proba[2*i+1] = 1-p, p
	}
	return proba
}

// Brier is brier_score_loss: the mean squared difference of the probability of
// class 1 and the label, 0 or 1. Errors as LogLoss's.
func Brier(yTrue []int, positive []float64) (float64, error) {
	if len(yTrue) != len(positive) {
		return 0, fmt.Errorf("metrics: %d labels and %d probabilities", len(yTrue), len(positive))
	}
	if err := checkProba(yTrue, BinaryProba(positive), 2); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, y := range yTrue {
		d := positive[i] - float64(y)
		sum += d * d
	}
	return sum / float64(len(yTrue)), nil
}

func checkProba(yTrue []int, proba []float64, classes int) error {
	if classes < 2 {
		return fmt.Errorf("metrics: %d classes: at least 2 are needed", classes)
	}
	if len(yTrue) == 0 || len(proba) != len(yTrue)*classes {
		return fmt.Errorf("metrics: %d probabilities for %d rows of %d classes", len(proba), len(yTrue), classes)
	}
	for i, y := range yTrue {
		if y < 0 || y >= classes {
			return fmt.Errorf("metrics: label %d of row %d (counting from 0) is not within 0..%d", y, i, classes-1)
		}
	}
	for i, p := range proba {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("metrics: probability %v of row %d (counting from 0) is not within 0..1", p, i/classes)
		}
	}
	return nil
}
