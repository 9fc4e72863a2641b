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
	d.restoreOrder()
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
	d.initScore = d.inOrder(score)
	return nil
}

// inOrder copies values of the caller's rows, output by output.
func (d *Dataset) inOrder(values []float64) []float64 {
	if d.order == nil {
		return slices.Clone(values)
	}
	moved := make([]float64, 0, len(values))
	for k := 0; k < len(values); k += d.rows {
		moved = append(moved, reordered(values[k:k+d.rows], d.order)...)
	}
	return moved
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

// checkConstraints checks the parameters that speak of features.
func (d *Dataset) checkConstraints(p *Params) error {
	if n := len(p.MonotoneConstraints); n > 0 && n != len(d.names) {
		return &ParamError{Key: "monotone_constraints", Reason: fmt.Sprintf("has %d values for %d features", n, len(d.names))}
	}
	for feature, side := range p.MonotoneConstraints {
		if side != 0 && d.mappers[feature].categorical {
			return &ParamError{Key: "monotone_constraints", Reason: fmt.Sprintf("the categorical feature %q has no order: set 0 for it", d.names[feature])}
		}
	}
	for _, group := range p.InteractionConstraints {
		for _, feature := range group {
			if feature < 0 || feature >= len(d.names) {
				return &ParamError{Key: "interaction_constraints", Reason: fmt.Sprintf("names feature %d of %d", feature, len(d.names))}
			}
		}
	}
	return nil
}
