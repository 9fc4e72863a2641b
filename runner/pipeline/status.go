package pipeline

import (
	"context"
	"fmt"
	"path/filepath"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
)

// StatusRequest asks for a deployment's description.
type StatusRequest struct {
	Model   string // location of the deployment, or a reference such as models:/churn@champion
	BaseDir string // where a relative location starts
}

// ObserveRequest asks for a deployment's monitoring report.
type ObserveRequest struct {
	Model   string         // location of the deployment, or a reference such as models:/churn@champion
	Config  *config.Config // its observability section sets the thresholds; nil: the deployment's own
	BaseDir string         // where a relative location starts
	HTML    bool           // also give the report as an HTML page
	// Labels is the location of a table of true values that have arrived, for the
	// step performance; "": the step's own parameter's. LabelsName is what to call
	// it; "": its location.
	Labels     string
	LabelsName string
	// Export is the location to write what is recorded of predictions to, .parquet,
	// .csv or .json; "": nowhere. ExportArtifactFormat publishes it as an artifact
	// in that format instead.
	Export               string
	ExportArtifactFormat string
}

// opened is a deployment with its history.
type opened struct {
	location string
	bundle   *deploy.Bundle
	store    observe.Store
}

// open opens a deployment on disk or among the artifacts.
func open(ctx context.Context, location string, env Env) (*opened, error) {
	dir, err := env.localDir(ctx, location)
	if err != nil {
		return nil, err
	}
	bundle, err := deploy.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	o := &opened{location: location, bundle: bundle}
	logs := filepath.Join(dir, deploy.LogsDir)
	if isArtifact(location) {
		o.store = observe.LinkStore{Logs: logs, Digest: digestOf(location), Artifacts: env.Artifacts, Scratch: env.ScratchDir}
	} else {
		o.store = observe.DirStore{Logs: logs, Now: env.Now}
	}
	return o, nil
}

// watchers makes the steps of a configuration, or of the deployment's own where
// there is none.
func (o *opened) watchers(c *config.Config) (observe.Steps, error) {
	if c == nil {
		var err error
		name := o.bundle.Inference.MetadataFile + " (config)"
		if c, err = config.Parse(name, []byte(o.bundle.Metadata.Config)); err != nil {
			return nil, fmt.Errorf("the deployment's own configuration cannot be used; give one: %w", err)
		}
	}
	return observe.New(c.Observability)
}

// Status describes a deployment whose checksums all hold; any other is an error.
func Status(ctx context.Context, r StatusRequest, env Env) (*StatusResult, error) {
	env = env.withDefaults()
	var result *StatusResult
	err := newStages(env).do(ctx, "load", BadData, func() error {
		o, err := openModel(ctx, r.BaseDir, r.Model, nil, env)
		if err != nil {
			return err
		}
		history, err := o.store.History(ctx)
		if err != nil {
			return err
		}
		result = o.status(history)
		return nil
	})
	return result, err
}

// status sums up what the deployment and its history tell.
func (o *opened) status(h *observe.History) *StatusResult {
	m := o.bundle.Metadata
	return &StatusResult{
		Dir: o.location, Version: m.Version, Status: "deployed", CreatedAt: m.CreatedAt, ModelName: m.Run.ModelName,
		ProblemType: m.Run.ProblemType, Target: m.Run.Target, Metrics: m.Run.Metrics, MetricSummaries: h.MetricSummaries(),
		Predictions: h.PredictionSummary(), Features: m.Run.Features, Classes: m.Run.Classes, Files: o.bundle.Files,
		MetricHistory: h.MetricsSummary(),
	}
}
