package gbdt

import (
	"errors"
	"fmt"
	"slices"
)

// Continue is a model that a training goes on from: its trees come first in the
// new model, and the new ones are grown on what they leave over.
type Continue struct {
	Model *Model
	// TrainColumns and ValidColumns are the raw columns of the training and the
	// validation data, in the order of the model's features: the model's own
	// thresholds need not be those of the new bins.
	TrainColumns, ValidColumns [][]float64
}

// begin gives train and valid with the model's raw predictions as their initial
// scores.
func (c *Continue) begin(train, valid *Dataset, p *Params) (*Dataset, *Dataset, error) {
	m := c.Model
	switch {
	case m == nil:
		return nil, nil, errors.New("gbdt: Options.Continue has no model")
	case p.Boosting == RandomForest || m.average:
		return nil, nil, &ParamError{Key: "boosting", Reason: "a random forest cannot be continued"}
	case m.outputs != p.outputs():
		return nil, nil, fmt.Errorf("gbdt: the model to continue has %d outputs a row, the training %d", m.outputs, p.outputs())
	case !slices.Equal(textNames(m.featureNames), textNames(train.names)):
		return nil, nil, errors.New("gbdt: the model to continue has other features than the training data, or in another order")
	case train.initScore != nil:
		return nil, nil, errors.New("gbdt: the training data has initial scores already: a model cannot be continued on them")
	}
	begun := func(d *Dataset, columns [][]float64, what string) (*Dataset, error) {
		if d == nil {
			return nil, nil
		}
		raw, err := m.PredictRaw(columns)
		if err == nil && len(raw) != d.rows*m.outputs {
			err = fmt.Errorf("%d rows where there are %d", len(raw)/m.outputs, d.rows)
		}
		if err != nil {
			return nil, fmt.Errorf("gbdt: continue: raw columns of the %s data: %w", what, err)
		}
		with := *d
		with.initScore = make([]float64, len(raw))
		for row := range d.rows {
			for k := range m.outputs {
				with.initScore[k*d.rows+row] = raw[d.original(row)*m.outputs+k]
			}
		}
		return &with, nil
	}
	begunTrain, err := begun(train, c.TrainColumns, "training")
	if err != nil {
		return nil, nil, err
	}
	begunValid, err := begun(valid, c.ValidColumns, "validation")
	return begunTrain, begunValid, err
}

// prepend puts the earlier model's trees before the new ones.
func (c *Continue) prepend(m *Model) {
	m.trees = append(slices.Clone(c.Model.trees), m.trees...)
	m.bestIteration += c.Model.NumIterations()
}
