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

// maxSampleRows bounds the rows that an [Outcome] keeps.
const maxSampleRows = 200

// Request is what to train on.
type Request struct {
	Table *table.Table
	// Validation are the rows to validate on, with Table's columns; others are not
	// looked at. nil: they are set apart from Table.
	Validation *table.Table
	Target     string         // column to predict; "" means the last one without another role
	Config     *config.Config // nil means the defaults
	// InitModel is the model that training.init_model names; nil: none.
	InitModel *InitModel
	// Checkpoint keeps what an interrupted run had done where
	// training.snapshot_freq asks for it; nil keeps nothing.
	Checkpoint Checkpoint
	Now        func() time.Time // the clock of timings and progress; nil: time.Now
}

// Sample is a few raw validation rows, or training rows where there is no
// validation part, with the model's exact predictions on them, by which a
// deployment can be tested.
type Sample struct {
	Features   *table.Table // raw columns of the schema and others, initial scores among them, without the target; at most 200 rows
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
	// Metrics on the validation part by scikit-learn's names (none of them where
	// test_size is 0), and cv_mean and cv_std where there was cross-validation.
	Metrics map[string]float64
	// CVMetric is the metric that cv_mean and cv_std are of; "" without
	// cross-validation.
	CVMetric string
	// CVScores are the folds' scores.
	CVScores []float64
	// Timings in seconds: split, cross_validate, preprocess, train, evaluate.
	Timings map[string]float64
	// FeatureImportance is the model's.
	FeatureImportance map[string]float64
	// TrainRows and ValidationRows count the rows that were trained on, after
	// dropping, and validated.
	TrainRows, ValidationRows int
	Sample                    Sample
	Warnings                  []string

	judgement *judgement // nil: there is nothing to report
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
	if err := checkValidationData(cfg); err != nil {
		return err
	}
	if cfg.Training.TestSize == 0 && cfg.Training.ValidationData == "" && cfg.Training.CVFolds < 2 && needsValidation(b, cfg) {
		return cfg.ErrorAt("training.test_size", "early stopping has no rows to judge by: set test_size above 0, or cv_folds to at least 2, or leave early stopping out")
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
	cfg, err := requestConfig(request)
	if err != nil {
		return nil, err
	}
	if err := Check(cfg); err != nil {
		return nil, err
	}
	backend, err := backendOf(cfg)
	if err != nil {
		return nil, err
	}
	data, given, err := joined(request, cfg)
	if err != nil {
		return nil, err
	}
	cols, err := findColumns(data, request.Target, cfg)
	if err != nil {
		return nil, err
	}
	if cfg, err = withOwnPreprocessing(backend, cfg, cols.features); err != nil {
		return nil, err
	}
	r := &run{
		cfg: cfg, backend: backend, columns: cols, given: given, init: request.InitModel, checkpoint: request.Checkpoint,
		now: request.Now, timings: map[string]float64{}, warned: map[string]bool{},
	}
	if r.now == nil {
		r.now = time.Now
	}
	if err := r.prepare(ctx); err != nil {
		return nil, r.inValidationData(err)
	}
	out, err := r.finish(ctx)
	if err != nil {
		return nil, r.inValidationData(err)
	}
	for _, w := range r.warnings {
		if !r.warned[w] {
			progress.Warnf(ctx, "train", "%s", w)
		}
	}
	return out, nil
}

// requestConfig is the request's configuration, agreeing with its model to go on
// from.
func requestConfig(request Request) (*config.Config, error) {
	cfg := request.Config
	if cfg == nil {
		cfg = config.Default()
	}
	switch named := cfg.Training.InitModel != ""; {
	case named && request.InitModel == nil:
		return nil, cfg.ErrorAt(keyInitModel, "the model is to be opened before the training: put it into the request")
	case !named && request.InitModel != nil:
		with := *cfg
		with.Training.InitModel = request.InitModel.name
		return &with, nil
	}
	return cfg, nil
}

// run is one call of Train.
type run struct {
	columns           // raw
	cfg               *config.Config
	backend           Backend
	init              *InitModel // nil: none
	checkpoint        Checkpoint // nil: none
	now               func() time.Time
	given             int // the input's first row that was given to validate on; 0: none was
	goal              *goal
	train, validation []int // positions
	foldRounds        []int // iterations after which training stopped early, by fold
	timings           map[string]float64
	warnings          []string
	warned            map[string]bool // of the warnings, those that were told already
}

// stage runs f, timed, after saying so.
func (r *run) stage(ctx context.Context, name string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	progress.From(ctx).Report(progress.Report{Stage: name, Fraction: 0})
	start := r.now()
	err := f()
	r.timings[name] += r.now().Sub(start).Seconds()
	if err == nil {
		progress.From(ctx).Report(progress.Report{Stage: name, Fraction: 1})
	}
	return err
}

// prepare reads the target and splits.
func (r *run) prepare(ctx context.Context) error {
	return r.stage(ctx, "split", func() error {
		g, warnings, err := newGoal(r.target, problemKind(r.backend, r.cfg, r.init))
		if err != nil {
			return err
		}
		r.goal = g
		r.warnings = append(r.warnings, warnings...)
		if g.problem == Ranking && r.group == nil {
			return noQueries(r.cfg)
		}
		if err := g.readRoles(r.columns); err != nil {
			return err
		}
		if r.init != nil {
			if err := r.init.agree(r); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.given > 0 {
			r.train, r.validation, warnings, err = splitGiven(g, r.given)
		} else {
			r.train, r.validation, warnings, err = split(g, r.cfg)
		}
		r.warnings = append(r.warnings, warnings...)
		return err
	})
}

// finish cross-validates, fits on the training part and judges.
func (r *run) finish(ctx context.Context) (*Outcome, error) {
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
	out, err := r.fit(ctx)
	if err != nil {
		return nil, err
	}
	if len(scores) > 0 {
		out.CVScores, out.CVMetric = scores, headline(r.goal.problem)
		out.Metrics["cv_mean"], out.Metrics["cv_std"] = meanAndDeviation(scores)
	}
	switch {
	case len(r.validation) > 0:
	case len(scores) > 0:
		r.warnings = append(r.warnings, "test_size is 0: no rows were set apart, so cross-validation alone judges the model")
	default:
		r.warnings = append(r.warnings, "test_size is 0 and there is no cross-validation: no rows were set apart, so nothing tells how good the model is")
	}
	if len(out.FeatureImportance) > 0 && slices.Max(slices.Collect(maps.Values(out.FeatureImportance))) == 0 {
		advice := "the model found no split and predicts the same for every row; give more rows, or lower min_data_in_leaf (min_samples_leaf)"
		if _, ok := out.Model.(*treeModel); !ok {
			advice = "no feature moves the model's predictions, which are the same for every row; weaken the penalty (lower alpha, or raise C)"
		}
		r.warnings = append(r.warnings, advice)
	}
	out.Warnings = r.warnings
	return out, nil
}

// fit makes the model of the training part and judges it on the validation
// part. Without one it only predicts the first training rows, for the sample.
func (r *run) fit(ctx context.Context) (*Outcome, error) {
	shown := r.validation
	if len(shown) == 0 {
		shown = r.train[:min(len(r.train), maxSampleRows)]
	}
	var p *prepared
	var judged Data
	err := r.stage(ctx, "preprocess", func() (err error) {
		if p, err = r.prepareRows(ctx, r.train); err == nil {
			judged, err = r.judgedRows(ctx, p.fitted, shown)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Outcome{
		Preprocess: p.fitted, Schema: p.fitted.Schema(), Problem: r.goal.problem, Target: r.goal.Target, Timings: r.timings,
		TrainRows: p.train.Features.NumRows(), ValidationRows: len(r.validation), Metrics: map[string]float64{},
	}
	r.warnings = append(r.warnings, p.fitted.Warnings()...)
	if dropped := len(r.train) - out.TrainRows; dropped > 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("%d of %d training rows are dropped by preprocessing for missing cells", dropped, len(r.train)))
	}
	err = r.stage(ctx, "train", func() (err error) {
		train := p.train
		p.train = Data{} // the backend lets go of them once it has its own form
		out.Model, err = r.fitFinal(ctx, train, judged)
		return err
	})
	if err != nil {
		return nil, err
	}
	if m, ok := out.Model.(*treeModel); ok {
		maps.Copy(out.Metrics, m.figures)
	}
	out.Features, out.FeatureImportance = out.Model.Info().Features, out.Model.FeatureImportance()
	return out, r.stage(ctx, "evaluate", func() error {
		prediction, err := predictData(ctx, out.Model, judged)
		if err != nil {
			return err
		}
		if len(r.validation) > 0 {
			figures, warnings := evaluate(r.goal.problem, judged, prediction)
			maps.Copy(out.Metrics, figures)
			r.warnings = append(r.warnings, warnings...)
			if err := r.addOwnFigures(ctx, out, judged); err != nil {
				return err
			}
			err := r.judge(out, judged, prediction, func(rows []int) (*table.Table, error) { return r.take(ctx, pick(shown, rows)) })
			if err != nil {
				return err
			}
		}
		keep := min(len(shown), maxSampleRows)
		out.Sample = Sample{Features: r.raw.Take(r.goal.inputRows(shown[:keep])), Prediction: prediction.Slice(0, keep)}
		return nil
	})
}

// fitFinal trains the model that is kept. Where training may stop early, the
// validation part decides when, or without one the folds do.
func (r *run) fitFinal(ctx context.Context, train, judged Data) (Model, error) {
	stops := needsValidation(r.backend, r.cfg)
	if len(r.validation) > 0 {
		if stops {
			r.warnings = append(r.warnings, "the validation part also decided when to stop training, so its metrics are optimistic; cv_mean is not")
		}
		return r.fitModel(ctx, Job{Train: train, Validation: &judged, Snapshots: r.snapshots(ctx, "model")})
	}
	job := Job{Train: train, Snapshots: r.snapshots(ctx, "model")}
	if stops {
		if len(r.foldRounds) == 0 {
			return nil, &DataError{Reason: "without a validation part cross-validation tells early stopping when to stop, but it is left out (see the warnings); set training.test_size above 0, or leave early stopping out"}
		}
		sum := 0
		for _, n := range r.foldRounds {
			sum += n
		}
		job.Rounds = max(1, (sum+len(r.foldRounds)/2)/len(r.foldRounds))
		r.warnings = append(r.warnings, fmt.Sprintf("training stops after %d iterations, the mean of the cross-validation folds (%v)", job.Rounds, r.foldRounds))
	}
	return r.fitModel(ctx, job)
}
