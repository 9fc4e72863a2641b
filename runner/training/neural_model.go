package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"mlops/runner/neural"
	"mlops/runner/table"
)

const neuralFormat = "mlops.training.neural"

// neuralModel is a trained network.
type neuralModel struct {
	info       ModelInfo
	network    *neural.Model
	categories []int       // of each feature; 0 of a numeric one
	scale      targetScale // of a regression
	importance []float64
}

func (m *neuralModel) Info() ModelInfo      { return m.info }
func (m *neuralModel) Name() string         { return m.info.Model }
func (m *neuralModel) Problem() ProblemType { return m.info.Problem }
func (m *neuralModel) FileName() string     { return "model.json" }

func (m *neuralModel) FeatureImportance() map[string]float64 {
	return byName(m.info.Features, m.importance)
}

// Rounds is the number of epochs that the weights are of.
func (m *neuralModel) Rounds() int {
	h := m.network.History()
	if h.BestEpoch > 0 {
		return h.BestEpoch
	}
	return h.NIter
}

func (m *neuralModel) Predict(ctx context.Context, features *table.Table) (*Prediction, error) {
	inputs, err := m.inputs(features)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	figures, err := m.figures(ctx, columnsOfInputs(inputs))
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	if !m.info.Problem.IsClassification() {
		if err := allFinite(figures, 1); err != nil {
			return nil, fmt.Errorf("predict: %w", err)
		}
		return &Prediction{Values: figures}, nil
	}
	present, classes := len(m.info.Present), len(m.info.Target.Classes)
	if present == classes {
		return ofProba(m.info, figures), nil
	}
	proba := make([]float64, features.NumRows()*classes) // absent classes stay 0
	for i, p := range figures {
		proba[i/present*classes+m.info.Present[i%present]] = p
	}
	return ofProba(m.info, proba), nil
}

// figures are a regression's predictions, or the probabilities of the present
// classes, row by row.
func (m *neuralModel) figures(ctx context.Context, columns [][]float64) ([]float64, error) {
	if m.info.Problem.IsClassification() {
		return m.network.PredictProba(ctx, columns)
	}
	values, err := m.network.Predict(ctx, columns)
	for i, v := range values {
		values[i] = m.scale.Shift + m.scale.Scale*v
	}
	return values, err
}

func columnsOfInputs(inputs []neural.Feature) [][]float64 {
	columns := make([][]float64, len(inputs))
	for i := range inputs {
		columns[i] = inputs[i].Values
	}
	return columns
}

// Importance looks at no more than importanceRows rows, and at so few that all
// features together take importanceCells predictions.
const (
	importanceRows  = 1000
	importanceCells = 200_000
	streamShuffle   = 1 << 32 // beyond the folds' streams
)

// shuffledImportance is how far predictions move on average when a feature's
// values are shuffled among rows (Breiman, "Random Forests", 2001, with the
// predictions in the place of the error: what the model relies on, be it right or
// wrong); as shares. The rows are training rows at even distances.
func (m *neuralModel) shuffledImportance(ctx context.Context, features []neural.Feature, seed int64) ([]float64, error) {
	all := len(features[0].Values)
	rows := min(all, importanceRows, max(50, importanceCells/len(features)))
	columns := make([][]float64, len(features))
	for j, f := range features {
		columns[j] = make([]float64, rows)
		for i := range rows {
			columns[j][i] = f.Values[i*all/rows]
		}
	}
	before, err := m.figures(ctx, columns)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(uint64(seed), streamShuffle))
	moves := make([]float64, len(features))
	for j, own := range columns {
		columns[j] = make([]float64, rows)
		for i, from := range random.Perm(rows) {
			columns[j][i] = own[from]
		}
		after, err := m.figures(ctx, columns)
		if err != nil {
			return nil, err
		}
		for i := range after {
			moves[j] += math.Abs(after[i]-before[i]) / float64(len(after)) / m.scale.Scale
		}
		columns[j] = own
	}
	return asShares(moves), nil
}

// inUnits brings the target of an error back to the data's units.
func inUnits(err error, values []float64) error {
	var target *neural.TargetError
	if !errors.As(err, &target) || target.Row >= len(values) {
		return err
	}
	in := *target
	in.Value = values[target.Row]
	return &in
}

func (m *neuralModel) Write(w io.Writer) error {
	d := modelDocument{Format: neuralFormat, Importance: m.importance}
	if !m.info.Problem.IsClassification() {
		d.Target = &m.scale
	}
	return writeDocument(w, d, m.network.WriteJSON)
}

func loadNeural(info ModelInfo, r io.Reader) (Model, error) {
	d, err := readDocument(r, neuralFormat, len(info.Features))
	if err != nil {
		return nil, err
	}
	m := &neuralModel{info: info, scale: targetScale{Scale: 1}, importance: d.Importance}
	if m.network, err = neural.ReadJSON(bytes.NewReader(d.Model)); err != nil {
		return nil, err
	}
	classes := info.Problem.IsClassification()
	switch {
	case info.Model != mlpFor(classes) || info.Problem == Ranking:
		return nil, fmt.Errorf("a %s is not for %s", info.Model, info.Problem)
	case classes != (m.network.Loss() == neural.LogLoss):
		return nil, fmt.Errorf("the network's loss %s does not fit %s", m.network.Loss(), info.Problem)
	case m.network.NumClass() != len(info.Present):
		return nil, fmt.Errorf("the network tells %d classes apart, its description names %d", m.network.NumClass(), len(info.Present))
	case classes != (d.Target == nil):
		return nil, fmt.Errorf("the target's scale is given for classes, or not given for numbers")
	}
	if d.Target != nil {
		m.scale = *d.Target
	}
	m.categories = make([]int, len(info.Features))
	for i, name := range info.Features {
		if vectors, length, ok := m.network.Embedding(name); ok {
			m.categories[i] = len(vectors)/length - 1 // the last is of unknown codes
		}
	}
	return m, sameFeatures(m.network.FeatureNames(), info.Features)
}
