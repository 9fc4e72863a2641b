package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

type observeFlags struct {
	output      string
	config      string
	labels      string
	export      string
	failOn      string
	failOnAlert bool
}

// Values of --fail-on.
const (
	failOnAlert = "alert"
	failOnNever = "never"
)

func newObserve(a *app) *cobra.Command {
	var f observeFlags
	cmd := &cobra.Command{
		Use:   "observe MODEL_DIR",
		Short: "Report on a deployed model's health",
		Long: `Report on a deployed model's health: its figures against their thresholds, their
history, what it predicts, and how that differs from its training data. It is
answered at once, also while trainings run.

--output saves the report: as an HTML page, JSON or YAML where the file's ending
says so, else as text. The page needs nothing else: no script, no other file. -o chooses how it is printed; a value that is no such format but a file
name is taken as --output.`,
		Example: `  mlops-cli observe models/deployment_20260101_120000
  mlops-cli observe models/deployment_20260101_120000 --output report.txt
  mlops-cli observe models/deployment_20260101_120000 --output report.html
  mlops-cli observe models/deployment_20260101_120000 --labels outcomes.csv -c watch.yaml
  mlops-cli observe models/deployment_20260101_120000 --export predictions.parquet
  mlops-cli observe models/deployment_20260101_120000 --fail-on alert -q
  mlops-cli observe models:/churn@champion`,
		Args:              exactly("MODEL_DIR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.observe(cmd.Context(), f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	cmd.Flags().StringVarP(&f.output, "output", "O", "", "file to save the report to")
	cmd.Flags().StringVar(&f.labels, "labels", "", "table of true values that have arrived, for the step performance")
	cmd.Flags().StringVar(&f.export, "export", "", "file to write the record of predictions to: .parquet, .csv or .json")
	cmd.Flags().StringVar(&f.failOn, "fail-on", failOnNever, "alert: exit with code 1 when a figure is beyond its threshold; never")
	cmd.Flags().BoolVar(&f.failOnAlert, "fail-on-alert", false, "the same as --fail-on alert")
	registerConfig(cmd, &f.config)
	return cmd
}

// errAlert says that a model's figures are beyond their thresholds.
var errAlert = errors.New("a figure is beyond its threshold")

func (a *app) observe(ctx context.Context, f observeFlags, model string) error {
	if f.failOn != failOnAlert && f.failOn != failOnNever {
		return usagef("--fail-on %q: use %s or %s", f.failOn, failOnAlert, failOnNever)
	}
	location, err := a.modelLocation(model, f.config)
	if err != nil {
		return usage(err)
	}
	file := ""
	if f.output != "" {
		if file, err = inputs.OutputFile(a.dir, f.output); err != nil {
			return usage(err)
		}
	}
	config, err := inputs.ReadConfig(a.dir, a.configPath(f.config), nil)
	if err != nil {
		return usage(err)
	}
	op := &mlopsv1.ObserveOperation{
		Model: location, ConfigYaml: config.YAML, ConfigName: config.Name, BaseDir: a.dir, Html: isPage(file),
	}
	if f.labels != "" {
		if op.Labels, err = inputs.DataFile(a.dir, f.labels); err != nil {
			return usage(err)
		}
	}
	if f.export != "" {
		if op.Export, err = inputs.OutputFile(a.dir, f.export, predictionEndings...); err != nil {
			return usage(err)
		}
	}
	exported := op.GetExport()
	alert := false
	err = a.do(ctx, job{
		class: mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE, need: need{worker: true},
		operation: func(ctx context.Context, c *connection, remote bool) (_ *mlopsv1.Operation, local bool, err error) {
			if remote {
				op.BaseDir = ""
				if err = a.observeRemotely(ctx, c, op); err != nil {
					return nil, false, err
				}
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Observe{Observe: op}}, !remote, nil
		},
		finish: func(ctx context.Context, c *connection, r *mlopsv1.Result) error {
			alert = r.GetObserve().GetAlert()
			if exported != "" {
				if err := a.takeExport(ctx, c, op, r.GetObserve(), exported); err != nil {
					return err
				}
			}
			if file == "" {
				return nil
			}
			if err := saveReport(file, r.GetObserve()); err != nil {
				return fmt.Errorf("save the report: %w", err)
			}
			r.GetObserve().Html = "" // it is in the file
			a.display.Note("report saved to %s", a.short(file))
			return nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) {
			fmt.Fprintln(w, strings.TrimRight(cleanLines(workflow.GetResult().GetObserve().GetReport()), "\n"))
		},
		name: func(w *mlopsv1.Workflow) string { return w.GetResult().GetObserve().GetStatus().GetDir() },
	})
	if err == nil && alert && (f.failOnAlert || f.failOn == failOnAlert) {
		return &exitError{code: codeFailed, err: errAlert, told: a.format != output.Table}
	}
	return err
}

// observeRemotely changes the operation so that a worker of another host can
// carry it out.
func (a *app) observeRemotely(ctx context.Context, c *connection, op *mlopsv1.ObserveOperation) (err error) {
	op.BaseDir = ""
	if op.Model, err = a.reachableModel(ctx, c, op.GetModel()); err != nil {
		return err
	}
	if op.GetLabels() != "" {
		if op.Labels, op.LabelsName, err = a.reachable(ctx, c, op.GetLabels()); err != nil {
			return err
		}
	}
	if op.GetExport() != "" {
		op.ExportArtifactFormat = strings.TrimPrefix(strings.ToLower(filepath.Ext(op.GetExport())), ".")
		op.Export = ""
	}
	return nil
}

// takeExport downloads the record of predictions where it is not here already.
func (a *app) takeExport(ctx context.Context, c *connection, op *mlopsv1.ObserveOperation, r *mlopsv1.ObserveResult, file string) error {
	if op.GetExportArtifactFormat() != "" {
		if err := c.Artifacts().Save(ctx, r.GetExported(), file, a.display.Transfer("downloading", filepath.Base(file))); err != nil {
			return err
		}
		r.Exported = file
	}
	a.display.Note("%s rows of the record of predictions exported to %s", output.Count(r.GetExportedRows()), a.short(file))
	return nil
}

// isPage reports whether a file is to hold the report as HTML.
func isPage(path string) bool {
	ending := strings.ToLower(filepath.Ext(path))
	return ending == ".html" || ending == ".htm"
}

// saveReport writes the report whole or not at all.
func saveReport(path string, r *mlopsv1.ObserveResult) error {
	text := []byte(strings.TrimRight(r.GetReport(), "\n") + "\n")
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html", ".htm":
		text = []byte(r.GetHtml())
	case ".json":
		text, err = output.Encode(output.JSON, output.Of(r))
	case ".yaml", ".yml":
		text, err = output.Encode(output.YAML, output.Of(r))
	}
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, text, 0o644)
}

// cleanLines is output.Clean for a text of several lines.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = output.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}
