package training

import (
	"context"
	"fmt"

	"mlops/runner/table"
)

// Starter is a model that may have been trained from initial scores. These are no
// part of it: its predictions start from 0, unless they are given again.
type Starter interface {
	// PredictFrom is Predict with the raw score that each row starts from: of each
	// column that Info().InitScore names, one a row. nil means 0.
	PredictFrom(ctx context.Context, features *table.Table, initScore [][]float64) (*Prediction, error)
}

// Predict is the model's prediction of preprocessed features, from the initial
// scores in raw, the table that the features were made of, where the model was
// trained from such and raw has their columns.
func Predict(ctx context.Context, m Model, features, raw *table.Table) (*Prediction, error) {
	if rm, ok := m.(rawModel); ok {
		return rm.predictRows(ctx, Data{Features: features, Raw: raw})
	}
	var scores [][]float64
	for _, name := range m.Info().InitScore {
		c := raw.Column(name)
		if c == nil {
			return predictData(ctx, m, Data{Features: features})
		}
		g := &goal{values: make([]float64, raw.NumRows())}
		column, err := g.numbers(c, "an initial score", isScore)
		if err != nil {
			return nil, err
		}
		scores = append(scores, column)
	}
	return predictData(ctx, m, Data{Features: features, InitScore: scores})
}

// Independent tells whether the model's prediction of a row follows from that row
// alone. A user's program gets all rows at once, and nobody knows what it does.
func Independent(m Model) bool {
	_, raw := m.(rawModel)
	return !raw
}

// predictData predicts a part's rows, from their initial scores where there are
// any.
func predictData(ctx context.Context, m Model, d Data) (*Prediction, error) {
	if rm, ok := m.(rawModel); ok {
		return rm.predictRows(ctx, d)
	}
	if d.InitScore == nil {
		p, err := m.Predict(ctx, d.Features)
		return p, dataError(err, d.inputRows())
	}
	s, ok := m.(Starter)
	if !ok {
		return nil, fmt.Errorf("the model %s cannot start from scores", m.Name())
	}
	return s.PredictFrom(ctx, d.Features, d.InitScore)
}

func isScore(v float64) bool { return v >= -maxTarget && v <= maxTarget }

// startingFrom is a predictor whose raw scores are added to initScore.
func (m *treeModel) startingFrom(initScore [][]float64) (func(columns [][]float64, lo int) ([]float64, error), error) {
	starts := startsOf(initScore, m.info.Present)
	width := m.trees.NumOutputs()
	if len(starts) != width {
		return nil, fmt.Errorf("%d columns of initial scores where the model has %d outputs", len(starts), width)
	}
	return func(columns [][]float64, lo int) ([]float64, error) {
		scores, err := m.trees.PredictRaw(columns)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(scores); i += width {
			for k := range width {
				scores[i+k] += starts[k][lo+i/width]
			}
			m.trees.Transform(scores[i : i+width])
		}
		return scores, nil
	}, nil
}
