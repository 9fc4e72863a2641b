package training

import (
	"encoding/json"
	"fmt"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// infoVersion is the version of the JSON form of [ModelInfo].
const infoVersion = 1

// ModelInfo is what a model's bytes do not tell. Its JSON form is versioned and
// read strictly.
type ModelInfo struct {
	Backend  string      // registered name
	Model    string      // [Model.Name]
	Problem  ProblemType // what it predicts
	Target   Target      // of the training data
	Features []string    // preprocessed columns in the model's order
	// Present are the classes that the model was trained on, as ascending indices
	// into Target.Classes: all of them, unless every row of a class was dropped
	// for missing cells. The others have probability 0.
	Present []int
	// InitScore names the columns of raw scores that training started from, which
	// are no part of the model: one, or one a class of Target. nil: none.
	InitScore []string
}

type infoJSON struct {
	Version  int        `json:"version"`
	Backend  string     `json:"backend"`
	Model    string     `json:"model"`
	Problem  string     `json:"problem_type"`
	Target   targetJSON `json:"target"`
	Features []string   `json:"features"`
	Present  []int      `json:"present_classes,omitempty"`
	// InitScore came later; a model without is written as before.
	InitScore []string `json:"init_score_columns,omitempty"`
}

type targetJSON struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"`
	Classes []json.RawMessage `json:"classes,omitempty"`
}

// MarshalJSON writes the versioned form.
func (m ModelInfo) MarshalJSON() ([]byte, error) {
	out := infoJSON{
		Version: infoVersion, Backend: m.Backend, Model: m.Model, Problem: string(m.Problem),
		Target:   targetJSON{Name: m.Target.Name, Kind: m.Target.Kind.String()},
		Features: m.Features, Present: m.Present, InitScore: m.InitScore,
	}
	for _, l := range m.Target.Classes {
		raw, err := l.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("class %q: %w", l, err)
		}
		out.Target.Classes = append(out.Target.Classes, raw)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote; anything else is an error.
func (m *ModelInfo) UnmarshalJSON(data []byte) error {
	var in infoJSON
	if err := strictjson.Decode(data, &in); err != nil {
		return fmt.Errorf("model info: %w", err)
	}
	if in.Version != infoVersion {
		return fmt.Errorf("model info: version %d is not known; this program reads version %d", in.Version, infoVersion)
	}
	kind, err := table.ParseKind(in.Target.Kind)
	if err != nil {
		return fmt.Errorf("model info: target: %w", err)
	}
	out := ModelInfo{
		Backend: in.Backend, Model: in.Model, Problem: ProblemType(in.Problem),
		Target: Target{Name: in.Target.Name, Kind: kind}, Features: in.Features, Present: in.Present,
		InitScore: in.InitScore,
	}
	for _, raw := range in.Target.Classes {
		l, err := ParseLabel(kind, raw)
		if err != nil {
			return fmt.Errorf("model info: %w", err)
		}
		out.Target.Classes = append(out.Target.Classes, l)
	}
	if err := out.check(); err != nil {
		return fmt.Errorf("model info: %w", err)
	}
	*m = out
	return nil
}

// check tells what a model cannot work with.
func (m ModelInfo) check() error {
	if _, err := ParseProblemType(string(m.Problem)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range m.Features {
		if f == "" || seen[f] {
			return fmt.Errorf("the feature %q is empty or given twice", f)
		}
		seen[f] = true
	}
	if len(m.Features) == 0 {
		return fmt.Errorf("there are no features")
	}
	classes := len(m.Target.Classes)
	for i := 1; i < classes; i++ {
		if compareLabels(m.Target.Classes[i-1], m.Target.Classes[i]) >= 0 {
			return fmt.Errorf("the classes are not in order")
		}
	}
	switch {
	case !m.Problem.IsClassification() && (classes > 0 || len(m.Present) > 0):
		return fmt.Errorf("a %s has no classes", m.Problem)
	case m.Problem == Binary && classes != 2, m.Problem == Multiclass && classes < 3:
		return fmt.Errorf("%d classes do not fit %s", classes, m.Problem)
	case m.Problem.IsClassification() && (len(m.Present) < 2 || len(m.Present) > classes):
		return fmt.Errorf("the model was trained on %d of %d classes", len(m.Present), classes)
	case len(m.InitScore) > 1 && len(m.InitScore) != classes, slices.Contains(m.InitScore, ""):
		return fmt.Errorf("the columns of initial scores %q fit neither one output nor %d classes", m.InitScore, classes)
	}
	for i, k := range m.Present {
		if k < 0 || k >= classes || i > 0 && k <= m.Present[i-1] {
			return fmt.Errorf("the present classes are not ascending indices of classes")
		}
	}
	return nil
}
