package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrOneDocument says that no query has two documents to rank.
var ErrOneDocument = errors.New("metrics: ndcg needs a query of at least 2 documents")

// NDCG is ndcg_score: the discounted cumulative gain of ranking each query's
// documents by score, divided by the largest possible one, averaged over the
// queries. yTrue are relevances of at least 0 and the gain is the relevance
// itself; equal scores share their ranks' discounts (McSherry and Najork 2008).
// A query without a relevant document has 0.
//
// group gives the number of documents of each query, whose rows stand together,
// as LightGBM's query data does; nil is one query. Only the first k ranks
// count; k of 0 is all of them. Errors: lengths that do not fit, a relevance
// below 0, a number that is not finite, ErrOneDocument.
func NDCG(yTrue, score []float64, group []int, k int) (float64, error) {
	return Weights{}.NDCG(yTrue, score, group, k)
}

// NDCG weighs the queries: there is one weight a query.
func (w Weights) NDCG(yTrue, score []float64, group []int, k int) (float64, error) {
	if group == nil {
		group = []int{len(yTrue)}
	}
	if err := w.checkQueries(yTrue, score, group, k); err != nil {
		return 0, err
	}
	sum, start := total{}, 0
	for q, size := range group {
		relevance := yTrue[start : start+size]
		if best := dcg(relevance, relevance, k); best > 0 {
			sum.add(dcg(relevance, score[start:start+size], k) / best * w.Row(q))
		}
		start += size
	}
	return sum.value() / w.Total(len(group)), nil
}

func (w Weights) checkQueries(yTrue, score []float64, group []int, k int) error {
	if len(yTrue) != len(score) || len(yTrue) == 0 {
		return fmt.Errorf("metrics: %d relevances and %d scores: both must be given, in equal number", len(yTrue), len(score))
	}
	if k < 0 {
		return fmt.Errorf("metrics: ndcg at rank %d: it must be at least 1, or 0 for all ranks", k)
	}
	rows := 0
	for q, size := range group {
		if size < 1 || size > len(yTrue)-rows {
			return fmt.Errorf("metrics: query %d (counting from 0) has %d documents and %d rows are left: give each query at least 1 and all of them %d together", q, size, len(yTrue)-rows, len(yTrue))
		}
		rows += size
	}
	if rows != len(yTrue) {
		return fmt.Errorf("metrics: the queries have %d documents together and there are %d rows", rows, len(yTrue))
	}
	if slices.Max(group) < 2 {
		return ErrOneDocument
	}
	if w.Given() && len(w.of) != len(group) {
		return fmt.Errorf("metrics: %d weights for %d queries", len(w.of), len(group))
	}
	for i, y := range yTrue {
		if !(y >= 0) || math.IsInf(y, 0) {
			return fmt.Errorf("metrics: the relevance %v of row %d (counting from 0) is not a finite number of at least 0", y, i)
		}
		if math.IsNaN(score[i]) || math.IsInf(score[i], 0) {
			return fmt.Errorf("metrics: the score %v of row %d (counting from 0) is not finite", score[i], i)
		}
	}
	return nil
}

// dcg is the discounted cumulative gain of the order that score gives.
func dcg(relevance, score []float64, k int) float64 {
	rows := make([]rankedRow, len(score))
	for i, s := range score {
		rows[i] = rankedRow{descending(s), relevance[i]}
	}
	rows = sortRanked(rows)
	gain, gains, discount, first := 0.0, 0.0, 0.0, 0
	for i, row := range rows {
		gains += row.weight
		if k == 0 || i < k {
			discount += 1 / math.Log2(float64(i)+2)
		}
		if i+1 == len(rows) || rows[i+1].key != row.key {
			gain += gains / float64(i+1-first) * discount
			gains, discount, first = 0, 0, i+1
		}
	}
	return gain
}
