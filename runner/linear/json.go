package linear

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

const (
	formatVersion = 1
	// maxModelBytes bounds what is read of a model file.
	maxModelBytes = 1 << 30
)

// The estimators, as a model file names them.
const (
	estimatorLinear     = "linear_regression"
	estimatorRidge      = "ridge"
	estimatorLasso      = "lasso"
	estimatorElasticNet = "elastic_net"
	estimatorLogistic   = "logistic_regression"
)

// document is a model file. Numbers are written so that they read back bit by bit.
type document struct {
	FormatVersion int         `json:"format_version"`
	Estimator     string      `json:"estimator"`
	Features      []string    `json:"features"`
	Classes       int         `json:"classes"` // 0: a regression
	Present       []int       `json:"present"`
	Coef          [][]float64 `json:"coef"` // outputs × features
	Intercept     []float64   `json:"intercept"`
	NIter         int         `json:"n_iter"`
	Converged     bool        `json:"converged"`
	Loss          float64     `json:"loss"`
	DualGap       float64     `json:"dual_gap"`
	Rank          int         `json:"rank"`
}

// WriteJSON writes the model; [ReadRegressor] reads it.
func (m *Regressor) WriteJSON(w io.Writer) error {
	return m.write(w, document{Estimator: m.estimator, Present: []int{}}, m.report)
}

// WriteJSON writes the model; [ReadClassifier] reads it.
func (m *Classifier) WriteJSON(w io.Writer) error {
	return m.write(w, document{Estimator: estimatorLogistic, Classes: m.classes, Present: m.present}, m.report)
}

func (a *affine) write(w io.Writer, d document, r Report) error {
	d.FormatVersion, d.Features, d.Coef, d.Intercept = formatVersion, a.names, a.coef, a.intercept
	d.NIter, d.Converged, d.Loss, d.DualGap, d.Rank = r.Iterations, r.Converged, r.Loss, r.DualGap, r.Rank
	if err := json.NewEncoder(w).Encode(d); err != nil {
		return fmt.Errorf("linear: write model: %w", err)
	}
	return nil
}

// ReadRegressor reads what [Regressor.WriteJSON] wrote. Anything else, an unknown,
// missing or repeated key, a null, numbers that do not fit together, is a
// [*FormatError]. No more memory is taken than a small multiple of the file's size.
func ReadRegressor(r io.Reader) (*Regressor, error) {
	d, err := readDocument(r)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{estimatorLinear, estimatorRidge, estimatorLasso, estimatorElasticNet}, d.Estimator) {
		return nil, &FormatError{Key: "estimator", Reason: fmt.Sprintf("%.40q is no regression", d.Estimator)}
	}
	if d.Classes != 0 || len(d.Present) != 0 {
		return nil, &FormatError{Key: "classes", Reason: "a regression has none"}
	}
	if err := d.check(1); err != nil {
		return nil, err
	}
	return &Regressor{affine: d.affine(), estimator: d.Estimator, report: d.report()}, nil
}

// ReadClassifier reads what [Classifier.WriteJSON] wrote, as strictly as
// [ReadRegressor].
func ReadClassifier(r io.Reader) (*Classifier, error) {
	d, err := readDocument(r)
	if err != nil {
		return nil, err
	}
	if d.Estimator != estimatorLogistic {
		return nil, &FormatError{Key: "estimator", Reason: fmt.Sprintf("%.40q is no classifier", d.Estimator)}
	}
	if d.Classes < 2 || d.Classes > MaxClasses {
		return nil, &FormatError{Key: "classes", Reason: fmt.Sprintf("%d is not from 2 to %d", d.Classes, MaxClasses)}
	}
	if len(d.Present) < 2 {
		return nil, &FormatError{Key: "present", Reason: "has fewer than two classes"}
	}
	for i, class := range d.Present {
		if class < 0 || class >= d.Classes || i > 0 && class <= d.Present[i-1] {
			return nil, &FormatError{Key: "present", Reason: fmt.Sprintf("class %d is out of range or order", class)}
		}
	}
	outputs := len(d.Present)
	if outputs == 2 {
		outputs = 1
	}
	if err := d.check(outputs); err != nil {
		return nil, err
	}
	return &Classifier{affine: d.affine(), classes: d.Classes, present: d.Present, report: d.report()}, nil
}

func (d *document) affine() affine {
	return affine{names: d.Features, coef: d.Coef, intercept: d.Intercept}
}

func (d *document) report() Report {
	return Report{Iterations: d.NIter, Converged: d.Converged, Loss: d.Loss, DualGap: d.DualGap, Rank: d.Rank}
}

// readDocument reads one JSON object with each of the document's keys once.
func readDocument(r io.Reader) (*document, error) {
	limited := &io.LimitedReader{R: r, N: maxModelBytes + 1}
	in := json.NewDecoder(limited)
	fail := func(key string, err error) error {
		if limited.N <= 0 {
			return &FormatError{Reason: fmt.Sprintf("is longer than %d bytes", maxModelBytes)}
		}
		return &FormatError{Key: key, Reason: err.Error()}
	}
	if open, err := in.Token(); err != nil {
		return nil, fail("", err)
	} else if open != json.Delim('{') {
		return nil, &FormatError{Reason: "is no JSON object"}
	}
	var d document
	fields := map[string]any{"format_version": &d.FormatVersion, "estimator": &d.Estimator, "features": &d.Features, "classes": &d.Classes,
		"present": &d.Present, "coef": &d.Coef, "intercept": &d.Intercept, "n_iter": &d.NIter, "converged": &d.Converged,
		"loss": &d.Loss, "dual_gap": &d.DualGap, "rank": &d.Rank}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return nil, fail("", err)
		}
		key, _ := token.(string)
		field, known := fields[key]
		if !known || seen[key] {
			return nil, &FormatError{Key: fmt.Sprintf("%.40s", key), Reason: "is not a key of this format, or is there twice"}
		}
		seen[key] = true
		if err := decode(in, key, field); err != nil {
			return nil, fail(key, err)
		}
		if key == "format_version" && d.FormatVersion != formatVersion {
			return nil, &FormatError{Key: key, Reason: fmt.Sprintf("is %d; this program reads %d", d.FormatVersion, formatVersion)}
		}
	}
	if _, err := in.Token(); err != nil {
		return nil, fail("", err)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !seen[key] {
			return nil, &FormatError{Key: key, Reason: "is missing"}
		}
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, &FormatError{Reason: "has something after its end"}
	}
	return &d, nil
}

// decode refuses the nulls that encoding/json would let pass as zeros.
func decode(in *json.Decoder, key string, field any) error {
	var raw json.RawMessage
	if err := in.Decode(&raw); err != nil {
		return err
	}
	if names, ok := field.(*[]string); ok {
		var list []*string
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, name := range list {
			if name == nil {
				return fmt.Errorf("has a null")
			}
			*names = append(*names, *name)
		}
		return nil
	}
	if key != "estimator" && bytes.Contains(raw, []byte("null")) {
		return fmt.Errorf("has a null")
	}
	return json.Unmarshal(raw, field)
}

// check compares the sizes. JSON has no NaN and no infinity.
func (d *document) check(outputs int) error {
	if len(d.Features) == 0 {
		return &FormatError{Key: "features", Reason: "is empty"}
	}
	if err := checkNames(d.Features, len(d.Features)); err != nil {
		return &FormatError{Key: "features", Reason: err.Error()}
	}
	if len(d.Coef) != outputs || len(d.Intercept) != outputs {
		return &FormatError{Key: "coef", Reason: fmt.Sprintf("%d rows and %d intercepts, not %d of both", len(d.Coef), len(d.Intercept), outputs)}
	}
	for k, row := range d.Coef {
		if len(row) != len(d.Features) {
			return &FormatError{Key: "coef", Reason: fmt.Sprintf("row %d has %d numbers for %d features", k, len(row), len(d.Features))}
		}
	}
	if d.NIter < 0 {
		return &FormatError{Key: "n_iter", Reason: "is negative"}
	}
	if d.Rank < 0 {
		return &FormatError{Key: "rank", Reason: "is negative"}
	}
	return nil
}

func quoted(s string) string { return strconv.Quote(s) }
