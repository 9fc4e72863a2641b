package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
)

var residualQuantiles = [...]float64{0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1}

func regressionPart(truth Truth, p Prediction, seed uint64) *RegressionPart {
	residuals := make([]float64, len(truth.Values))
	for i, y := range truth.Values {
		residuals[i] = y - p.Values[i]
	}
	slices.Sort(residuals)
	part := &RegressionPart{Histogram: histogram(residuals), Points: points(truth.Values, p.Values, seed)}
	part.Residuals.Mean, part.Residuals.Std = stat.PopMeanStdDev(residuals, nil)
	for _, q := range residualQuantiles {
		part.Residuals.Quantiles = append(part.Residuals.Quantiles, Quantile{q, quantile(residuals, q)})
	}
	return part
}

// quantile interpolates linearly, as numpy.quantile does.
func quantile(sorted []float64, q float64) float64 {
	position := q * float64(len(sorted)-1)
	below := min(int(position), len(sorted)-1)
	above := min(below+1, len(sorted)-1)
	t := position - float64(below)
	return sorted[below]*(1-t) + sorted[above]*t
}

// histogram cuts bins as wide as Freedman and Diaconis (1981) have them, from 10
// to MaxHistogramBins. Where a few residuals are so far out that the others would
// fall into few bins, the bins end 5 interquartile ranges beyond the quartiles.
func histogram(sorted []float64) Histogram {
	low, high := sorted[0], sorted[len(sorted)-1]
	lower, upper := quantile(sorted, 0.25), quantile(sorted, 0.75)
	spread := upper - lower
	if spread > 0 {
		low, high = max(low, lower-5*spread), min(high, upper+5*spread)
	}
	bins := 10
	if width := 2 * spread / math.Cbrt(float64(len(sorted))); width > 0 {
		bins = int(max(10, min(MaxHistogramBins, math.Ceil((high-low)/width))))
	}
	if !(high > low) || edge(low, high, 1, bins) <= low || edge(low, high, bins-1, bins) >= high {
		// All residuals are the same, or differ by less than bins can tell.
		half := max(0.5, math.Abs(low)*1e-6)
		low, high, bins = low-half, low+half, 1
	}
	h := Histogram{Counts: make([]int, bins)}
	for i := range bins + 1 {
		h.Edges = append(h.Edges, edge(low, high, i, bins))
	}
	for _, r := range sorted {
		switch {
		case r < low:
			h.Below++
		case r > high:
			h.Above++
		default:
			h.Counts[max(0, min(bins, sort.Search(bins+1, func(i int) bool { return h.Edges[i] > r }))-1)]++
		}
	}
	return h
}

func edge(low, high float64, i, bins int) float64 {
	t := float64(i) / float64(bins)
	return low*(1-t) + high*t
}

// points draws rows without putting them back, all of them where they are few.
func points(yTrue, yPred []float64, seed uint64) Points {
	rows := make([]int, len(yTrue))
	for i := range rows {
		rows[i] = i
	}
	if len(rows) > MaxResidualPoints {
		draw := rand.New(rand.NewPCG(seed, 0))
		for i := range MaxResidualPoints {
			j := i + draw.IntN(len(rows)-i)
			rows[i], rows[j] = rows[j], rows[i]
		}
		rows = rows[:MaxResidualPoints]
		slices.Sort(rows)
	}
	var p Points
	for _, row := range rows {
		p.True, p.Predicted = append(p.True, yTrue[row]), append(p.Predicted, yPred[row])
	}
	return p
}
