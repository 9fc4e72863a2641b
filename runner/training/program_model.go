package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/program"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// rawUser is a backend that may train on raw columns.
type rawUser interface {
	usesRaw(cfg *config.Config) bool
}

// rawModel is a model that may predict from raw columns.
type rawModel interface {
	predictRows(ctx context.Context, d Data) (*Prediction, error)
}

// wantsRaw tells whether the run's backend trains on raw columns.
func (r *run) wantsRaw() bool {
	u, ok := r.backend.(rawUser)
	return ok && u.usesRaw(r.cfg)
}

// withRaw adds the raw columns that a part's features were made of, where the
// backend trains on them.
func (r *run) withRaw(d Data, raw *table.Table, fitted *preprocess.Fitted) (Data, error) {
	if !r.wantsRaw() {
		return d, nil
	}
	var err error
	d.Raw, err = raw.Select(fitted.Schema().Names()...)
	return d, err
}

// addOwnFigures adds what the model measures of itself on the validation part.
// Figures that this package measures stay as they are.
func (r *run) addOwnFigures(ctx context.Context, out *Outcome, judged Data) error {
	e, ok := out.Model.(evaluator)
	if !ok {
		return nil
	}
	figures, err := e.evaluate(ctx, judged)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		if _, taken := out.Metrics[name]; taken || name == "cv_mean" || name == "cv_std" {
			r.warnings = append(r.warnings, fmt.Sprintf("the program's own metric %q is left out: that name is taken", name))
			continue
		}
		out.Metrics[name] = figures[name]
	}
	return nil
}

// evaluator is a model that may measure itself on rows.
type evaluator interface {
	// evaluate gives its own figures; nil: it has none.
	evaluate(ctx context.Context, d Data) (map[string]float64, error)
}

// programModel is a model that a user's program made, and predicts of.
type programModel struct {
	info      ModelInfo
	manifest  program.Manifest
	packed    []byte // the manifest and the model's folder
	evaluates bool
}

// programName is the name of a model by its program.
func programName(path string) string { return filepath.Base(path) }

func (m *programModel) Info() ModelInfo      { return m.info }
func (m *programModel) Name() string         { return m.info.Model }
func (m *programModel) Problem() ProblemType { return m.info.Problem }
func (m *programModel) FileName() string     { return "model.tar" }

// FeatureImportance is nil: a program tells none.
func (m *programModel) FeatureImportance() map[string]float64 { return nil }

func (m *programModel) Write(w io.Writer) error {
	_, err := w.Write(m.packed)
	return err
}

// Predict implements [Model]. A model of raw columns predicts by [Predict].
func (m *programModel) Predict(ctx context.Context, features *table.Table) (*Prediction, error) {
	if m.manifest.Job.Input == inputRaw {
		return nil, fmt.Errorf("predict: the program of model %s takes raw columns, not preprocessed features", m.info.Model)
	}
	return m.predictRows(ctx, Data{Features: features})
}

// predictRows implements rawModel.
func (m *programModel) predictRows(ctx context.Context, d Data) (*Prediction, error) {
	rows := d.Features.NumRows()
	out := &Prediction{}
	if m.info.Problem.IsClassification() {
		out.Classes, out.Class, out.Proba = m.info.Target.Classes, make([]int, rows), []float64{}
	} else {
		out.Values = []float64{}
	}
	if rows == 0 {
		return out, nil
	}
	input, err := inputOf(d, m.manifest.Job.Input).Select(m.manifest.Job.Features...)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	err = m.run(ctx, "predict", input, func(folder *program.Folder) error {
		p, err := folder.Predictions(ctx, m.manifest.Job.DataFormat, rows, len(m.info.Target.Classes))
		if err == nil && out.Classes == nil {
			out.Values = p.Values
		} else if err == nil {
			out.Proba = p.Proba
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	k := len(out.Classes)
	for i := range out.Class {
		out.Class[i] = argmax(out.Proba[i*k : (i+1)*k])
	}
	return out, nil
}

// evaluate implements evaluator.
func (m *programModel) evaluate(ctx context.Context, d Data) (figures map[string]float64, err error) {
	if !m.evaluates {
		return nil, nil
	}
	input, err := withTarget(m.manifest.Job, d)
	if err != nil {
		return nil, err
	}
	err = m.run(ctx, "evaluate", input, func(folder *program.Folder) (err error) {
		figures, err = folder.Metrics()
		return err
	})
	return figures, err
}

// run runs the program on data with the model in its folder, and reads what it
// left there.
func (m *programModel) run(ctx context.Context, verb string, data *table.Table, read func(*program.Folder) error) (err error) {
	path, err := program.From(ctx).Resolve(m.manifest.Program)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	digest, err := program.Digest(path)
	if err != nil {
		return err
	}
	if digest != m.manifest.SHA256 {
		progress.Warnf(ctx, verb, "program %s is not as it was when the model was trained: its SHA-256 is %s, not %s; its predictions may differ", path, digest, m.manifest.SHA256)
	}
	folder, err := program.NewFolder(program.From(ctx).Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	if err := folder.Unpack(ctx, m.packed); err != nil {
		return err
	}
	job := m.manifest.Job
	job.Verb = verb
	if err := folder.Write(job, program.Tables{Data: data}); err != nil {
		return err
	}
	run := program.Run{Program: path, Verb: verb, Folder: folder, TimeLimit: m.manifest.TimeLimit, Stage: verb}
	if err := run.Do(ctx); err != nil {
		return programError(err)
	}
	err = read(folder)
	var fault *program.Error
	if errors.As(err, &fault) {
		fault.Program = path
	}
	return err
}
