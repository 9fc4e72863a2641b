package training

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"mlops/runner/strictjson"
)

const (
	documentVersion  = 1
	maxDocumentBytes = 1 << 30
)

// modelDocument is the file of a model that is not of trees: what belongs to the
// model of a lower package, and that model. It is read strictly.
type modelDocument struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Importance is each feature's share, in the order of the features.
	Importance []float64 `json:"feature_importance"`
	// Target is how a regression's target was scaled for the model; null: not.
	Target *targetScale    `json:"target,omitempty"`
	Model  json.RawMessage `json:"model"`
}

// targetScale turns a model's figure f into the prediction Shift + Scale·f.
type targetScale struct {
	Shift float64 `json:"shift"`
	Scale float64 `json:"scale"`
}

func writeDocument(w io.Writer, d modelDocument, model func(io.Writer) error) error {
	var inner bytes.Buffer
	if err := model(&inner); err != nil {
		return err
	}
	d.Version, d.Model = documentVersion, inner.Bytes()
	if err := json.NewEncoder(w).Encode(d); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	return nil
}

// readDocument reads what writeDocument wrote, of a model of so many features.
func readDocument(r io.Reader, format string, features int) (*modelDocument, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocumentBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocumentBytes {
		return nil, fmt.Errorf("the model's document is larger than %d bytes", maxDocumentBytes)
	}
	var d modelDocument
	if err := strictjson.Decode(data, &d); err != nil {
		return nil, fmt.Errorf("the model's document %w", err)
	}
	switch {
	case d.Format != format:
		return nil, fmt.Errorf("the model's document has the format %.40q, not %q", d.Format, format)
	case d.Version != documentVersion:
		return nil, fmt.Errorf("the model's document has the version %d; this program reads version %d", d.Version, documentVersion)
	case len(d.Importance) != features:
		return nil, fmt.Errorf("feature_importance has %d shares for %d features", len(d.Importance), features)
	case slices.ContainsFunc(d.Importance, func(v float64) bool { return v < 0 || v > 1 }):
		return nil, fmt.Errorf("feature_importance holds a share that is not from 0 to 1")
	case d.Target != nil && d.Target.Scale <= 0:
		return nil, fmt.Errorf("the target's scale %v is not above 0", d.Target.Scale)
	}
	return &d, nil
}

// sameFeatures tells where a model was trained on others than its description says.
func sameFeatures(model, described []string) error {
	if !slices.Equal(model, described) {
		return fmt.Errorf("the model takes the features %.5q, its description names %.5q", model, described)
	}
	return nil
}
