package preprocess

import (
	"context"
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Pipeline is the configured steps before they have seen data. It is safe for
// concurrent use: every fit gives a new [Fitted].
type Pipeline struct {
	steps      []pipelineStep
	encodeText bool
}

type pipelineStep struct {
	kind   string
	fitter Fitter
}

// New makes the pipeline of a preprocessing section: its steps or, without
// them, those that its toggles stand for. Unknown steps and parameters give a
// [*config.Error] at their place in the file.
func New(cfg config.Preprocessing) (*Pipeline, error) {
	steps := cfg.Steps
	if steps == nil {
		steps = toggled(cfg)
	}
	p := &Pipeline{}
	for _, step := range steps {
		factory, ok := factories[step.Type]
		if !ok {
			return nil, unknownStep(step)
		}
		fitter, err := factory.New(step)
		if err != nil {
			return nil, err
		}
		p.steps = append(p.steps, pipelineStep{kind: step.Type, fitter: fitter})
	}
	return p, nil
}

func toggled(cfg config.Preprocessing) []config.Step {
	steps := []config.Step{{Type: "missing_values", Params: map[string]any{"strategy": cfg.HandleMissing}}}
	if cfg.EncodeCategorical {
		steps = append(steps, config.Step{Type: "categorical_encoder"})
	}
	if cfg.ScaleFeatures {
		steps = append(steps, config.Step{Type: "feature_scaler"})
	}
	return steps
}

// EncodeText returns the pipeline with a last step that encodes the text columns
// which no configured step encodes, for models that take numbers only; a
// category that training did not see is then missing.
func (p *Pipeline) EncodeText() *Pipeline {
	return &Pipeline{steps: p.steps, encodeText: true}
}

// Fit fits the pipeline on a table of features, the training rows without the
// target.
func (p *Pipeline) Fit(ctx context.Context, features *table.Table) (*Fitted, error) {
	fitted, _, _, err := p.FitTransform(ctx, features)
	return fitted, err
}

// FitTransform fits the pipeline and also returns the transformed features and
// the rows of the input that they are of (nil means all), as a following
// [Fitted.Transform] of the same table would. The error is a [*NoRowsError],
// [*ColumnError], [*UnknownCategoryError] or [*config.Error].
//
// Steps that learn from the target need [Pipeline.FitTransformTarget].
func (p *Pipeline) FitTransform(ctx context.Context, features *table.Table) (*Fitted, *table.Table, []int, error) {
	return p.fitTransform(ctx, features, nil)
}

// FitTransformTarget is [Pipeline.FitTransform] for pipelines with a step that
// learns from the target, which has the table's rows. What it returns for
// training is then not what [Fitted.Transform] gives: no row's features hold its
// own target.
func (p *Pipeline) FitTransformTarget(ctx context.Context, features *table.Table, target Target) (*Fitted, *table.Table, []int, error) {
	if err := target.check(features.NumRows()); err != nil {
		return nil, nil, nil, err
	}
	return p.fitTransform(ctx, features, &target)
}

func (p *Pipeline) fitTransform(ctx context.Context, features *table.Table, target *Target) (*Fitted, *table.Table, []int, error) {
	if features.NumRows() == 0 {
		return nil, nil, nil, &NoRowsError{Reason: "there are no rows to fit preprocessing on"}
	}
	fitted := &Fitted{schema: SchemaOf(features)}
	from := &origin{}
	if target != nil {
		from.target = target.Name
	}
	for _, c := range features.Columns() {
		if c.NullCount() == c.Len() {
			from.empty = append(from.empty, c.Name())
			fitted.warnings = append(fitted.warnings, fmt.Sprintf("column %q has no values; it is left out", c.Name()))
		}
	}
	if len(fitted.schema.Columns) == 0 {
		return nil, nil, nil, &NoRowsError{Reason: "no column has a value to learn from; give the table at least one feature besides the target"}
	}
	frame, err := align(ctx, fitted.schema, features)
	if err != nil {
		return nil, nil, nil, err
	}
	frame.origin = from
	steps := p.steps
	for i := 0; ; i++ {
		if i == len(steps) {
			if !p.encodeText || !hasText(frame.Table) {
				break
			}
			rest := &categoricalEncoder{params: encoderParams{Method: "label", HandleUnknown: "ignore"}}
			steps = append(slices.Clip(steps), pipelineStep{kind: "categorical_encoder", fitter: rest})
		}
		transformer, next, err := steps[i].fit(ctx, i, frame, target)
		if err != nil {
			return nil, nil, nil, err
		}
		fitted.steps = append(fitted.steps, fittedStep{kind: steps[i].kind, transformer: transformer})
		frame = next
	}
	fitted.describe(frame)
	return fitted, frame.Table, frame.Rows, nil
}

// fit fits the step at index i and applies it to the training rows.
func (s pipelineStep) fit(ctx context.Context, i int, in Frame, target *Target) (Transformer, Frame, error) {
	var transformer Transformer
	var out Frame
	var err error
	if learner, ok := s.fitter.(TargetFitter); ok && target != nil {
		if transformer, out, err = learner.FitTarget(ctx, in, target.Take(in.Rows)); err != nil {
			return nil, Frame{}, in.located("fit", i, s.kind, err)
		}
	} else {
		if transformer, err = s.fitter.Fit(ctx, in); err != nil {
			return nil, Frame{}, in.located("fit", i, s.kind, err)
		}
		if out, err = transformer.Transform(ctx, in, Training); err != nil {
			return nil, Frame{}, in.located("apply", i, s.kind, err)
		}
	}
	switch {
	case out.Table.NumRows() == 0:
		return nil, Frame{}, &NoRowsError{Reason: fmt.Sprintf("preprocessing %s leaves no rows", label(i, s.kind))}
	case out.Table.NumColumns() == 0:
		return nil, Frame{}, &NoRowsError{Reason: fmt.Sprintf("preprocessing %s leaves no columns", label(i, s.kind))}
	case out.Table.NumColumns() > max(maxColumns, in.Table.NumColumns()):
		last := out.Table.Columns()[out.Table.NumColumns()-1]
		return nil, Frame{}, in.located("fit", i, s.kind, &ColumnError{Column: last.Name(), Reason: fmt.Sprintf(
			"with it there are %d columns; the limit is %d: let the step make fewer", out.Table.NumColumns(), maxColumns)})
	case target != nil && out.Table.Has(target.Name):
		return nil, Frame{}, in.located("fit", i, s.kind, &ColumnError{Column: target.Name, Reason: "a feature may not have the name of the target; choose another"})
	}
	if err := checkFinite(in, out); err != nil {
		return nil, Frame{}, out.located("apply", i, s.kind, err)
	}
	return transformer, out, nil
}

func hasText(t *table.Table) bool {
	return slices.ContainsFunc(t.Columns(), func(c *table.Column) bool { return c.Kind() == table.String })
}
