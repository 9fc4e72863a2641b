package metrics

import (
	"math"
	"slices"
)

// meanOver is the mean of a loss over the rows.
func meanOver(yTrue, yPred []float64, loss func(y, p float64) float64) float64 {
	sameLength(len(yTrue), len(yPred))
	sum := 0.0
	for i, y := range yTrue {
		sum += loss(y, yPred[i])
	}
	return sum / float64(len(yTrue))
}

// MSE is the mean squared error.
func MSE(yTrue, yPred []float64) float64 {
	return meanOver(yTrue, yPred, func(y, p float64) float64 { return (y - p) * (y - p) })
}

// RMSE is the square root of MSE, in the target's unit.
func RMSE(yTrue, yPred []float64) float64 { return math.Sqrt(MSE(yTrue, yPred)) }

// MAE is the mean absolute error, in the target's unit.
func MAE(yTrue, yPred []float64) float64 {
	return meanOver(yTrue, yPred, func(y, p float64) float64 { return math.Abs(y - p) })
}

// MAPE is the mean absolute error relative to the true value, where a true
// value nearer to 0 than 2⁻⁵² counts as that: one true zero makes it huge.
func MAPE(yTrue, yPred []float64) float64 {
	return meanOver(yTrue, yPred, func(y, p float64) float64 {
		return math.Abs(y-p) / max(machineEpsilon, math.Abs(y))
	})
}

// MedianAbsoluteError is the median of the absolute errors.
func MedianAbsoluteError(yTrue, yPred []float64) float64 {
	sameLength(len(yTrue), len(yPred))
	errors := make([]float64, len(yTrue))
	for i, y := range yTrue {
		errors[i] = math.Abs(y - yPred[i])
	}
	slices.Sort(errors)
	middle := len(errors) / 2
	if len(errors)%2 == 1 {
		return errors[middle]
	}
	return (errors[middle-1] + errors[middle]) / 2
}

// R2Score is the share of the target's variance that the prediction explains:
// 1 is perfect, 0 as good as the mean, and negative worse. For a target without
// variance it is 1 where the prediction is exact and else 0. For a single row
// it is NaN.
func R2Score(yTrue, yPred []float64) float64 {
	sameLength(len(yTrue), len(yPred))
	if len(yTrue) < 2 {
		return math.NaN()
	}
	center := mean(yTrue)
	left, total := 0.0, 0.0
	for i, y := range yTrue {
		left += (y - yPred[i]) * (y - yPred[i])
		total += (y - center) * (y - center)
	}
	return explained(left, total)
}

// ExplainedVariance is R2Score without regard to a constant offset of the
// prediction, with the same values for a target without variance.
func ExplainedVariance(yTrue, yPred []float64) float64 {
	sameLength(len(yTrue), len(yPred))
	residual := make([]float64, len(yTrue))
	for i, y := range yTrue {
		residual[i] = y - yPred[i]
	}
	return explained(variance(residual), variance(yTrue))
}

func explained(left, total float64) float64 {
	switch {
	case total != 0:
		return 1 - left/total
	case left == 0:
		return 1
	}
	return 0
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func variance(v []float64) float64 {
	center, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - center) * (x - center)
	}
	return sum / float64(len(v))
}
