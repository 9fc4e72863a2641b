package neural

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// maxModelBytes bounds a model's file: each of the most weights with all digits.
const maxModelBytes = 26*maxWeights + 1<<26

// ReadJSON reads what [Model.WriteJSON] wrote. The bytes are data only and are not
// trusted: what is inconsistent, unknown or beyond the limits of a training is a
// [*FormatError].
func ReadJSON(r io.Reader) (*Model, error) { return readJSON(r, maxModelBytes) }

func readJSON(r io.Reader, most int64) (*Model, error) {
	limited := &io.LimitedReader{R: r, N: most + 1}
	decoder := json.NewDecoder(limited)
	decoder.DisallowUnknownFields()
	var in jsonModel
	if err := decoder.Decode(&in); err != nil {
		if limited.N <= 0 {
			return nil, &FormatError{Reason: fmt.Sprintf("longer than %d bytes", most)}
		}
		var own *FormatError
		if errors.As(err, &own) {
			return nil, own
		}
		return nil, &FormatError{Reason: err.Error()}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &FormatError{Reason: "there is something after the model"}
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	m := &Model{loss: in.Loss, classes: in.NumClass, hidden: in.Hidden}
	m.history = History{NIter: in.NIter, BestEpoch: in.BestEpoch, LossCurve: in.LossCurve, ValidationScores: in.ValidationScores}
	for _, f := range in.Features {
		m.features = append(m.features, modelFeature{name: f.Name, categories: f.Categories, dim: f.Dim})
	}
	if err := m.layOut(in.Activation); err != nil {
		return nil, &FormatError{Key: "hidden_layer_sizes", Reason: err.Error()}
	}
	if err := in.weights(m); err != nil {
		return nil, err
	}
	return m, nil
}

// check is on all but the weights.
func (in *jsonModel) check() error {
	fail := func(key, format string, args ...any) error {
		return &FormatError{Key: key, Reason: fmt.Sprintf(format, args...)}
	}
	p := DefaultParams()
	p.Loss, p.NumClass, p.Activation, p.HiddenLayerSizes = in.Loss, in.NumClass, in.Activation, in.Hidden
	var refused *ParamError
	switch {
	case in.Format != jsonFormat:
		return fail("format", "%.40q: this is no model of a neural network, which has %q", in.Format, jsonFormat)
	case in.Version != jsonVersion:
		return fail("version", "%d is not known; this program reads version %d", in.Version, jsonVersion)
	case errors.As(p.Validate(), &refused):
		return fail(refused.Key, "%s", refused.Reason)
	case len(in.Features) < 1 || len(in.Features) > maxFeatures:
		return fail("features", "%d columns are not from 1 to %d", len(in.Features), maxFeatures)
	case in.NIter < 0 || in.NIter > maxIterations || in.BestEpoch < 0 || in.BestEpoch > in.NIter:
		return fail("n_iter", "%d, with the best epoch %d, is no count of epochs", in.NIter, in.BestEpoch)
	case len(in.LossCurve) != in.NIter:
		return fail("loss_curve", "has %d figures for %d epochs", len(in.LossCurve), in.NIter)
	case len(in.ValidationScores) != 0 && len(in.ValidationScores) != in.NIter:
		return fail("validation_scores", "has %d figures for %d epochs", len(in.ValidationScores), in.NIter)
	}
	for i, f := range in.Features {
		if f.Categories < 0 || f.Categories > maxCategories || f.Dim < 0 || f.Dim > min(f.Categories, maxEmbeddingDim) || (f.Categories > 0 && f.Dim == 0) {
			return fail("features", "column %d has %d categories in %d dimensions; there may be %d in %d, and no more dimensions than categories", i, f.Categories, f.Dim, maxCategories, maxEmbeddingDim)
		}
	}
	return nil
}

// weights puts the file's weights into the model.
func (in *jsonModel) weights(m *Model) error {
	n := m.net
	parts := []struct {
		key  string
		have []jsonNumbers
		want int
		part func(i int) []float64
	}{
		{"coefs", in.Coefs, len(n.layers), func(i int) []float64 { return n.layers[i].w(m.theta) }},
		{"intercepts", in.Intercepts, len(n.layers), func(i int) []float64 { return n.layers[i].b(m.theta) }},
		{"embeddings", in.Embeddings, len(n.embeddings), func(i int) []float64 { return n.embeddings[i].table(m.theta) }},
	}
	// Only a file that holds as many numbers as its shape asks for gets the memory.
	numbers := 0
	for _, p := range parts {
		for _, list := range p.have {
			numbers += len(list)
		}
	}
	if numbers != n.size {
		return &FormatError{Key: "coefs", Reason: fmt.Sprintf("there are %d weights, intercepts and embeddings, but the layers need %d", numbers, n.size)}
	}
	m.theta = make([]float64, n.size)
	for _, p := range parts {
		if len(p.have) != p.want {
			return &FormatError{Key: p.key, Reason: fmt.Sprintf("has %d lists, not %d", len(p.have), p.want)}
		}
		for i, list := range p.have {
			into := p.part(i)
			if len(list) != len(into) {
				return &FormatError{Key: p.key, Reason: fmt.Sprintf("list %d has %d numbers, not %d", i, len(list), len(into))}
			}
			copy(into, list)
		}
	}
	return nil
}

// jsonNumbers are float64 without null, which encoding/json would read as 0.
type jsonNumbers []float64

// UnmarshalJSON reads a list of numbers. The decoder has found the JSON sound.
func (n *jsonNumbers) UnmarshalJSON(text []byte) error {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '[' {
		return &FormatError{Reason: fmt.Sprintf("%.40q in the place of a list of numbers", text)}
	}
	text = bytes.TrimSpace(text[1 : len(text)-1])
	*n = make(jsonNumbers, 0, bytes.Count(text, []byte{','})+1)
	for len(text) > 0 {
		word, rest, _ := bytes.Cut(text, []byte{','})
		v, err := strconv.ParseFloat(string(bytes.TrimSpace(word)), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return &FormatError{Reason: fmt.Sprintf("number %d of a list: %.40q is not a finite number", len(*n), word)}
		}
		*n = append(*n, v)
		text = rest
	}
	return nil
}

// MarshalJSON writes null as an empty list.
func (n jsonNumbers) MarshalJSON() ([]byte, error) {
	text := slices.Grow([]byte{'['}, 20*len(n))
	for i, v := range n {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendFloat(text, v, 'g', -1, 64)
	}
	return append(text, ']'), nil
}
