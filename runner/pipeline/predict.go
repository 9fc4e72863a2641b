package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/table"
)

// PredictRequest asks for a table to be scored.
type PredictRequest struct {
	Data     string // location of the table
	DataName string // what to call it in reports; "": its location
	Model    string // location of the deployment, or a reference such as models:/churn@champion
	Output   string // location to write to, .json, .csv or .parquet; "": nowhere
	Proba    bool   // also the probability of each class
	// Config's observability section governs logging; nil: the deployment's own.
	Config *config.Config
	// OutputArtifactFormat publishes the output as an artifact in that format
	// instead of writing it.
	OutputArtifactFormat string
	BaseDir              string // where relative locations start
}

const headRows = 10

// Predict scores every row of a table. Where there is an output it is there
// whole or not at all, and the call is recorded in the deployment's logs.
func Predict(ctx context.Context, r PredictRequest, env Env) (*PredictResult, error) {
	env = env.withDefaults()
	ctx = env.allowPrograms(ctx, r.BaseDir)
	s := newStages(env)
	format, err := predictFormat(r, env)
	if err != nil {
		return nil, fail(ctx, "config", BadConfig, err)
	}
	var model *opened
	var watchers observe.Steps
	var data *table.Table
	var predictions *deploy.Predictions
	result := &PredictResult{}
	name := nameOf(r.Data, r.DataName)
	for _, stage := range []struct {
		name      string
		otherwise Kind
		run       func() error
	}{
		{"load", BadData, func() (err error) {
			if model, err = openModel(ctx, r.BaseDir, r.Model, r.Config, env); err != nil {
				return err
			}
			if err = checkOutput(r, model.location, env); err != nil {
				return &Error{Stage: "config", Kind: KindOf(ctx, err, BadConfig), Err: err}
			}
			watchers, err = model.watchers(r.Config)
			return err
		}},
		{"read", BadData, func() (err error) {
			data, err = readForPrediction(ctx, r, env, model, watchers.Columns(), s)
			return err
		}},
		{"predict", BadData, func() (err error) {
			if predictions, err = model.bundle.Predict(ctx, data); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}},
		{"write", BadConfig, func() (err error) {
			result.Output, err = publishPredictions(ctx, r, env, format, predictions)
			return err
		}},
	} {
		if err := s.do(ctx, stage.name, stage.otherwise, stage.run); err != nil {
			return nil, err
		}
	}
	err = watchers.Predicted(ctx, &observe.Prediction{
		Store: model.store, Entry: predictionEntry(r, env, predictions), Table: data, Features: model.bundle.Columns(),
		Values: predictions.Values, Labels: predictionColumn(predictions), Classes: predictions.Classes, Proba: predictions.Proba,
	})
	if err != nil {
		s.warn(ctx, "write", "the predictions are complete, but the call could not be recorded: %v", err)
	}
	run := model.bundle.Metadata.Run
	result.Count, result.Head, result.ClassCounts = int64(predictions.Len()), predictions.Head(headRows), predictions.ClassCounts()
	result.ModelName, result.ProblemType, result.Predictions = run.ModelName, run.ProblemType, predictions
	result.Warnings, result.Timings, result.PeakRSSBytes = s.warnings, s.total(), PeakRSS()
	return result, nil
}

// readForPrediction reads the columns that the model needs, the scores that its
// predictions start from, and those that are to be recorded beside them. Data
// that lacks the latter two is scored all the same.
func readForPrediction(ctx context.Context, r PredictRequest, env Env, model *opened, recorded []string, s *stages) (*table.Table, error) {
	location, name := Locate(r.BaseDir, r.Data), nameOf(r.Data, r.DataName)
	needed, starts, types := model.bundle.Columns(), model.bundle.StartColumns(), model.bundle.Types()
	known := func(name string) bool { return slices.Contains(needed, name) || slices.Contains(starts, name) }
	recorded = slices.DeleteFunc(slices.Clone(recorded), known)
	for _, name := range recorded {
		types[name] = table.String
	}
	for {
		data, err := readTable(ctx, env, location, name, table.ReadOptions{Columns: slices.Concat(needed, starts, recorded), Types: types})
		var missing *table.MissingColumnError
		switch {
		case err == nil || !errors.As(err, &missing):
			return data, err
		case slices.Contains(starts, missing.Name):
			s.warn(ctx, "read", "%s has no column %q: the model was trained from the scores in it, and predicts without them, as if they were 0", name, missing.Name)
			starts = nil
		case slices.Contains(recorded, missing.Name):
			recorded = nil
		default:
			return nil, err
		}
	}
}

// predictFormat settles the output's form before anything is read.
func predictFormat(r PredictRequest, env Env) (table.Format, error) {
	switch {
	case r.OutputArtifactFormat != "" && env.Artifacts == nil:
		return "", errors.New("the output cannot be published as an artifact: there is no artifact service here; name a file with output")
	case r.OutputArtifactFormat != "":
		return outputFormat("", r.OutputArtifactFormat)
	case r.Output != "":
		return outputFormat(r.Output, "")
	}
	return "", nil
}

// checkOutput refuses an output that would replace what it is made of: the data,
// or a part of the deployment.
func checkOutput(r PredictRequest, model string, env Env) error {
	output, data := Locate(r.BaseDir, r.Output), Locate(r.BaseDir, r.Data)
	if r.Output == "" || isURL(output) {
		return nil
	}
	if !isURL(data) {
		was, _ := env.Storage.Stat(data)
		becomes, err := env.Storage.Stat(output)
		if err == nil && was != nil && os.SameFile(was, becomes) {
			return fmt.Errorf("output %s is the data itself; name another file", r.Output)
		}
	}
	if isURL(model) {
		return nil
	}
	parent, err := env.Storage.ResolveDir(filepath.Dir(output))
	if err != nil {
		return fmt.Errorf("output %s: %w", r.Output, err)
	}
	deployment, err := env.Storage.ResolveDir(model)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(deployment, parent); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("output %s lies in the deployment, which never changes; name a file elsewhere", r.Output)
	}
	return nil
}

// publishPredictions writes the output aside, asks the gate and makes it visible.
// Without an output the gate is asked all the same, for the log.
func publishPredictions(ctx context.Context, r PredictRequest, env Env, format table.Format, p *deploy.Predictions) (string, error) {
	switch {
	case r.OutputArtifactFormat != "":
		dir, err := os.MkdirTemp(env.ScratchDir, "predictions-")
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "predictions."+string(format))
		f, err := os.Create(path)
		if err != nil {
			return "", err
		}
		if err := errors.Join(writePredictions(f, format, p, r.Proba), f.Close()); err != nil {
			return "", err
		}
		if err := Permit(ctx, env.Gate); err != nil {
			return "", err
		}
		return env.Artifacts.Publish(ctx, path, "")
	case r.Output != "":
		location := Locate(r.BaseDir, r.Output)
		return location, env.Storage.WriteAtomic(ctx, location, func(w io.Writer) error {
			if err := writePredictions(w, format, p, r.Proba); err != nil {
				return err
			}
			return Permit(ctx, env.Gate)
		})
	}
	return "", Permit(ctx, env.Gate)
}

func predictionEntry(r PredictRequest, env Env, p *deploy.Predictions) observe.PredictionEntry {
	e := observe.PredictionEntry{
		Time: env.Now().UTC(), TaskID: env.TaskID, Data: nameOf(r.Data, r.DataName), Rows: int64(p.Len()),
		Head: p.Head(headRows), ClassCounts: p.ClassCounts(),
	}
	if p.Classes == nil && p.Len() > 0 {
		s := observe.Summarize(p.Values.Floats())
		e.Values = &s
	}
	return e
}
