package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/observe"
	"mlops/runner/table"
)

// Observe reports on a deployment's health, tells whom its configuration names,
// and exports what is recorded.
func Observe(ctx context.Context, r ObserveRequest, env Env) (*ObserveResult, error) {
	env = env.withDefaults()
	s := newStages(env)
	format, err := exportFormat(r, env)
	if err != nil {
		return nil, fail(ctx, "config", BadConfig, err)
	}
	var model *opened
	result := &ObserveResult{}
	err = s.do(ctx, "observe", BadData, func() (err error) {
		if model, err = openModel(ctx, r.BaseDir, r.Model, r.Config, env); err != nil {
			return err
		}
		observation, err := model.observe(ctx, r, env)
		if err != nil {
			return err
		}
		result.fill(observation, model)
		if !r.HTML {
			return nil
		}
		var page strings.Builder
		err = observe.HTML(&page, observation)
		result.HTML = page.String()
		return err
	})
	if err != nil || format == "" {
		return result, err
	}
	err = s.do(ctx, "write", BadConfig, func() (err error) {
		result.Exported, result.ExportedRows, err = export(ctx, r, env, model, format)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// observe has the steps look at the deployment.
func (o *opened) observe(ctx context.Context, r ObserveRequest, env Env) (*observe.Observation, error) {
	watchers, err := o.watchers(r.Config)
	if err != nil {
		return nil, err
	}
	trained, err := readProfile(o.bundle)
	if err != nil {
		return nil, err
	}
	labels := ""
	if r.Labels != "" {
		labels = Locate(r.BaseDir, r.Labels)
	}
	return watchers.Observe(ctx, observe.Scene{
		Subject: o.subject(), Store: o.store, Metrics: o.bundle.Metadata.Run.Metrics, Profile: trained, Labels: labels,
		Services: observe.Services{
			Sender: env.Sender, Now: env.Now,
			Read: func(ctx context.Context, location string, options table.ReadOptions) (*table.Table, error) {
				name := location
				if location == labels {
					name = nameOf(r.Labels, r.LabelsName)
				}
				return readTable(ctx, env, Locate(r.BaseDir, location), name, options)
			},
			Write: func(ctx context.Context, location string, write func(io.Writer) error) error {
				if err := Permit(ctx, env.Gate); err != nil {
					return err
				}
				return env.Storage.WriteAtomic(ctx, Locate(r.BaseDir, location), write)
			},
		},
	})
}

func (o *opened) subject() observe.Subject {
	m := o.bundle.Metadata
	return observe.Subject{
		Dir: o.location, Version: m.Version, Status: "deployed", CreatedAt: m.CreatedAt, ModelName: m.Run.ModelName,
		ProblemType: m.Run.ProblemType, Target: m.Run.Target, Features: len(m.Run.Features),
	}
}

func (r *ObserveResult) fill(o *observe.Observation, model *opened) {
	r.Status, r.Checks, r.Alert = model.status(o.History), o.Checks, o.Alert()
	r.Report, r.Notes, r.Drift, r.Performance = observe.Report(o.Subject, o), o.Notes, o.Drift, o.Performance
}

// exportFormat settles the export's form before anything is read; "" for none.
func exportFormat(r ObserveRequest, env Env) (table.Format, error) {
	switch {
	case r.ExportArtifactFormat != "" && env.Artifacts == nil:
		return "", errors.New("the export cannot be published as an artifact: there is no artifact service here; name a file")
	case r.ExportArtifactFormat != "":
		return outputFormat("", r.ExportArtifactFormat)
	case r.Export != "":
		return outputFormat(r.Export, "")
	}
	return "", nil
}

// export writes what is recorded of single rows or, where nothing is, of calls.
func export(ctx context.Context, r ObserveRequest, env Env, model *opened, format table.Format) (location string, rows int64, err error) {
	recorded, err := observe.Export(ctx, model.store)
	if err != nil {
		return "", 0, err
	}
	write := func(w io.Writer) error {
		if err := table.Write(w, recorded, table.WriteOptions{Format: format}); err != nil {
			return err
		}
		return Permit(ctx, env.Gate)
	}
	if r.ExportArtifactFormat == "" {
		location = Locate(r.BaseDir, r.Export)
		return location, int64(recorded.NumRows()), env.Storage.WriteAtomic(ctx, location, write)
	}
	dir, err := os.MkdirTemp(env.ScratchDir, "export-")
	if err != nil {
		return "", 0, fmt.Errorf("export: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "predictions_log."+string(format))
	f, err := os.Create(path)
	if err != nil {
		return "", 0, fmt.Errorf("export: %w", err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return "", 0, err
	}
	location, err = env.Artifacts.Publish(ctx, path, "")
	return location, int64(recorded.NumRows()), err
}
