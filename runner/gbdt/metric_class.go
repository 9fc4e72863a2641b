package gbdt

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

func binaryLogLoss(y, p float64) float64 {
	if y <= 0 {
		p = 1 - p
	}
	return -math.Log(max(kEpsilon, p))
}

func binaryError(y, p float64) float64 { return oneIf((p > 0.5) != (y > 0)) }

func crossEntropyMetric(y, p float64) float64 {
	const smallest = 1e-12
	return -(y*math.Log(max(smallest, p)) + (1-y)*math.Log(max(smallest, 1-p)))
}

func multiLogLoss(y float64, p []float64) float64 {
	return -math.Log(max(kEpsilon, p[int(y)]))
}

// multiErrorMetric counts a row as wrong unless its class is among the
// multi_error_top_k likeliest; equal ones count as likelier, as in LightGBM.
func multiErrorMetric(name string, higherBetter bool, p *Params) []metric {
	top := p.MultiErrorTopK
	if top > 1 {
		name = fmt.Sprintf("%s@%d", name, top)
	}
	return []metric{{name, higherBetter, meanOfRows(func(y float64, p []float64) float64 {
		likelier := 0
		for k := range p {
			if k != int(y) && p[k] >= p[int(y)] {
				likelier++
			}
		}
		return oneIf(likelier >= top)
	})}}
}

// classWeights are the summed weights of rows with one score.
type classWeights struct{ positive, negative float64 }

// eachScore calls f for each distinct raw score, from the highest on. Raw, because
// a sigmoid rounds high scores to the same 1.
func (e *evaluation) eachScore(f func(tied classWeights)) {
	order := byScore(e.raw)
	for i := 0; i < len(order); {
		var tied classWeights
		j := i
		for ; j < len(order) && e.raw[order[j]] == e.raw[order[i]]; j++ {
			if w := weightOf(e.weight, order[j]); e.label[order[j]] > 0 {
				tied.positive += w
			} else {
				tied.negative += w
			}
		}
		f(tied)
		i = j
	}
}

// areaUnderCurve is the weighted share of pairs of a positive and a negative
// row that the score orders rightly; ties count half. It is 1 where one
// of the classes is absent, as in LightGBM.
func areaUnderCurve(e *evaluation) float64 {
	area := 0.0
	var above classWeights
	e.eachScore(func(tied classWeights) {
		area += float64(tied.negative * (above.positive + tied.positive/2))
		above.positive += tied.positive
		above.negative += tied.negative
	})
	if above.positive == 0 || above.negative == 0 {
		return 1
	}
	return area / (above.positive * above.negative)
}

// averagePrecision is the mean, over positive rows, of the share of positives
// among the rows that score at least as high. It is 1 where one of the
// classes is absent, as in LightGBM.
func averagePrecision(e *evaluation) float64 {
	sum := 0.0
	var above classWeights
	e.eachScore(func(tied classWeights) {
		above.positive += tied.positive
		above.negative += tied.negative
		if above.positive+above.negative > 0 {
			sum += float64(tied.positive * (above.positive / (above.positive + above.negative)))
		}
	})
	if above.positive == 0 || above.negative == 0 {
		return 1
	}
	return sum / above.positive
}

// aucMuMetric is the mean over pairs of classes of the AUC between them, each
// along the line that separates the two (Kleiman and Page, "AUCμ: A Performance
// Metric for Multi-Class Machine Learning Models", ICML 2019).
func aucMuMetric(name string, higherBetter bool, p *Params) []metric {
	costs := p.AUCMuWeights
	if len(costs) == 0 {
		costs = make([]float64, p.NumClass*p.NumClass)
		for i := range costs {
			costs[i] = oneIf(i/p.NumClass != i%p.NumClass)
		}
	}
	return []metric{{name, higherBetter, func(e *evaluation) float64 {
		classes, sum := e.outputs, 0.0
		for i := range classes {
			for j := i + 1; j < classes; j++ {
				sum += e.pairAUC(i, j, costs[i*classes:(i+1)*classes], costs[j*classes:(j+1)*classes])
			}
		}
		return 2 * sum / float64(classes*(classes-1))
	}}}
}

// pairAUC is the AUC between two classes.
func (e *evaluation) pairAUC(first, second int, firstCosts, secondCosts []float64) float64 {
	line := make([]float64, e.outputs)
	for k := range line {
		line[k] = firstCosts[k] - secondCosts[k]
	}
	sign := line[first] - line[second]
	type point struct {
		distance, weight float64
		first            bool
	}
	var points []point
	var total [2]float64
	for row, y := range e.label {
		if int(y) != first && int(y) != second {
			continue
		}
		distance := 0.0
		for k, v := range line {
			distance += float64(v * e.raw[row*e.outputs+k])
		}
		p := point{sign * distance, weightOf(e.weight, row), int(y) == first}
		points = append(points, p)
		total[int(oneIf(p.first))] += p.weight
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.distance, b.distance) })
	area, below := 0.0, 0.0
	for i := 0; i < len(points); {
		var tied [2]float64
		j := i
		for ; j < len(points) && points[j].distance-points[i].distance < kEpsilon; j++ {
			tied[int(oneIf(points[j].first))] += points[j].weight
		}
		area += float64(tied[1] * (below + tied[0]/2))
		below += tied[0]
		i = j
	}
	if total[0] == 0 || total[1] == 0 {
		return 1
	}
	return area / (total[0] * total[1])
}
