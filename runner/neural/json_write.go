package neural

import (
	"encoding/json"
	"fmt"
	"io"
)

const (
	jsonFormat  = "mlops.neural"
	jsonVersion = 1
)

// jsonModel is the model's file. Numbers are written with as many digits as it
// takes to read the same float64 back.
type jsonModel struct {
	Format  string `json:"format"`
	Version int    `json:"version"`

	Loss       string        `json:"loss"`
	NumClass   int           `json:"num_class"`
	Activation string        `json:"activation"`
	Hidden     []int         `json:"hidden_layer_sizes"`
	Features   []jsonFeature `json:"features"`

	// Coefs of each layer are inputs × units row by row, Embeddings of each
	// categorical column codes × embedding_dim with the unknown last.
	Coefs      []jsonNumbers `json:"coefs"`
	Intercepts []jsonNumbers `json:"intercepts"`
	Embeddings []jsonNumbers `json:"embeddings"`

	NIter            int         `json:"n_iter"`
	BestEpoch        int         `json:"best_epoch"`
	LossCurve        jsonNumbers `json:"loss_curve"`
	ValidationScores jsonNumbers `json:"validation_scores"`
}

type jsonFeature struct {
	Name       string `json:"name"`
	Categories int    `json:"categories,omitempty"`
	Dim        int    `json:"embedding_dim,omitempty"`
}

// WriteJSON writes the model, which [ReadJSON] reads: its predictions are the same
// then, bit for bit.
func (m *Model) WriteJSON(w io.Writer) error {
	out := jsonModel{
		Format: jsonFormat, Version: jsonVersion, Loss: m.loss, NumClass: m.classes, Activation: m.net.activation, Hidden: m.HiddenLayerSizes(),
		NIter: m.history.NIter, BestEpoch: m.history.BestEpoch, LossCurve: m.history.LossCurve, ValidationScores: m.history.ValidationScores,
		Embeddings: []jsonNumbers{},
	}
	if out.Hidden == nil {
		out.Hidden = []int{}
	}
	for _, f := range m.features {
		out.Features = append(out.Features, jsonFeature{Name: f.name, Categories: f.categories, Dim: f.dim})
	}
	for _, l := range m.net.layers {
		out.Coefs, out.Intercepts = append(out.Coefs, l.w(m.theta)), append(out.Intercepts, l.b(m.theta))
	}
	for _, e := range m.net.embeddings {
		out.Embeddings = append(out.Embeddings, e.table(m.theta))
	}
	if err := json.NewEncoder(w).Encode(&out); err != nil {
		return fmt.Errorf("neural: write model: %w", err)
	}
	return nil
}
