package training

import (
	"cmp"
	"math"
	"slices"
)

// ndcgPositions are the lengths of the tops of lists that a ranking is judged by,
// besides whole lists.
var ndcgPositions = []int{5, 10}

// ndcg is the mean over queries of the discounted cumulative gain of the first k
// rows (0: all) by their scores, relative to the best order's (Järvelin and
// Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002). A row of
// label l gains 2^l − 1, at position i from 1 divided by log2(i+1). Equal scores
// share the gains of their positions, so that the order of rows does not count
// (McSherry and Najork, "Computing information retrieval performance measures
// efficiently in the presence of tied scores", 2008). A query without any gain
// counts 1, as LightGBM's.
func ndcg(truth Data, scores []float64, k int) float64 {
	sum, start := 0.0, 0
	for _, size := range truth.Groups {
		sum += ndcgOfQuery(truth.Values[start:start+size], scores[start:start+size], k)
		start += size
	}
	return sum / float64(len(truth.Groups))
}

func ndcgOfQuery(labels, scores []float64, k int) float64 {
	if k <= 0 || k > len(labels) {
		k = len(labels)
	}
	top := slices.Max(labels)
	if top <= 0 {
		return 1
	}
	// All gains are taken 2^top times smaller, so that none overflows.
	gain := func(row int) float64 { return math.Exp2(labels[row]-top) - math.Exp2(-top) }
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(labels[b], labels[a]) })
	best := 0.0
	for i, row := range order[:k] {
		best += gain(row) / math.Log2(float64(i+2))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	sum := 0.0
	for from := 0; from < k; {
		to, gains, discounts := from, 0.0, 0.0
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			gains += gain(order[to])
			if to < k {
				discounts += 1 / math.Log2(float64(to+2))
			}
		}
		sum += gains / float64(to-from) * discounts
		from = to
	}
	return sum / best
}
