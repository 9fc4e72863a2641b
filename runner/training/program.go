package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/program"
	"mlops/runner/table"
)

// programs is the backend whose models are the user's own programs, see package
// runner/program. It is registered under the names of what such programs are for.
type programs struct{ name string }

const keyProgram = "training.params.program"

// inputs of a program.
const (
	inputFeatures = "features"
	inputRaw      = "raw"
)

// programParams are the parameters of the backend; those of the program itself
// are its arguments.
type programParams struct {
	// Program is the path of the executable: absolute, or from where the
	// configuration's other relative locations start.
	Program string `yaml:"program"`
	// Arguments are given to the program as they are, in job.json.
	Arguments map[string]any `yaml:"arguments"`
	// DataFormat is how it gets data and gives predictions.
	DataFormat string `yaml:"data_format" enum:"parquet|csv|jsonl"`
	// Input is "features", the numbers that preprocessing makes, or "raw", the
	// columns that it makes them of.
	Input string `yaml:"input" enum:"features|raw"`
	// TimeLimit of each run of the program, in seconds.
	TimeLimit float64 `yaml:"time_limit" range:"(0,604800]"`
	// MaxModelMB bounds the files of the model together, in MiB.
	MaxModelMB int `yaml:"max_model_mb" range:"[1,2048]"`
	// Evaluate also runs the program's own evaluation of the validation part.
	Evaluate bool `yaml:"evaluate"`
}

func (b programs) params(cfg *config.Config) (programParams, error) {
	p, err := config.DecodeTrainingParams(cfg, programParams{
		DataFormat: string(program.Parquet), Input: inputFeatures,
		TimeLimit: program.DefaultTimeLimit.Seconds(), MaxModelMB: program.DefaultModelBytes >> 20,
	})
	if err == nil && strings.TrimSpace(p.Program) == "" {
		err = cfg.ErrorAt(keyProgram, "the backend %s runs a program of yours: name it by its path", b.name)
	}
	return p, err
}

func (b programs) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, []string{"auto"}); err != nil {
		return err
	}
	if err := refuse(cfg, "a program"); err != nil {
		return err
	}
	if cfg.Training.SnapshotFreq > 0 {
		return cfg.ErrorAt("training.snapshot_freq", "a program's training cannot be taken up where it broke off; leave it out")
	}
	_, err := b.params(cfg)
	return err
}

// permitted is a backend that may do its work in some places only.
type permitted interface {
	permit(ctx context.Context, cfg *config.Config) error
}

// Permit tells, before anything is read, whether the configuration's backend may
// do its work here: whether the program that it runs exists and is allowed. The
// error is a [*program.ForbiddenError] or a [*program.Error].
func Permit(ctx context.Context, cfg *config.Config) error {
	b, err := backendOf(cfg)
	if err != nil {
		return err
	}
	if p, ok := b.(permitted); ok {
		return p.permit(ctx, cfg)
	}
	return nil
}

func (b programs) permit(ctx context.Context, cfg *config.Config) error {
	p, err := b.params(cfg)
	if err != nil {
		return err
	}
	_, err = resolveProgram(ctx, p.Program)
	return err
}

// resolveProgram finds the program that the configuration names.
func resolveProgram(ctx context.Context, path string) (string, error) {
	resolved, err := program.From(ctx).Resolve(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", keyProgram, err)
	}
	return resolved, nil
}

// usesRaw implements rawUser.
func (b programs) usesRaw(cfg *config.Config) bool {
	p, err := b.params(cfg)
	return err == nil && p.Input == inputRaw
}

func (b programs) Fit(ctx context.Context, job Job) (_ Model, err error) {
	p, err := b.params(job.Config)
	if err != nil {
		return nil, err
	}
	path, err := resolveProgram(ctx, p.Program)
	if err != nil {
		return nil, err
	}
	present, err := presentClasses(job)
	if err != nil {
		return nil, err
	}
	m := &programModel{
		info: ModelInfo{Backend: b.name, Model: programName(path), Problem: job.Problem, Target: job.Target, Features: job.Train.Features.Names(), Present: present},
		manifest: program.Manifest{
			Program: path, TimeLimit: time.Duration(p.TimeLimit * float64(time.Second)),
			Job: program.Job{
				Backend: b.name, DataFormat: program.Format(p.DataFormat), Input: p.Input, ProblemType: string(job.Problem),
				Target: job.Target.Name, RandomState: job.Config.Training.RandomState, Arguments: p.Arguments,
			},
		},
		evaluates: p.Evaluate,
	}
	if len(m.info.Features) == 0 {
		return nil, &DataError{Reason: "preprocessing leaves no features"}
	}
	given := &m.manifest.Job
	if p.Input == inputFeatures {
		given.Categorical = job.Train.Categorical
	}
	given.Features = inputOf(job.Train, p.Input).Names()
	for _, label := range job.Target.Classes {
		raw, err := label.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("class %q: %w", label, err)
		}
		given.Classes = append(given.Classes, raw)
	}
	if m.manifest.SHA256, err = program.Digest(path); err != nil {
		return nil, err
	}
	folder, err := program.NewFolder(program.From(ctx).Scratch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	tables, err := trainingTables(m.manifest.Job, job)
	if err != nil {
		return nil, err
	}
	run := program.Run{Program: path, Verb: "train", Folder: folder, TimeLimit: m.manifest.TimeLimit, Stage: "train", Quiet: job.Quiet}
	task := m.manifest.Job
	task.Verb = run.Verb
	if job.Train.Weights != nil {
		task.Weight = job.Config.Training.SampleWeightColumn
	}
	if err := folder.Write(task, tables); err != nil {
		return nil, err
	}
	if err := run.Do(ctx); err != nil {
		return nil, programError(err)
	}
	m.packed, err = folder.Pack(ctx, m.manifest, int64(p.MaxModelMB)<<20)
	return m, err
}

// trainingTables are the rows to train on and to validate by, with the target
// and the weights.
func trainingTables(given program.Job, job Job) (program.Tables, error) {
	train, err := withTarget(given, job.Train)
	if err == nil && job.Train.Weights != nil {
		train, err = train.With(table.NewFloat64(job.Config.Training.SampleWeightColumn, job.Train.Weights, nil))
	}
	if err != nil {
		return program.Tables{}, err
	}
	tables := program.Tables{Train: train}
	if job.Validation != nil {
		tables.Validation, err = withTarget(given, *job.Validation)
	}
	return tables, err
}

// withTarget is what a program gets of rows whose target is known.
func withTarget(given program.Job, d Data) (*table.Table, error) {
	input, err := inputOf(d, given.Input).Select(given.Features...)
	if err != nil {
		return nil, err
	}
	if input.Has(given.Target) {
		return nil, &DataError{Column: given.Target, Reason: "preprocessing makes a feature of the target's name; rename one of them"}
	}
	target := table.NewFloat64(given.Target, d.Values, nil)
	if d.Classes != nil {
		classes := make([]int64, len(d.Classes))
		for i, k := range d.Classes {
			classes[i] = int64(k)
		}
		target = table.NewInt64(given.Target, classes, nil)
	}
	return input.With(target)
}

// inputOf are the columns that a program gets of rows.
func inputOf(d Data, input string) *table.Table {
	if input == inputRaw {
		return d.Raw
	}
	return d.Features
}

func (b programs) Load(info ModelInfo, r io.Reader) (Model, error) {
	packed, manifest, err := program.ReadPacked(r)
	if err != nil {
		return nil, err
	}
	given := manifest.Job
	switch {
	case given.Backend != info.Backend || given.ProblemType != string(info.Problem) || given.Target != info.Target.Name || len(given.Classes) != len(info.Target.Classes):
		return nil, errors.New("the program's model is not the one of its description")
	case given.Input != inputFeatures && given.Input != inputRaw:
		return nil, fmt.Errorf("the program's model takes %q, which is not known", given.Input)
	case !slices.Contains([]program.Format{program.Parquet, program.CSV, program.JSONL}, given.DataFormat):
		return nil, fmt.Errorf("the program's model takes data as %q, which is not known", given.DataFormat)
	case given.Input == inputFeatures && !slices.Equal(given.Features, info.Features):
		return nil, errors.New("the program's model takes other features than its description names")
	case manifest.TimeLimit <= 0:
		return nil, fmt.Errorf("the program's model has a time limit of %s", manifest.TimeLimit)
	}
	return &programModel{info: info, manifest: manifest, packed: packed}, nil
}

// programError makes what the program says of its data the data's fault.
func programError(err error) error {
	var fault *program.Error
	if errors.As(err, &fault) && fault.Kind == program.Data {
		return &DataError{Reason: err.Error(), Err: err}
	}
	return err
}
