package training

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// maxSampleRows bounds the validation rows that an [Outcome] keeps.
const maxSampleRows = 200

// Request is what to train on.
type Request struct {
	Table  *table.Table
	Target string         // column to predict; "" means the last one
	Config *config.Config // nil means the defaults
}

// Sample is a few raw validation rows with the model's exact predictions on
// them, by which a deployment can be tested.
type Sample struct {
	Features   *table.Table // raw columns of the schema and others, without the target; at most 200 rows
	Prediction *Prediction
}

// Outcome is a trained and judged model.
type Outcome struct {
	Model      Model
	Preprocess *preprocess.Fitted
	Schema     preprocess.Schema // the raw columns that prediction needs
	Features   []string          // the model's features, in its order
	Problem    ProblemType
	Target     Target
	// Metrics on the validation part by scikit-learn's names, and cv_mean and
	// cv_std where there was cross-validation.
	Metrics map[string]float64
	// CVMetric is the metric that cv_mean and cv_std are of; "" without
	// cross-validation.
	CVMetric string
	// CVScores are the folds' scores.
	CVScores []float64
	// Timings in seconds: split, cross_validate, preprocess, train, evaluate.
	Timings map[string]float64
	// FeatureImportance gives each feature's share of the model's gain.
	FeatureImportance map[string]float64
	// TrainRows and ValidationRows count the rows that were trained on, after
	// dropping, and validated.
	TrainRows, ValidationRows int
	Sample                    Sample
	Warnings                  []string
}

// Check tells what is wrong with a configuration's preprocessing and training
// sections, as far as it can be told without data. The error is a
// [*config.Error].
func Check(cfg *config.Config) error {
	b, err := backendOf(cfg)
	if err != nil {
		return err
	}
	if err := b.Check(cfg); err != nil {
		return err
	}
	_, err = preprocess.New(cfg.Preprocessing)
	return err
}

// Train trains and judges a model. It reports its progress to the context's
// sink in the stages split, cross_validate, preprocess, train and evaluate.
//
// Errors: a [*config.Error] for the configuration's fault, a [*DataError] or
// [*table.MissingColumnError] for the data's, and the context's.
func Train(ctx context.Context, request Request) (*Outcome, error) {
	cfg := request.Config
	if cfg == nil {
		cfg = config.Default()
	}
	if err := Check(cfg); err != nil {
		return nil, err
	}
	backend, err := backendOf(cfg)
	if err != nil {
		return nil, err
	}
	target, err := findTarget(request.Table, request.Target)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, backend: backend, features: request.Table.Drop(target.Name()), timings: map[string]float64{}}
	if err := r.prepare(ctx, target); err != nil {
		return nil, err
	}
	out, err := r.finish(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range r.warnings {
		progress.Warnf(ctx, "train", "%s", w)
	}
	return out, nil
}

// run is one call of Train.
type run struct {
	cfg               *config.Config
	backend           Backend
	features          *table.Table // raw, without the target
	goal              *goal
	train, validation []int // positions
	timings           map[string]float64
	warnings          []string
}

// stage runs f, timed, after saying so.
func (r *run) stage(ctx context.Context, name string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	progress.From(ctx).Report(progress.Report{Stage: name, Fraction: 0})
	start := time.Now()
	err := f()
	r.timings[name] += time.Since(start).Seconds()
	if err == nil {
		progress.From(ctx).Report(progress.Report{Stage: name, Fraction: 1})
	}
	return err
}

// prepare reads the target and splits.
func (r *run) prepare(ctx context.Context, target *table.Column) error {
	return r.stage(ctx, "split", func() error {
		g, warnings, err := newGoal(target, r.cfg)
		if err != nil {
			return err
		}
		r.goal = g
		r.warnings = append(r.warnings, warnings...)
		r.train, r.validation, warnings, err = split(g, r.cfg)
		r.warnings = append(r.warnings, warnings...)
		return err
	})
}

// finish cross-validates, fits on the training part and judges.
func (r *run) finish(ctx context.Context) (*Outcome, error) {
	out := &Outcome{Problem: r.goal.problem, Target: r.goal.Target, Timings: r.timings, ValidationRows: len(r.validation)}
	var scores []float64
	if r.cfg.Training.CVFolds > 1 {
		err := r.stage(ctx, "cross_validate", func() (err error) {
			scores, err = r.crossValidate(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var parts *parts
	held := r.features.Take(r.goal.inputRows(r.validation))
	err := r.stage(ctx, "preprocess", func() (err error) {
		parts, err = r.fitParts(ctx, r.train, r.validation, held)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.warnings = append(r.warnings, parts.fitted.Warnings()...)
	if dropped := len(r.train) - parts.train.Features.NumRows(); dropped > 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("%d of %d training rows are dropped by preprocessing for missing cells", dropped, len(r.train)))
	}
	err = r.stage(ctx, "train", func() (err error) {
		out.Model, err = r.fitModel(ctx, parts.train, parts.validation, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	if needsValidation(r.backend, r.cfg) {
		r.warnings = append(r.warnings, "the validation part also decided when to stop training, so its metrics are optimistic; cv_mean is not")
	}
	err = r.stage(ctx, "evaluate", func() error {
		prediction, err := out.Model.Predict(ctx, parts.validation.Features)
		if err != nil {
			return err
		}
		var warnings []string
		out.Metrics, warnings = evaluate(r.goal.problem, *parts.validation, prediction)
		r.warnings = append(r.warnings, warnings...)
		keep := min(held.NumRows(), maxSampleRows)
		out.Sample = Sample{Features: compact(held, keep), Prediction: prediction.Slice(0, keep)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(scores) > 0 {
		out.CVScores, out.CVMetric = scores, headline(r.goal.problem)
		out.Metrics["cv_mean"], out.Metrics["cv_std"] = meanAndDeviation(scores)
	}
	out.Preprocess, out.Schema = parts.fitted, parts.fitted.Schema()
	out.Features = out.Model.Info().Features
	out.FeatureImportance = out.Model.FeatureImportance()
	if slices.Max(slices.Collect(maps.Values(out.FeatureImportance))) == 0 {
		r.warnings = append(r.warnings, "the model found no split and predicts the same for every row; give more rows, or lower min_data_in_leaf (min_samples_leaf)")
	}
	out.TrainRows = parts.train.Features.NumRows()
	out.Warnings = r.warnings
	return out, nil
}

// parts are the preprocessed rows of one training.
type parts struct {
	fitted     *preprocess.Fitted
	train      Data
	validation *Data
}

// fitParts fits preprocessing on the training positions and applies it to the
// validation ones, whose raw rows are held.
func (r *run) fitParts(ctx context.Context, train, validation []int, held *table.Table) (*parts, error) {
	pipeline, err := preprocess.New(r.cfg.Preprocessing)
	if err != nil {
		return nil, err
	}
	inputs := r.goal.inputRows(train)
	fitted, features, kept, err := pipeline.EncodeText().FitTransform(ctx, r.features.Take(inputs))
	if err != nil {
		return nil, dataError(err, inputs)
	}
	if kept != nil {
		for i, k := range kept {
			kept[i] = train[k]
		}
		if err := r.oneClassLeft(train, kept); err != nil {
			return nil, err
		}
		train = kept
	}
	out := &parts{fitted: fitted, train: r.data(train, features, fitted)}
	out.validation, err = r.judgedRows(ctx, fitted, validation, held)
	return out, err
}

// oneClassLeft tells where dropping rows for missing cells, from train to kept,
// leaves nothing to tell apart.
func (r *run) oneClassLeft(train, kept []int) error {
	if !r.goal.problem.IsClassification() {
		return nil
	}
	for _, p := range kept {
		if r.goal.classes[p] != r.goal.classes[kept[0]] {
			return nil
		}
	}
	return &DataError{Reason: fmt.Sprintf(
		"of %d rows to train on, handle_missing drop leaves %d without a missing cell, all of class %q; fill missing cells with median, mean, mode or constant instead",
		len(train), len(kept), r.goal.Classes[r.goal.classes[kept[0]]])}
}

// judgedRows applies fitted preprocessing to positions whose raw rows are held.
func (r *run) judgedRows(ctx context.Context, fitted *preprocess.Fitted, positions []int, held *table.Table) (*Data, error) {
	features, err := fitted.TransformForInference(ctx, held)
	if err != nil {
		return nil, dataError(err, r.goal.inputRows(positions))
	}
	d := r.data(positions, features, fitted)
	return &d, nil
}

// data joins preprocessed features with the target at positions.
func (r *run) data(positions []int, features *table.Table, fitted *preprocess.Fitted) Data {
	d := Data{Features: features, Categorical: fitted.Categorical()}
	if r.goal.problem.IsClassification() {
		d.Classes = make([]int, len(positions))
		for i, p := range positions {
			d.Classes[i] = r.goal.classes[p]
		}
		return d
	}
	d.Values = make([]float64, len(positions))
	for i, p := range positions {
		d.Values[i] = r.goal.values[p]
	}
	return d
}

func (r *run) fitModel(ctx context.Context, train Data, validation *Data, quiet bool) (Model, error) {
	m, err := r.backend.Fit(ctx, Job{
		Config: r.cfg, Problem: r.goal.problem, Target: r.goal.Target, Train: train, Validation: validation, Quiet: quiet,
	})
	return m, dataError(err, nil)
}

// compact copies the first rows, so that they do not keep the whole table.
func compact(t *table.Table, rows int) *table.Table {
	first := make([]int, rows)
	for i := range first {
		first[i] = i
	}
	return t.Take(first)
}
