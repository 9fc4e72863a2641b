package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Mode says what a transformation is for.
type Mode uint8

const (
	// Training may drop rows.
	Training Mode = iota
	// Inference keeps every row.
	Inference
)

// Fitter is a configured step before it has seen data.
type Fitter interface {
	// Fit learns from the frame, which has at least one row. It must not depend
	// on the order of rows.
	Fit(ctx context.Context, in Frame) (Transformer, error)
}

// TargetFitter is a step that learns from the target, too.
type TargetFitter interface {
	Fitter
	// FitTarget learns from the frame and the target of its rows. It also returns
	// the frame transformed for training, which is not what Transform gives: no
	// row's features may hold that row's own target. Only these may depend on the
	// order of rows, the fitted step must not. Fit is called where there is no
	// target, and gives an error.
	FitTarget(ctx context.Context, in Frame, target Target) (Transformer, Frame, error)
}

// Transformer is a fitted step. It is safe for concurrent use.
type Transformer interface {
	// Transform applies the step. Each row of the result depends on that row
	// alone. In Inference mode it keeps every row.
	Transform(ctx context.Context, in Frame, mode Mode) (Frame, error)
	// MarshalJSON gives the state that the factory's Load takes.
	MarshalJSON() ([]byte, error)
}

// Factory makes a kind of step.
type Factory struct {
	// New makes the step from the configuration; parameters are decoded with
	// [config.DecodeParams].
	New func(step config.Step) (Fitter, error)
	// Load makes the fitted step from its state. The state is untrusted: Load
	// checks all that Transform relies on.
	Load func(state json.RawMessage) (Transformer, error)
}

// factories is filled at start-up and only read afterwards.
var factories = map[string]Factory{}

// Register makes a kind of step known by name. It is called at start-up; a name
// that is taken, or a factory that lacks a function, panics.
func Register(name string, f Factory) {
	if _, taken := factories[name]; taken || name == "" || f.New == nil || f.Load == nil {
		panic(fmt.Sprintf("preprocess: Register(%q): the name is taken or empty, or a function is missing", name))
	}
	factories[name] = f
}

// Known lists the registered steps by name.
func Known() []string { return slices.Sorted(maps.Keys(factories)) }

func init() {
	Register("cast", Factory{New: newCast, Load: loadCast})
	Register("categorical_encoder", Factory{New: newCategoricalEncoder, Load: loadCategoricalEncoder})
	Register("date_parts", Factory{New: newDateParts, Load: loadDateParts})
	Register("derive", Factory{New: newDerive, Load: loadDerive})
	Register("drop", Factory{New: newDrop, Load: loadDrop})
	Register("feature_scaler", Factory{New: newFeatureScaler, Load: loadFeatureScaler})
	Register("missing_values", Factory{New: newMissingValues, Load: loadMissingValues})
	Register("outlier_clip", Factory{New: newOutlierClip, Load: loadOutlierClip})
	Register("rename", Factory{New: newRename, Load: loadRename})
	Register("select", Factory{New: newSelect, Load: loadSelect})
	Register("text_tfidf", Factory{New: newTextTfidf, Load: loadTextTfidf})
}

func unknownStep(step config.Step) error {
	known := strings.Join(Known(), ", ")
	if near := table.Nearest(step.Type, Known()); near != "" {
		return step.ErrorAt("", "unknown preprocessing step %q; did you mean %q? (known: %s)", step.Type, near, known)
	}
	return step.ErrorAt("", "unknown preprocessing step %q (known: %s)", step.Type, known)
}
