package gbdt

import "fmt"

// atPositions makes one metric for each position of eval_at.
func atPositions(value func(e *evaluation, query, k int, gain []float64) float64) func(string, bool, *Params) []metric {
	return func(name string, higherBetter bool, p *Params) []metric {
		gain := p.gains()
		var metrics []metric
		for _, k := range p.EvalAt {
			metrics = append(metrics, metric{fmt.Sprintf("%s@%d", name, k), higherBetter, func(e *evaluation) float64 {
				return e.meanOfQueries(func(query int) float64 { return value(e, query, k, gain) })
			}})
		}
		return metrics
	}
}

// meanOfQueries weighs each query with the mean weight of its rows.
func (e *evaluation) meanOfQueries(value func(query int) float64) float64 {
	sum, total := 0.0, 0.0
	for q := range len(e.groups) - 1 {
		weight := 0.0
		for row := e.groups[q]; row < e.groups[q+1]; row++ {
			weight += weightOf(e.weight, row)
		}
		weight /= float64(e.groups[q+1] - e.groups[q])
		sum += float64(weight * value(q))
		total += weight
	}
	return sum / total
}

// order gives a query's rows, counted within it, from the highest score on.
func (e *evaluation) order(query int) []int {
	if e.orders == nil {
		e.orders = make([][]int, len(e.groups)-1)
	}
	if e.orders[query] == nil {
		e.orders[query] = byScore(e.raw[e.groups[query]:e.groups[query+1]])
	}
	return e.orders[query]
}

// ndcgAt is the discounted cumulative gain of a query's first k rows relative
// to the best that is possible; 1 where nothing can be gained.
func ndcgAt(e *evaluation, query, k int, gain []float64) float64 {
	label := e.label[e.groups[query]:e.groups[query+1]]
	best := bestDCG(label, gain, k)
	if best <= 0 {
		return 1
	}
	sum := 0.0
	for rank, at := range e.order(query)[:min(k, len(label))] {
		sum += gain[int(label[at])] * discount(rank)
	}
	return sum / best
}

// mapAt is the mean, over the relevant rows among a query's first k, of the
// share of relevant rows down to each; labels above 0.5 are relevant.
func mapAt(e *evaluation, query, k int, _ []float64) float64 {
	label := e.label[e.groups[query]:e.groups[query+1]]
	relevant := 0
	for _, y := range label {
		relevant += int(oneIf(y > 0.5))
	}
	if relevant == 0 {
		return 1
	}
	k = min(k, len(label))
	hits, sum := 0, 0.0
	for rank, at := range e.order(query)[:k] {
		if label[at] > 0.5 {
			hits++
			sum += float64(hits) / float64(rank+1)
		}
	}
	return sum / float64(min(relevant, k))
}
