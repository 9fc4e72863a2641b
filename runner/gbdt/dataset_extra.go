package gbdt

import (
	"fmt"
	"slices"
)

// SetGroups says which rows form a query, for ranking: sizes are the numbers of
// consecutive rows, in the order of the rows. Call it before training.
func (d *Dataset) SetGroups(sizes []int) error {
	bounds := []int{0}
	for i, size := range sizes {
		last := bounds[len(bounds)-1]
		if size <= 0 || size > d.rows-last {
			return fmt.Errorf("gbdt: query %d (counting from 0) has %d rows, where %d are left: sizes must be positive and add up to the %d rows", i, size, d.rows-last, d.rows)
		}
		bounds = append(bounds, last+size)
	}
	if last := bounds[len(bounds)-1]; last != d.rows {
		return fmt.Errorf("gbdt: the queries have %d rows, the data has %d", last, d.rows)
	}
	d.groups = bounds
	return nil
}

// SetInitScore sets the raw scores that training starts from: one value a row
// and output, output by output (that of row r for output k at k*rows+r). They
// are no part of the model: add them to its raw predictions. With them,
// boost_from_average has no effect. Call it before training.
func (d *Dataset) SetInitScore(score []float64) error {
	if len(score) == 0 || len(score)%d.rows != 0 {
		return fmt.Errorf("gbdt: %d initial scores for %d rows: there must be one a row and output", len(score), d.rows)
	}
	for i, v := range score {
		if !finite(v) {
			return fmt.Errorf("gbdt: the initial score %v of row %d is not finite", v, i%d.rows)
		}
	}
	d.initScore = slices.Clone(score)
	return nil
}

// checkExtra checks groups and initial scores against the parameters.
func (d *Dataset) checkExtra(p *Params) error {
	if p.Objective == LambdaRank && d.groups == nil {
		return &ParamError{Key: "objective", Reason: "lambdarank needs query groups: call SetGroups on the data"}
	}
	if d.initScore != nil && p.Boosting == RandomForest {
		return &ParamError{Key: "boosting", Reason: "rf cannot start from initial scores"}
	}
	if d.initScore != nil && len(d.initScore) != d.rows*p.outputs() {
		return fmt.Errorf("gbdt: %d initial scores where %d rows × %d outputs are needed", len(d.initScore), d.rows, p.outputs())
	}
	for _, m := range p.Metric {
		if s := findMetric(m); s != nil && (s.name == "ndcg" || s.name == "map") && d.groups == nil {
			return &ParamError{Key: "metric", Reason: s.name + " needs query groups: call SetGroups on the data"}
		}
	}
	return nil
}
