package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// stateVersion is the version of the saved form.
const stateVersion = 1

// Fitted is a pipeline that has seen its training rows. It is immutable and
// safe for concurrent use.
type Fitted struct {
	schema      Schema
	steps       []fittedStep
	outputs     []string
	categorical []string
	warnings    []string
}

type fittedStep struct {
	kind        string
	transformer Transformer
}

// describe records what comes out of the steps, and takes the raw columns that
// the first steps throw away out of the schema: prediction does not need them.
func (f *Fitted) describe(last Frame) {
	f.outputs = last.Table.Names()
	for _, name := range f.outputs {
		if last.Categorical[name] {
			f.categorical = append(f.categorical, name)
		}
	}
	for _, step := range f.steps {
		chooser, ok := step.transformer.(columnChooser)
		if !ok {
			return
		}
		f.schema.Columns = slices.DeleteFunc(f.schema.Columns, func(c SchemaColumn) bool { return !chooser.keeps(c.Name) })
		if _, needsAll := step.transformer.(*selectState); needsAll {
			return
		}
	}
}

// columnChooser is a fitted step that only leaves columns out, and does not mind
// if those are gone already.
type columnChooser interface {
	keeps(name string) bool
}

// Schema describes the raw columns that the pipeline needs.
func (f *Fitted) Schema() Schema { return f.schema }

// Outputs are the names of the transformed columns in order.
func (f *Fitted) Outputs() []string { return slices.Clone(f.outputs) }

// Categorical are the names of the transformed columns that hold label codes,
// in order.
func (f *Fitted) Categorical() []string { return slices.Clone(f.categorical) }

// Warnings tell what fitting found remarkable, e.g. columns left out. They are
// not saved.
func (f *Fitted) Warnings() []string { return slices.Clone(f.warnings) }

// Transform applies the pipeline as in training: rows may be dropped. rows are
// those of t that are left, ascending; nil means all. The table's columns are
// Float64, or String where no step encodes them.
//
// A column that is needed and not there gives a [*table.MissingColumnError], a
// cell that does not fit its column a [*table.CellError], an unseen category
// under the policy error an [*UnknownCategoryError]; columns not needed are
// ignored.
func (f *Fitted) Transform(ctx context.Context, t *table.Table) (out *table.Table, rows []int, err error) {
	frame, err := f.apply(ctx, t, nil, Training)
	return frame.Table, frame.Rows, err
}

// TransformForInference is [Fitted.Transform] with every row kept: what
// training drops for a missing cell is filled.
func (f *Fitted) TransformForInference(ctx context.Context, t *table.Table) (*table.Table, error) {
	return f.TransformRows(ctx, t, 0, t.NumRows())
}

// TransformRows is [Fitted.TransformForInference] of rows [lo, hi) of t alone: what
// it gives of them is the same. Errors tell rows of t.
func (f *Fitted) TransformRows(ctx context.Context, t *table.Table, lo, hi int) (*table.Table, error) {
	part, rows := t, []int(nil)
	if lo > 0 || hi < t.NumRows() {
		part, rows = t.Slice(lo, hi).Compact(), make([]int, hi-lo)
		for i := range rows {
			rows[i] = lo + i
		}
	}
	frame, err := f.apply(ctx, part, rows, Inference)
	if err != nil {
		return nil, err
	}
	if frame.Table.NumRows() != hi-lo {
		return nil, fmt.Errorf("preprocessing kept %d of %d rows; a step must keep all of them at inference", frame.Table.NumRows(), hi-lo)
	}
	return frame.Table, nil
}

// apply transforms a table whose rows are those of the pipeline's input; nil: all.
func (f *Fitted) apply(ctx context.Context, t *table.Table, rows []int, mode Mode) (Frame, error) {
	frame, err := align(ctx, f.schema, t)
	frame.Rows = rows
	if err != nil {
		var cell *table.CellError
		if errors.As(err, &cell) {
			cell.Row = frame.original(cell.Row)
		}
		return Frame{}, err
	}
	for i, step := range f.steps {
		next, err := step.transformer.Transform(ctx, frame, mode)
		if err != nil {
			return Frame{}, frame.located("apply", i, step.kind, err)
		}
		if err := checkFinite(frame, next); err != nil {
			return Frame{}, next.located("apply", i, step.kind, err)
		}
		frame = next
	}
	return frame, nil
}

type fittedJSON struct {
	Version     int        `json:"version"`
	Schema      Schema     `json:"schema"`
	Steps       []stepJSON `json:"steps"`
	Outputs     []string   `json:"outputs"`
	Categorical []string   `json:"categorical"`
}

type stepJSON struct {
	Type  string          `json:"type"`
	State json.RawMessage `json:"state"`
}

// MarshalJSON gives the saved form, which [LoadFitted] reads.
func (f *Fitted) MarshalJSON() ([]byte, error) {
	out := fittedJSON{Version: stateVersion, Schema: f.schema, Steps: []stepJSON{}, Outputs: f.outputs, Categorical: f.categorical}
	if out.Categorical == nil {
		out.Categorical = []string{}
	}
	for _, step := range f.steps {
		state, err := step.transformer.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("save preprocessing step %s: %w", step.kind, err)
		}
		out.Steps = append(out.Steps, stepJSON{Type: step.kind, State: state})
	}
	return json.Marshal(out)
}

// LoadFitted reads what MarshalJSON wrote, strictly: unknown keys, steps and
// versions give a [*StateError]. The bytes are data only; a transform after
// loading equals one before saving bit for bit.
func LoadFitted(data []byte) (*Fitted, error) {
	var in fittedJSON
	if err := strictjson.Decode(data, &in); err != nil {
		return nil, &StateError{Reason: err.Error()}
	}
	if in.Version != stateVersion {
		return nil, &StateError{Reason: fmt.Sprintf("version %d is not known; this program reads version %d", in.Version, stateVersion)}
	}
	if len(in.Schema.Columns) == 0 || len(in.Outputs) == 0 {
		return nil, &StateError{Reason: "the schema or the outputs are missing"}
	}
	f := &Fitted{schema: in.Schema, outputs: in.Outputs}
	for i, step := range in.Steps {
		part := fmt.Sprintf("step %d (%s)", i+1, shorten(step.Type))
		factory, ok := factories[step.Type]
		if !ok {
			return nil, &StateError{Part: part, Reason: "no such step is registered"}
		}
		transformer, err := factory.Load(step.State)
		if err != nil {
			return nil, &StateError{Part: part, Reason: err.Error()}
		}
		f.steps = append(f.steps, fittedStep{kind: step.Type, transformer: transformer})
	}
	for _, name := range in.Categorical {
		if !slices.Contains(in.Outputs, name) {
			return nil, &StateError{Reason: fmt.Sprintf("the categorical column %q is not among the outputs", shorten(name))}
		}
		f.categorical = append(f.categorical, name)
	}
	return f, nil
}
