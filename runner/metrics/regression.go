package metrics

import (
	"cmp"
	"math"
	"slices"
)

// meanOver is the mean of a loss over the rows.
func (w Weights) meanOver(yTrue, yPred []float64, loss func(y, p float64) float64) float64 {
	w.sameLength(len(yTrue), len(yPred))
	sum := total{}
	for i, y := range yTrue {
		sum.add(loss(y, yPred[i]) * w.Row(i))
	}
	return sum.value() / w.Total(len(yTrue))
}

// MSE is the mean squared error.
func MSE(yTrue, yPred []float64) float64 { return Weights{}.MSE(yTrue, yPred) }

// MSE weighs the rows.
func (w Weights) MSE(yTrue, yPred []float64) float64 {
	return w.meanOver(yTrue, yPred, func(y, p float64) float64 { return (y - p) * (y - p) })
}

// RMSE is the square root of MSE, in the target's unit.
func RMSE(yTrue, yPred []float64) float64 { return Weights{}.RMSE(yTrue, yPred) }

// RMSE weighs the rows.
func (w Weights) RMSE(yTrue, yPred []float64) float64 { return math.Sqrt(w.MSE(yTrue, yPred)) }

// MAE is the mean absolute error, in the target's unit.
func MAE(yTrue, yPred []float64) float64 { return Weights{}.MAE(yTrue, yPred) }

// MAE weighs the rows.
func (w Weights) MAE(yTrue, yPred []float64) float64 {
	return w.meanOver(yTrue, yPred, func(y, p float64) float64 { return math.Abs(y - p) })
}

// MAPE is the mean absolute error relative to the true value, where a true
// value nearer to 0 than 2⁻⁵² counts as that: one true zero makes it huge.
func MAPE(yTrue, yPred []float64) float64 { return Weights{}.MAPE(yTrue, yPred) }

// MAPE weighs the rows.
func (w Weights) MAPE(yTrue, yPred []float64) float64 {
	return w.meanOver(yTrue, yPred, func(y, p float64) float64 {
		return math.Abs(y-p) / max(machineEpsilon, math.Abs(y))
	})
}

// MaxError is the largest absolute error, in the target's unit. As in
// scikit-learn it knows no weights.
func MaxError(yTrue, yPred []float64) float64 {
	return slices.Max(absoluteErrors(Weights{}, yTrue, yPred))
}

// MedianAbsoluteError is the median of the absolute errors.
func MedianAbsoluteError(yTrue, yPred []float64) float64 {
	return Weights{}.MedianAbsoluteError(yTrue, yPred)
}

// MedianAbsoluteError is the absolute error that half of the weight does not
// exceed; where that leaves a range, its middle.
func (w Weights) MedianAbsoluteError(yTrue, yPred []float64) float64 {
	distance := absoluteErrors(w, yTrue, yPred)
	if w.Given() {
		return w.median(distance)
	}
	slices.Sort(distance)
	middle := len(distance) / 2
	if len(distance)%2 == 1 {
		return distance[middle]
	}
	return (distance[middle-1] + distance[middle]) / 2
}

func absoluteErrors(w Weights, yTrue, yPred []float64) []float64 {
	w.sameLength(len(yTrue), len(yPred))
	distance := make([]float64, len(yTrue))
	for i, y := range yTrue {
		distance[i] = math.Abs(y - yPred[i])
	}
	return distance
}

// median is the averaged inverted distribution function at one half, as
// scikit-learn's _weighted_percentile (Hyndman and Fan 1996). Whether a row ends
// exactly at one half is told up to rounding, so that the order in which equal
// rows are summed does not decide it.
func (w Weights) median(v []float64) float64 {
	var order []int
	sum := total{}
	for i := range v {
		if w.Row(i) > 0 {
			order = append(order, i)
			sum.add(w.Row(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	half, slack := sum.value()/2, sum.value()*1e-12
	at, below := 0, total{}
	for ; at < len(order)-1; at++ {
		below.add(w.Row(order[at]))
		if below.value() >= half-slack {
			break
		}
	}
	next := min(at+1, len(order)-1)
	if below.value() > half+slack {
		next = at
	}
	return (v[order[at]] + v[order[next]]) / 2
}

// R2Score is the share of the target's variance that the prediction explains:
// 1 is perfect, 0 as good as the mean, and negative worse. For a target without
// variance it is 1 where the prediction is exact and else 0. For a single row
// it is NaN.
func R2Score(yTrue, yPred []float64) float64 { return Weights{}.R2Score(yTrue, yPred) }

// R2Score weighs the rows.
func (w Weights) R2Score(yTrue, yPred []float64) float64 {
	w.sameLength(len(yTrue), len(yPred))
	if len(yTrue) < 2 {
		return math.NaN()
	}
	return explained(w.MSE(yTrue, yPred), w.variance(yTrue))
}

// ExplainedVariance is R2Score without regard to a constant offset of the
// prediction, with the same values for a target without variance.
func ExplainedVariance(yTrue, yPred []float64) float64 {
	return Weights{}.ExplainedVariance(yTrue, yPred)
}

// ExplainedVariance weighs the rows.
func (w Weights) ExplainedVariance(yTrue, yPred []float64) float64 {
	w.sameLength(len(yTrue), len(yPred))
	residual := make([]float64, len(yTrue))
	for i, y := range yTrue {
		residual[i] = y - yPred[i]
	}
	return explained(w.variance(residual), w.variance(yTrue))
}

func explained(left, whole float64) float64 {
	switch {
	case whole != 0:
		return 1 - left/whole
	case left == 0:
		return 1
	}
	return 0
}

// variance is 0 for equal values, even where their mean is rounded.
func (w Weights) variance(v []float64) float64 {
	if slices.Min(v) == slices.Max(v) {
		return 0
	}
	n, sum := w.Total(len(v)), total{}
	for i, x := range v {
		sum.add(x * w.Row(i))
	}
	center, squares := sum.value()/n, total{}
	for i, x := range v {
		squares.add((x - center) * (x - center) * w.Row(i))
	}
	return squares.value() / n
}
