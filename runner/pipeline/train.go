package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"sync/atomic"
	"syscall"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/progress"
	"mlops/runner/report"
	"mlops/runner/table"
	"mlops/runner/training"
)

// TrainRequest asks for a model.
type TrainRequest struct {
	Data     string         // location of the table
	DataName string         // what to call it in reports; "": its location
	Target   string         // column to predict; "": the last one
	Config   *config.Config // nil: the defaults
	NoDeploy bool           // train and report only
	// PublishArtifact publishes the deployment as an artifact instead of a
	// directory.
	PublishArtifact bool
	BaseDir         string // where relative locations start
}

// Train reads a table, trains a model, judges it and deploys it. A deployment is
// published once, complete and only by leave of the gate; an error leaves
// nothing behind. An attempt whose predecessor already published adopts that
// deployment.
func Train(ctx context.Context, r TrainRequest, env Env) (*TrainResult, error) {
	env = env.withDefaults()
	ctx = env.allowPrograms(ctx, r.BaseDir)
	t := &trainRun{request: r, env: env, config: configuration(r.Config), stages: newStages(env)}
	if err := t.prepare(ctx); err != nil {
		return nil, fail(ctx, "config", BadConfig, err)
	}
	if adopted, err := t.adopt(ctx); adopted != nil || err != nil {
		return adopted, err
	}
	if t.config.Training.InitModel != "" {
		if err := t.do(ctx, "load", BadData, func() error { return t.openInitModel(ctx) }); err != nil {
			return nil, err
		}
	}
	if err := t.do(ctx, "read", BadData, func() error { return t.read(ctx) }); err != nil {
		return nil, err
	}
	if err := t.openCheckpoint(ctx); err != nil {
		return nil, fail(ctx, "train", Internal, err)
	}
	if err := t.train(ctx); err != nil {
		return nil, err
	}
	if !r.NoDeploy && t.steps.WantsReport() {
		if err := t.do(ctx, "report", Internal, func() error { return t.describe(ctx) }); err != nil {
			return nil, err
		}
	}
	result := t.result()
	if !r.NoDeploy {
		err := t.do(ctx, "deploy", Internal, func() (err error) {
			result.Deployment, err = t.deploy(ctx, result)
			return deployFault(ctx, err)
		})
		if err != nil {
			return nil, err
		}
	}
	t.closeCheckpoint(ctx)
	result.Timings, result.PeakRSSBytes = t.total(), PeakRSS()
	return result, nil
}

// trainRun is one call of Train.
type trainRun struct {
	*stages
	request TrainRequest
	env     Env
	config  *config.Config

	steps    deploy.Steps
	watchers observe.Steps
	template []byte // of the endpoint script
	parent   string // directory that receives the deployment; "" for an artifact

	initModel   *training.InitModel // nil: none
	checkpoint  *checkpointDir      // nil: none
	table       *table.Table
	validation  *table.Table // nil: rows are set apart from table
	fingerprint string
	outcome     *training.Outcome
	metrics     map[string]float64
	report      *report.Report // nil: there is none
}

// prepare finds every fault of the configuration before anything is read.
func (t *trainRun) prepare(ctx context.Context) (err error) {
	if t.steps, t.watchers, err = check(t.config); err != nil {
		return err
	}
	if err := training.Permit(ctx, t.config); err != nil {
		return err
	}
	for _, note := range t.config.Notes() {
		t.warn(ctx, "config", "%s", note)
	}
	if t.request.NoDeploy {
		return nil
	}
	if t.config.Deployment.EndpointTemplate != "" {
		if t.template, err = t.readTemplate(ctx); err != nil {
			return err
		}
	}
	if t.request.PublishArtifact {
		if t.env.Artifacts == nil {
			return errors.New("the deployment cannot be published as an artifact: there is no artifact service here")
		}
	} else if t.parent, err = t.env.Storage.ResolveDir(Locate(t.request.BaseDir, t.config.Deployment.OutputDir)); err != nil {
		return fmt.Errorf("deployment.output_dir: %w", err)
	}
	return t.steps.Check(ctx, t.deployEnvironment())
}

const maxTemplateBytes = 1 << 20

func (t *trainRun) readTemplate(ctx context.Context) ([]byte, error) {
	if t.config.TemplateInline() {
		return []byte(t.config.Deployment.EndpointTemplate), nil
	}
	location := Locate(t.request.BaseDir, t.config.Deployment.EndpointTemplate)
	f, err := t.env.Storage.Open(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("endpoint_template: %w", err)
	}
	defer f.Close()
	if f.Size() > maxTemplateBytes {
		return nil, fmt.Errorf("endpoint_template: %s has %d bytes, more than %d", location, f.Size(), maxTemplateBytes)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return nil, fmt.Errorf("endpoint_template: %w", err)
	}
	return text, nil
}

// adopt returns the result of an earlier attempt of the same task that published
// before its end became known. What attempts that died earlier left is cleared
// away.
func (t *trainRun) adopt(ctx context.Context) (*TrainResult, error) {
	if t.request.NoDeploy || t.request.PublishArtifact || t.env.TaskID == "" || t.env.Attempt < 2 {
		return nil, nil
	}
	owner := deploy.Owner{Task: t.env.TaskID, Attempt: t.env.Attempt}
	if err := deploy.RemoveStale(t.env.Disk, t.parent, owner, t.env.Now()); err != nil {
		return nil, fail(ctx, "deploy", Internal, err)
	}
	dir, err := deploy.FindPublished(ctx, t.parent, t.config.Deployment.DeploymentPrefix, t.env.TaskID)
	if err != nil {
		return nil, fail(ctx, "deploy", Internal, err)
	}
	if dir == "" {
		return nil, nil
	}
	b, err := deploy.Open(ctx, dir)
	if err != nil {
		t.warn(ctx, "deploy", "an earlier attempt's deployment is not usable, so a new one is trained: %v", err)
		return nil, nil
	}
	progress.Logf(ctx, "deploy", "attempt %d of this task already published %s; it is the result", b.Metadata.Attempt, dir)
	result := resultOf(b.Metadata.Run)
	result.Deployment = &Deployment{
		Dir: dir, Version: b.Metadata.Version, Files: b.Files, CreatedAt: b.Metadata.CreatedAt, Artifacts: b.Metadata.Artifacts,
	}
	result.Timings = maps.Clone(result.Timings)
	return result, nil
}

func (t *trainRun) read(ctx context.Context) (err error) {
	location := Locate(t.request.BaseDir, t.request.Data)
	t.table, err = readTable(ctx, t.env, location, nameOf(t.request.Data, t.request.DataName), table.ReadOptions{})
	if err != nil {
		return err
	}
	t.fingerprint = t.table.Fingerprint()
	progress.Logf(ctx, "read", "rows: %d, columns: %d", t.table.NumRows(), t.table.NumColumns())
	if name := t.config.Training.ValidationData; name != "" {
		if err := t.readValidation(ctx, name); err != nil {
			return err
		}
	}
	for _, c := range t.table.Columns() {
		if problem := strayText(c); problem != "" {
			t.warn(ctx, "read", "%s", problem)
		}
	}
	return nil
}

// train runs the stages that package training names itself.
func (t *trainRun) train(ctx context.Context) error {
	var stage atomic.Value // the newest one that was told, for errors
	stage.Store("split")
	sink := progress.From(ctx)
	watched := progress.With(ctx, progress.Func(func(r progress.Report) {
		if r.Stage != "" {
			stage.Store(r.Stage)
		}
		sink.Report(r)
	}))
	request := training.Request{Table: t.table, Validation: t.validation, Target: t.request.Target, Config: t.config, InitModel: t.initModel, Now: t.env.Now}
	if t.checkpoint != nil {
		request.Checkpoint = t.checkpoint
	}
	outcome, err := training.Train(watched, request)
	if err != nil {
		otherwise := trainingFault(err)
		if otherwise == BadData {
			err = fmt.Errorf("%s: %w", nameOf(t.request.Data, t.request.DataName), err)
		}
		return fail(ctx, stage.Load().(string), otherwise, err)
	}
	t.outcome = outcome
	maps.Copy(t.timings, outcome.Timings)
	t.warnings = append(t.warnings, outcome.Warnings...)
	var dropped []string
	if t.metrics, dropped = finite(outcome.Metrics); len(dropped) > 0 {
		t.warn(ctx, "evaluate", "these metrics have no value on the validation part and are left out: %v", dropped)
	}
	return nil
}

// describe makes the model report. A model that cannot be described is still one
// to deploy.
func (t *trainRun) describe(ctx context.Context) (err error) {
	if t.report, err = t.outcome.Report(ctx); err != nil && ctx.Err() == nil {
		t.warn(ctx, "report", "there is no model report: %v", err)
		return nil
	}
	return err
}

// trainingFault tells an error of the data from one of this program.
func trainingFault(err error) Kind {
	var data *training.DataError
	var missing *table.MissingColumnError
	if errors.As(err, &data) || errors.As(err, &missing) {
		return BadData
	}
	return Internal
}

// result is what is known before the deployment.
func (t *trainRun) result() *TrainResult {
	o := t.outcome
	result := &TrainResult{
		ModelName: o.Model.Name(), ProblemType: string(o.Problem), Metrics: t.metrics, Timings: maps.Clone(t.total()),
		Rows: int64(t.table.NumRows()), Columns: int64(t.table.NumColumns()), PeakRSSBytes: PeakRSS(),
		DataFingerprint: t.fingerprint, ConfigHash: t.config.Hash(), Target: o.Target.Name, Features: o.Features,
		Warnings: t.warnings, CVMetric: o.CVMetric,
	}
	for _, label := range o.Target.Classes {
		result.Classes = append(result.Classes, label.String())
	}
	return result
}

// deploy publishes the model.
func (t *trainRun) deploy(ctx context.Context, result *TrainResult) (*Deployment, error) {
	options := deploy.Options{
		Config: t.config.Deployment, Steps: t.steps, Parent: t.parent, EndpointTemplate: t.template,
		Owner: deploy.Owner{Task: t.env.TaskID, Attempt: t.env.Attempt}, WorkflowID: t.env.WorkflowID, Program: t.env.Version,
		Permit:      func(ctx context.Context) error { return Permit(ctx, t.env.Gate) },
		Log:         func(ctx context.Context, logs string) error { return t.record(ctx, logs) },
		Environment: t.deployEnvironment(),
		Disk:        t.env.Disk, Now: t.env.Now,
	}
	if t.request.PublishArtifact {
		own, err := os.MkdirTemp(t.env.ScratchDir, "deployment-")
		if err != nil {
			return nil, fmt.Errorf("make a scratch directory for the deployment: %w", err)
		}
		defer os.RemoveAll(own)
		options.Parent = own
		options.Send = func(ctx context.Context, dir string) (string, error) { return t.env.Artifacts.Publish(ctx, dir, "") }
	}
	profile, err := trainingProfile(ctx, t.table, t.outcome)
	if err != nil {
		return nil, err
	}
	published, err := deploy.Publish(ctx, &deploy.Candidate{
		Model: t.outcome.Model, Preprocessor: t.outcome.Preprocess, Config: string(t.config.YAML()),
		Validation: t.outcome.Sample.Features, Expected: t.outcome.Sample.Prediction,
		Run: runOf(result, nameOf(t.request.Data, t.request.DataName)), Profile: profile, Report: t.report,
	}, options)
	if err != nil {
		return nil, err
	}
	progress.Logf(ctx, "deploy", "published %s", published.Dir)
	result.Warnings = append(result.Warnings, published.Warnings...)
	return &Deployment{
		Dir: published.Dir, Version: published.Version, Files: published.Files, CreatedAt: published.CreatedAt, Artifacts: published.Artifacts,
	}, nil
}

// deployFault tells an output directory in which nothing may be written, or a
// model registry that refuses, which is for the user to change, from a fault of
// this program.
func deployFault(ctx context.Context, err error) error {
	if registryFault(err) {
		return fail(ctx, "deploy", BadConfig, err)
	}
	if KindOf(ctx, err, Internal) != Internal || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	return fail(ctx, "deploy", BadConfig, fmt.Errorf("deployment.output_dir cannot be written to; choose another: %w", err))
}

// record begins the deployment's history.
func (t *trainRun) record(ctx context.Context, logs string) error {
	return t.watchers.Trained(ctx, observe.DirStore{Logs: logs, Now: t.env.Now}, observe.MetricsEntry{
		Time: t.env.Now().UTC(), TaskID: t.env.TaskID, Source: "train", Metrics: t.metrics,
	})
}

func runOf(r *TrainResult, data string) deploy.Run {
	return deploy.Run{
		ModelName: r.ModelName, ProblemType: r.ProblemType, Target: r.Target, Features: r.Features, Classes: r.Classes,
		Metrics: r.Metrics, CVMetric: r.CVMetric, Data: data, DataFingerprint: r.DataFingerprint, ConfigHash: r.ConfigHash,
		Rows: r.Rows, Columns: r.Columns, Timings: r.Timings, PeakRSSBytes: r.PeakRSSBytes, Warnings: r.Warnings,
	}
}

// resultOf is the inverse of runOf.
func resultOf(r deploy.Run) *TrainResult {
	return &TrainResult{
		ModelName: r.ModelName, ProblemType: r.ProblemType, Target: r.Target, Features: r.Features, Classes: r.Classes,
		Metrics: r.Metrics, CVMetric: r.CVMetric, DataFingerprint: r.DataFingerprint, ConfigHash: r.ConfigHash,
		Rows: r.Rows, Columns: r.Columns, Timings: r.Timings, PeakRSSBytes: r.PeakRSSBytes, Warnings: r.Warnings,
	}
}
