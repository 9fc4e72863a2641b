package neural

import (
	"fmt"
	"slices"
)

// Model is a trained network. It does not change, and is safe for concurrent use.
type Model struct {
	loss     string
	classes  int // of log_loss; else 0
	hidden   []int
	features []modelFeature
	net      *network
	theta    []float64
	history  History
}

type modelFeature struct {
	name            string
	categories, dim int // 0 for a numeric input
}

// History is how the training went.
type History struct {
	NIter int // epochs; iterations of lbfgs
	// BestEpoch is the epoch that early stopping kept, from 1; 0 without it.
	BestEpoch int
	// LossCurve and ValidationScores hold one figure an epoch; there are none of the
	// latter without validation rows.
	LossCurve        []float64
	ValidationScores []float64
}

// newModel is a model without weights.
func newModel(features []Feature, p *Params) (*Model, error) {
	if len(features) > maxFeatures {
		return nil, fmt.Errorf("neural: %d columns, more than %d", len(features), maxFeatures)
	}
	m := &Model{loss: p.Loss, classes: p.NumClass, hidden: p.HiddenLayerSizes}
	for _, f := range features {
		of := modelFeature{name: f.Name, categories: f.Categories}
		if f.Categories < 0 || f.Categories > maxCategories {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("%d categories are not from 0 (numeric) to %d", f.Categories, maxCategories)}
		}
		if f.Categories > 0 {
			of.dim = embeddingDim(f.Categories, p.EmbeddingDim)
		}
		m.features = append(m.features, of)
	}
	if err := m.layOut(p.Activation); err != nil {
		return nil, &ParamError{Key: "hidden_layer_sizes", Reason: err.Error()}
	}
	return m, nil
}

// layOut makes the network of the model's shape.
func (m *Model) layOut(activation string) (err error) {
	var categories, dims []int
	numeric := 0
	for _, f := range m.features {
		if f.categories > 0 {
			categories, dims = append(categories, f.categories), append(dims, f.dim)
		} else {
			numeric++
		}
	}
	out, outputs := linkOf(m.loss, m.classes)
	m.net, err = newNetwork(categories, dims, numeric, m.hidden, activation, out, outputs)
	return err
}

// sameShape tells where another model cannot give this one its weights.
func (m *Model) sameShape(other *Model) error {
	switch {
	case !slices.Equal(m.features, other.features):
		return fmt.Errorf("neural: the initial model was trained on other columns, or with another embedding_dim")
	case m.loss != other.loss || m.classes != other.classes:
		return fmt.Errorf("neural: the initial model has the loss %s with %d classes, not %s with %d", other.loss, other.classes, m.loss, m.classes)
	case !slices.Equal(m.hidden, other.hidden) || m.net.activation != other.net.activation:
		return &ParamError{Key: "hidden_layer_sizes", Reason: fmt.Sprintf("%v of %s differ from the initial model's %v of %s", m.hidden, m.net.activation, other.hidden, other.net.activation)}
	}
	return nil
}

// Loss is squared_error, poisson or log_loss.
func (m *Model) Loss() string { return m.loss }

// NumClass is the number of classes of log_loss; else 0.
func (m *Model) NumClass() int { return m.classes }

// Activation is that of the hidden layers.
func (m *Model) Activation() string { return m.net.activation }

// HiddenLayerSizes are the units of each hidden layer.
func (m *Model) HiddenLayerSizes() []int { return slices.Clone(m.hidden) }

// FeatureNames are the input columns in their order.
func (m *Model) FeatureNames() []string {
	names := make([]string, len(m.features))
	for i, f := range m.features {
		names[i] = f.name
	}
	return names
}

// NumWeights is the number of weights, all together.
func (m *Model) NumWeights() int { return m.net.size }

// History is how the training went.
func (m *Model) History() History {
	h := m.history
	h.LossCurve, h.ValidationScores = slices.Clone(h.LossCurve), slices.Clone(h.ValidationScores)
	return h
}

// Coefs are the weights into each layer, scikit-learn's coefs_: inputs × units, row
// by row. The inputs of the first layer are the numeric columns in their order,
// then the embeddings in theirs.
func (m *Model) Coefs() [][]float64 {
	var all [][]float64
	for _, l := range m.net.layers {
		all = append(all, slices.Clone(l.w(m.theta)))
	}
	return all
}

// Intercepts are the biases of each layer, scikit-learn's intercepts_.
func (m *Model) Intercepts() [][]float64 {
	var all [][]float64
	for _, l := range m.net.layers {
		all = append(all, slices.Clone(l.b(m.theta)))
	}
	return all
}

// Embedding gives the vectors of a categorical column, codes × length, row by row;
// the last is that of unknown and missing codes. ok is false for other columns.
func (m *Model) Embedding(name string) (vectors []float64, length int, ok bool) {
	at := 0
	for _, f := range m.features {
		if f.categories == 0 {
			continue
		}
		if e := m.net.embeddings[at]; f.name == name {
			return slices.Clone(e.table(m.theta)), e.dim, true
		}
		at++
	}
	return nil, 0, false
}
