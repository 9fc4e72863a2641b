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

// Frame is a table on its way through the steps. Its columns are Float64 or
// String. Steps do not change a frame's parts, they make a new one.
type Frame struct {
	Table *table.Table
	// Categorical holds the names of columns whose numbers are category codes.
	Categorical map[string]bool
	// Rows are the rows of the pipeline's input that are left, ascending; nil
	// means all.
	Rows []int
}

// With returns the frame with columns in the place of those of the same names.
func (f Frame) With(columns ...*table.Column) (Frame, error) {
	byName := make(map[string]*table.Column, len(columns))
	for _, c := range columns {
		byName[c.Name()] = c
	}
	all := slices.Clone(f.Table.Columns())
	for i, c := range all {
		if replacement, ok := byName[c.Name()]; ok {
			all[i] = replacement
		}
	}
	if len(all) == 0 {
		return f, nil
	}
	t, err := table.New(all...)
	if err != nil {
		return Frame{}, err
	}
	f.Table = t
	return f, nil
}

// Keep returns the frame with only the given rows of its table.
func (f Frame) Keep(rows []int) Frame {
	before := f.Rows
	f.Table = f.Table.Take(rows)
	f.Rows = rows
	if before != nil {
		f.Rows = make([]int, len(rows))
		for i, r := range rows {
			f.Rows[i] = before[r]
		}
	}
	return f
}

// Fitter is a configured step before it has seen data.
type Fitter interface {
	// Fit learns from the frame, which has at least one row. It must not depend
	// on the order of rows.
	Fit(ctx context.Context, in Frame) (Transformer, error)
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
	Register("missing_values", Factory{New: newMissingValues, Load: loadMissingValues})
	Register("categorical_encoder", Factory{New: newCategoricalEncoder, Load: loadCategoricalEncoder})
	Register("feature_scaler", Factory{New: newFeatureScaler, Load: loadFeatureScaler})
}

func unknownStep(step config.Step) error {
	known := strings.Join(Known(), ", ")
	if near := table.Nearest(step.Type, Known()); near != "" {
		return step.ErrorAt("", "unknown preprocessing step %q; did you mean %q? (known: %s)", step.Type, near, known)
	}
	return step.ErrorAt("", "unknown preprocessing step %q (known: %s)", step.Type, known)
}
