package metrics

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Strategy is how a calibration curve's bins are cut.
type Strategy string

// The strategies, by scikit-learn's names.
const (
	Uniform  Strategy = "uniform"  // bins of equal width from 0 to 1
	Quantile Strategy = "quantile" // bins of about equally many rows
)

// Calibration compares the probabilities of a model with what came true. Bins
// without rows are left out, so that there may be fewer than were asked for.
type Calibration struct {
	ProbTrue []float64 // the share of positive rows in each bin
	ProbPred []float64 // the mean probability of each bin's rows
	Weight   []float64 // the rows of each bin, or their weights' sum
}

// CalibrationCurve is scikit-learn's calibration_curve of the probability of
// class 1. bins is at least 1. A probability on the edge of two bins is in the
// lower one. Errors as Brier's, and an unknown strategy.
func CalibrationCurve(yTrue []int, positive []float64, bins int, strategy Strategy) (Calibration, error) {
	return Weights{}.CalibrationCurve(yTrue, positive, bins, strategy)
}

// CalibrationCurve weighs the rows within the bins, which scikit-learn does not
// offer; the bins' edges do not depend on the weights.
func (w Weights) CalibrationCurve(yTrue []int, positive []float64, bins int, strategy Strategy) (Calibration, error) {
	if err := w.checkPositive(yTrue, positive); err != nil {
		return Calibration{}, err
	}
	if bins < 1 {
		return Calibration{}, fmt.Errorf("metrics: %d bins: at least 1 is needed", bins)
	}
	edges := make([]float64, 0, bins-1)
	switch strategy {
	case Uniform:
		for i := 1; i < bins; i++ {
			edges = append(edges, float64(i)*(1/float64(bins)))
		}
	case Quantile:
		sorted := slices.Clone(positive)
		slices.Sort(sorted)
		for i := 1; i < bins; i++ {
			edges = append(edges, quantile(sorted, float64(i)*(1/float64(bins))*100/100))
		}
	default:
		return Calibration{}, fmt.Errorf("metrics: unknown strategy %q of a calibration curve; known: %s, %s", strategy, Quantile, Uniform)
	}
	came, said, weight := make([]float64, bins), make([]float64, bins), make([]float64, bins)
	for i, p := range positive {
		bin, row := sort.SearchFloat64s(edges, p), w.Row(i)
		came[bin] += row * float64(yTrue[i])
		said[bin] += row * p
		weight[bin] += row
	}
	var c Calibration
	for bin, sum := range weight {
		if sum > 0 {
			c.ProbTrue = append(c.ProbTrue, came[bin]/sum)
			c.ProbPred = append(c.ProbPred, said[bin]/sum)
			c.Weight = append(c.Weight, sum)
		}
	}
	return c, nil
}

// quantile interpolates as numpy.quantile does, to the bit: rows of equal
// probability must not fall into two bins by a rounding of the edge. The
// conversions keep the compiler from fusing a product and a sum.
func quantile(sorted []float64, q float64) float64 {
	position := float64(len(sorted)-1) * q
	below := int(math.Floor(position))
	if below >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	a, b, t := sorted[below], sorted[below+1], position-float64(below)
	if t >= 0.5 {
		return b - float64((b-a)*(1-t))
	}
	return a + float64((b-a)*t)
}
