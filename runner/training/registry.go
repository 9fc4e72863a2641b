package training

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// Model is a trained model. It is safe for concurrent use.
type Model interface {
	// Info is what [Load] needs besides the model's bytes.
	Info() ModelInfo
	// Name is the model's name, e.g. "lightgbm" or "random_forest_classifier".
	Name() string
	// Problem is what it predicts.
	Problem() ProblemType
	// Predict scores a table of preprocessed features: Float64 columns, found by
	// name. The result depends on each row alone.
	Predict(ctx context.Context, features *table.Table) (*Prediction, error)
	// FeatureImportance gives each feature's share in what the model predicts, adding
	// up to 1 (all 0 where nothing does), by name: of trees its share of the gain,
	// of linear models see [linearImportance], of networks [shuffledImportance]; nil
	// where the model tells none.
	FeatureImportance() map[string]float64
	// FileName is the name of the model's file in a deployment.
	FileName() string
	// Write writes the model's bytes, which [Load] reads.
	Write(w io.Writer) error
}

// Prediction is what a model says about rows.
type Prediction struct {
	// Values of a regression, or a ranking's scores, one a row; nil for a
	// classification.
	Values []float64
	// Class of a classification, one a row: an index into Classes.
	Class []int
	// Proba of a classification: rows × classes, row by row, each row adding up
	// to 1.
	Proba []float64
	// Classes by their original labels.
	Classes []Label
}

// Len is the number of rows.
func (p *Prediction) Len() int { return max(len(p.Values), len(p.Class)) }

// Label is the predicted class of a row by its original label.
func (p *Prediction) Label(row int) Label { return p.Classes[p.Class[row]] }

// Slice returns rows [lo, hi) without copying.
func (p *Prediction) Slice(lo, hi int) *Prediction {
	if p.Values != nil {
		return &Prediction{Values: p.Values[lo:hi]}
	}
	k := len(p.Classes)
	return &Prediction{Class: p.Class[lo:hi], Proba: p.Proba[lo*k : hi*k], Classes: p.Classes}
}

// Data is what a backend trains on.
type Data struct {
	// Features are Float64 columns, NaN where missing.
	Features *table.Table
	// Categorical names the columns that hold label codes.
	Categorical []string
	// Classes of the rows, as indices, for a classification.
	Classes []int
	// Values of the rows, for a regression or ranking.
	Values []float64
	// Groups are the sizes of a ranking's queries, whose rows follow one another;
	// nil for other problems.
	Groups []int
	// Weights of the rows, finite and not negative; nil where all count the same.
	Weights []float64
	// InitScore are the raw scores that training starts from: of each column that
	// the configuration names, one a row. nil: none.
	InitScore [][]float64
	// Raw are the columns that Features were made of, for a backend that asks for
	// them; nil for others.
	Raw *table.Table

	rows func() []int // those of the input, one a row; nil where they are not known
}

// inputRows are the input's rows, nil where they are not known.
func (d *Data) inputRows() []int {
	if d.rows == nil {
		return nil
	}
	return d.rows()
}

// Job is one training.
type Job struct {
	Config  *config.Config
	Problem ProblemType
	Target  Target
	Train   Data
	// Validation rows, for early stopping and progress; nil where there are none,
	// and inside of cross-validation where nothing stops early.
	Validation *Data
	// Rounds, if not 0, is the number of iterations to train in the place of the
	// configured one, without stopping early.
	Rounds int
	// Quiet asks for no progress: the caller reports its own.
	Quiet bool
	// Now is the clock of the progress; nil: time.Now.
	Now func() time.Time
	// Init is the model to go on from; nil: none. Its features are Train's, in
	// order.
	Init *InitModel
	// Snapshots keeps the training's state for an attempt that takes up where this
	// one broke off; nil keeps none.
	Snapshots *Snapshots
	// Warn takes what the model's user should know, such as a training that did not
	// converge; nil takes nothing.
	Warn func(format string, args ...any)

	start []float64 // raw scores to start from, see [gbdt.Options]
}

// warnf warns, unless the job is a quiet one: the warning would come again.
func (j *Job) warnf(format string, args ...any) {
	if j.Warn != nil && !j.Quiet {
		j.Warn(format, args...)
	}
}

// info describes the model of the job.
func (j *Job) info(backend, model string) ModelInfo {
	return ModelInfo{Backend: backend, Model: model, Problem: j.Problem, Target: j.Target, Features: j.Train.Features.Names()}
}

// Meter reports the iterations of the training to the context's sink; nil, which
// reports nothing, for a quiet job.
func (j *Job) Meter(ctx context.Context) *progress.Meter {
	if j.Quiet {
		return nil
	}
	return progress.NewMeter(progress.From(ctx), "train", j.Now)
}

// Backend trains and loads models.
type Backend interface {
	// Check tells whether the configuration's model type and parameters can be
	// used, as far as it can be told without data, by a [*config.Error]. A backend
	// refuses the keys that it does nothing with: sample_weight_column,
	// init_score_column, init_model, and the problem type ranking.
	Check(cfg *config.Config) error
	// Fit trains a model.
	Fit(ctx context.Context, job Job) (Model, error)
	// Load reads a model's bytes, which are untrusted.
	Load(info ModelInfo, r io.Reader) (Model, error)
}

// backends is filled at start-up and only read afterwards.
var backends = map[string]Backend{}

// Register makes a backend known by name. It is called at start-up; a name that
// is taken panics.
func Register(name string, b Backend) {
	if _, taken := backends[name]; taken || name == "" || b == nil {
		panic(fmt.Sprintf("training: Register(%q): the name is taken or empty, or the backend is nil", name))
	}
	backends[name] = b
}

// Known lists the registered backends by name.
func Known() []string { return slices.Sorted(maps.Keys(backends)) }

func init() {
	Register("classic", withXGBoost{classic{}})
	Register("lightgbm", lightGBM{})
	Register("neural_network", neuralNetwork{})
	Register("xgboost", xgBoost{eta: 0.3})
}

// backendOf finds the configuration's backend.
func backendOf(cfg *config.Config) (Backend, error) {
	if b, ok := backends[cfg.Training.Backend]; ok {
		return b, nil
	}
	return nil, unknownName(cfg, "training.backend", "backend", cfg.Training.Backend, Known())
}

func unknownName(cfg *config.Config, path, what, name string, known []string) error {
	all := strings.Join(known, ", ")
	if near := table.Nearest(name, known); near != "" {
		return cfg.ErrorAt(path, "unknown %s %q; did you mean %q? (known: %s)", what, name, near, all)
	}
	return cfg.ErrorAt(path, "unknown %s %q (known: %s)", what, name, all)
}

// Load reads a model that [Model.Write] wrote, of which info is [Model.Info].
// The bytes are data only and are checked.
func Load(info ModelInfo, r io.Reader) (Model, error) {
	b, ok := backends[info.Backend]
	if !ok {
		return nil, fmt.Errorf("load model: unknown backend %q (known: %s)", info.Backend, strings.Join(Known(), ", "))
	}
	if err := info.check(); err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	m, err := b.Load(info, r)
	if err != nil {
		return nil, fmt.Errorf("load %s model: %w", info.Backend, err)
	}
	return m, nil
}
