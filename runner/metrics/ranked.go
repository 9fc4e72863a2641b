package metrics

import (
	"fmt"
	"math"
)

// Ranked has the rows of a binary score in the score's order: sorted once, they
// give every figure and curve that needs the order.
type Ranked struct{ rows []rankedRow }

// rankedRow is a row by its score: descending scores have rising keys, see
// [descending]. The weight of a negative row is below zero.
type rankedRow struct {
	key    uint64
	weight float64
}

// Rank sorts the rows of labels of 0 and 1 from the highest score down, equal
// ones as they stand. Rows without weight are left out. Errors: a label that is
// not 0 or 1, a score that is not finite, slices of different length.
func (w Weights) Rank(yTrue []int, score []float64) (Ranked, error) {
	if len(yTrue) != len(score) || len(yTrue) == 0 {
		return Ranked{}, fmt.Errorf("metrics: %d labels and %d scores: both must be given, in equal number", len(yTrue), len(score))
	}
	if err := w.fit(len(yTrue)); err != nil {
		return Ranked{}, err
	}
	rows := make([]rankedRow, 0, len(yTrue))
	for i, y := range yTrue {
		s, weight := score[i], w.Row(i)
		if y != 0 && y != 1 {
			return Ranked{}, fmt.Errorf("metrics: label %d of row %d (counting from 0) is neither 0 nor 1", y, i)
		}
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return Ranked{}, fmt.Errorf("metrics: the score %v of row %d (counting from 0) is not finite", s, i)
		}
		if weight == 0 {
			continue
		}
		if y == 0 {
			weight = -weight
		}
		rows = append(rows, rankedRow{descending(s), weight})
	}
	return Ranked{sortRanked(rows)}, nil
}

// eachThreshold takes each distinct score as a threshold, from the highest
// down, and tells how much weight of positive and of negative rows has at least
// that score.
func (r Ranked) eachThreshold(visit func(score, tp, fp float64)) {
	tp, fp := 0.0, 0.0
	for i, row := range r.rows {
		if row.weight > 0 {
			tp += row.weight
		} else {
			fp -= row.weight
		}
		if i+1 == len(r.rows) || r.rows[i+1].key != row.key {
			visit(scoreOf(row.key), tp, fp)
		}
	}
}

// ROCAUC is the function of the same name. Error: ErrOneClass.
func (r Ranked) ROCAUC() (float64, error) {
	area, positive, negative := total{}, 0.0, 0.0
	r.eachThreshold(func(_, tp, fp float64) {
		area.add((fp - negative) * (positive + tp) / 2)
		positive, negative = tp, fp
	})
	if positive == 0 || negative == 0 {
		return 0, ErrOneClass
	}
	return area.value() / positive / negative, nil
}

// AveragePrecision is the function of the same name.
func (r Ranked) AveragePrecision() float64 {
	sum, positive := total{}, 0.0
	r.eachThreshold(func(_, tp, fp float64) {
		sum.add((tp - positive) * (tp / (tp + fp)))
		positive = tp
	})
	if positive == 0 {
		return 0
	}
	return sum.value() / positive
}
