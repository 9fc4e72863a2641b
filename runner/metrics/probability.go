package metrics

import (
	"fmt"
	"math"
)

// machineEpsilon is numpy.finfo(float64).eps, to which log_loss clips.
const machineEpsilon = 0x1p-52

// LogLoss is the mean negative logarithm of the true class's probability.
// proba is rows × classes, row by row; probabilities are kept 2⁻⁵² away from 0
// and 1, and taken as they are where a row does not sum to 1, as scikit-learn
// does. A binary model's single probability can be given through BinaryProba.
// Errors: lengths that do not fit, a label outside 0..classes-1, a probability
// that is not within 0..1.
func LogLoss(yTrue []int, proba []float64, classes int) (float64, error) {
	return Weights{}.LogLoss(yTrue, proba, classes)
}

// LogLoss weighs the rows.
func (w Weights) LogLoss(yTrue []int, proba []float64, classes int) (float64, error) {
	if err := w.checkProba(yTrue, proba, classes); err != nil {
		return 0, err
	}
	sum := total{}
	for i, y := range yTrue {
		p := max(machineEpsilon, min(1-machineEpsilon, proba[i*classes+y]))
		sum.add(-math.Log(p) * w.Row(i))
	}
	return sum.value() / w.Total(len(yTrue)), nil
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
func Brier(yTrue []int, positive []float64) (float64, error) { return Weights{}.Brier(yTrue, positive) }

// Brier weighs the rows.
func (w Weights) Brier(yTrue []int, positive []float64) (float64, error) {
	if err := w.checkPositive(yTrue, positive); err != nil {
		return 0, err
	}
	sum := total{}
	for i, y := range yTrue {
		d := positive[i] - float64(y)
		sum.add(d * d * w.Row(i))
	}
	return sum.value() / w.Total(len(yTrue)), nil
}

// BrierMulticlass is brier_score_loss of several classes: the mean over the
// rows of the squared differences of each class's probability and 1 for the
// true class, 0 for the others, summed over the classes. It lies within 0..2,
// for two classes halved to 0..1 as scikit-learn does. Errors as LogLoss's.
func BrierMulticlass(yTrue []int, proba []float64, classes int) (float64, error) {
	return Weights{}.BrierMulticlass(yTrue, proba, classes)
}

// BrierMulticlass weighs the rows.
func (w Weights) BrierMulticlass(yTrue []int, proba []float64, classes int) (float64, error) {
	if err := w.checkProba(yTrue, proba, classes); err != nil {
		return 0, err
	}
	sum := total{}
	for i, y := range yTrue {
		row := 0.0
		for k, p := range proba[i*classes : (i+1)*classes] {
			if k == y {
				p--
			}
			row += p * p
		}
		sum.add(row * w.Row(i))
	}
	if classes == 2 {
		return sum.value() / 2 / w.Total(len(yTrue)), nil
	}
	return sum.value() / w.Total(len(yTrue)), nil
}

func (w Weights) checkProba(yTrue []int, proba []float64, classes int) error {
	if classes < 2 {
		return fmt.Errorf("metrics: %d classes: at least 2 are needed", classes)
	}
	if len(yTrue) == 0 || len(proba) != len(yTrue)*classes {
		return fmt.Errorf("metrics: %d probabilities for %d rows of %d classes", len(proba), len(yTrue), classes)
	}
	if err := w.fit(len(yTrue)); err != nil {
		return err
	}
	if err := checkLabels(yTrue, classes); err != nil {
		return err
	}
	return checkProbabilities(proba, classes)
}

// checkPositive checks labels of 0 and 1 and probabilities of 1.
func (w Weights) checkPositive(yTrue []int, positive []float64) error {
	if len(yTrue) != len(positive) || len(yTrue) == 0 {
		return fmt.Errorf("metrics: %d labels and %d probabilities: both must be given, in equal number", len(yTrue), len(positive))
	}
	if err := w.fit(len(yTrue)); err != nil {
		return err
	}
	if err := checkLabels(yTrue, 2); err != nil {
		return err
	}
	return checkProbabilities(positive, 1)
}

func checkLabels(yTrue []int, classes int) error {
	for i, y := range yTrue {
		if y < 0 || y >= classes {
			return fmt.Errorf("metrics: label %d of row %d (counting from 0) is not within 0..%d", y, i, classes-1)
		}
	}
	return nil
}

func checkProbabilities(proba []float64, columns int) error {
	for i, p := range proba {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("metrics: probability %v of row %d (counting from 0) is not within 0..1", p, i/columns)
		}
	}
	return nil
}
