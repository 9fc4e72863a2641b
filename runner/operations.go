package runner

import (
	"context"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/config"
	"mlops/runner/pipeline"
)

// runTrain reads, trains and deploys.
func runTrain(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetTrain()
	c, err := parseConfig(op.GetConfigName(), op.GetConfigYaml())
	if err != nil {
		return nil, err
	}
	result, err := pipeline.Train(ctx, pipeline.TrainRequest{
		Data: op.GetData(), DataName: op.GetDataName(), Target: op.GetTarget(), Config: c,
		NoDeploy: op.GetNoDeploy(), PublishArtifact: op.GetPublishArtifact(), BaseDir: op.GetBaseDir(),
	}, pipelineEnv(env, a))
	if err != nil {
		return nil, err
	}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Train{Train: trainResult(result)}}), nil
}

// runPredict scores a table.
func runPredict(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetPredict()
	c, err := parseOptionalConfig(op.GetConfigName(), op.GetConfigYaml())
	if err != nil {
		return nil, err
	}
	result, err := pipeline.Predict(ctx, pipeline.PredictRequest{
		Data: op.GetData(), DataName: op.GetDataName(), Model: op.GetModel(), Output: op.GetOutput(), Proba: op.GetProba(),
		Config: c, OutputArtifactFormat: op.GetOutputArtifactFormat(), BaseDir: op.GetBaseDir(),
	}, pipelineEnv(env, a))
	if err != nil {
		return nil, err
	}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Predict{Predict: predictResult(result)}}), nil
}

// runStatus describes a deployment.
func runStatus(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetStatus()
	result, err := pipeline.Status(ctx, pipeline.StatusRequest{Model: op.GetModel(), BaseDir: op.GetBaseDir()}, pipelineEnv(env, a))
	if err != nil {
		return nil, err
	}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Status{Status: statusResult(result)}}), nil
}

// runObserve reports on a deployment.
func runObserve(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetObserve()
	c, err := parseOptionalConfig(op.GetConfigName(), op.GetConfigYaml())
	if err != nil {
		return nil, err
	}
	result, err := pipeline.Observe(ctx, pipeline.ObserveRequest{
		Model: op.GetModel(), Config: c, BaseDir: op.GetBaseDir(), HTML: op.GetHtml(), Labels: op.GetLabels(), LabelsName: op.GetLabelsName(),
		Export: op.GetExport(), ExportArtifactFormat: op.GetExportArtifactFormat(),
	}, pipelineEnv(env, a))
	if err != nil {
		return nil, err
	}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Observe{Observe: observeResult(result)}}), nil
}

func pipelineEnv(env Environment, a Assignment) pipeline.Env {
	return pipeline.Env{
		Storage: env.Storage, Gate: env.Gate, Artifacts: env.Artifacts, ScratchDir: env.ScratchDir, SnapshotDir: env.SnapshotDir,
		Version: env.Version, AllowedURLs: env.AllowedURLs, AllowedPrograms: env.AllowedPrograms,
		WorkflowID: a.WorkflowID, TaskID: a.TaskID, Attempt: a.Attempt,
	}
}

// parseConfig reads a configuration; an empty one is all defaults.
func parseConfig(name, text string) (*config.Config, error) {
	if name == "" {
		name = "configuration"
	}
	c, err := config.Parse(name, []byte(text))
	if err != nil {
		return nil, &pipeline.Error{Stage: "config", Kind: pipeline.BadConfig, Err: err}
	}
	return c, nil
}

// parseOptionalConfig returns nil for an empty configuration, which means the
// deployment's own.
func parseOptionalConfig(name, text string) (*config.Config, error) {
	if text == "" {
		return nil, nil
	}
	return parseConfig(name, text)
}
