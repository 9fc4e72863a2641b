package training

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"mlops/runner/linear"
	"mlops/runner/table"
)

const linearFormat = "mlops.training.linear"

// linearModel is a fitted linear model: a classifier or a regressor.
type linearModel struct {
	info       ModelInfo
	classifier *linear.Classifier
	regressor  *linear.Regressor
	importance []float64
}

func (m *linearModel) Info() ModelInfo      { return m.info }
func (m *linearModel) Name() string         { return m.info.Model }
func (m *linearModel) Problem() ProblemType { return m.info.Problem }
func (m *linearModel) FileName() string     { return "model.json" }

func (m *linearModel) FeatureImportance() map[string]float64 {
	return byName(m.info.Features, m.importance)
}

// coefficients are outputs × features.
func (m *linearModel) coefficients() [][]float64 {
	if m.classifier != nil {
		return m.classifier.Coef()
	}
	return [][]float64{m.regressor.Coef()}
}

// linearImportance is the mean over outputs of a coefficient's size times the
// standard deviation of its feature in training, that is how far the feature
// usually moves the prediction; as shares.
func linearImportance(coefficients, columns [][]float64) []float64 {
	moves := make([]float64, len(columns))
	for j, column := range columns {
		_, deviation := weightedMeanAndDeviation(column, nil)
		for _, output := range coefficients {
			moves[j] += math.Abs(output[j]) / float64(len(coefficients)) * deviation
		}
	}
	return asShares(moves)
}

func (m *linearModel) Predict(ctx context.Context, features *table.Table) (*Prediction, error) {
	columns, err := finiteColumns(features, m.info.Features, nil, m.info.Model)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	x, err := linear.NewDense(m.info.Features, columns)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	if m.regressor != nil {
		values, err := m.regressor.Predict(ctx, x)
		if err == nil {
			err = allFinite(values, 1)
		}
		if err != nil {
			return nil, fmt.Errorf("predict: %w", err)
		}
		return &Prediction{Values: values}, nil
	}
	proba, err := m.classifier.PredictProba(ctx, x)
	if err == nil {
		err = allFinite(proba, len(m.info.Target.Classes))
	}
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return ofProba(m.info, proba), nil
}

func (m *linearModel) Write(w io.Writer) error {
	write := m.writeClassifierOrRegressor()
	return writeDocument(w, modelDocument{Format: linearFormat, Importance: m.importance}, write)
}

func (m *linearModel) writeClassifierOrRegressor() func(io.Writer) error {
	if m.classifier != nil {
		return m.classifier.WriteJSON
	}
	return m.regressor.WriteJSON
}

func loadLinear(info ModelInfo, r io.Reader, classes bool) (Model, error) {
	d, err := readDocument(r, linearFormat, len(info.Features))
	if err != nil {
		return nil, err
	}
	if d.Target != nil {
		return nil, fmt.Errorf("the model's document has a target, which a linear model has not")
	}
	m := &linearModel{info: info, importance: d.Importance}
	var names []string
	if classes {
		if m.classifier, err = linear.ReadClassifier(bytes.NewReader(d.Model)); err != nil {
			return nil, err
		}
		names = m.classifier.FeatureNames()
		if m.classifier.Classes() != len(info.Target.Classes) || !slices.Equal(m.classifier.Present(), info.Present) {
			return nil, fmt.Errorf("the model's classes %v of %d are not those of its description", m.classifier.Present(), m.classifier.Classes())
		}
	} else {
		if m.regressor, err = linear.ReadRegressor(bytes.NewReader(d.Model)); err != nil {
			return nil, err
		}
		names = m.regressor.FeatureNames()
		if m.regressor.Estimator() != info.Model {
			return nil, fmt.Errorf("the model is a %s, not a %s", m.regressor.Estimator(), info.Model)
		}
	}
	return m, sameFeatures(names, info.Features)
}
