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
	failOnAlert bool
}

func newObserve(a *app) *cobra.Command {
	var f observeFlags
	cmd := &cobra.Command{
		Use:   "observe MODEL_DIR",
		Short: "Report on a deployed model's health",
		Long: `Report on a deployed model's health: its figures against their thresholds, their
history, and what it predicts. It is answered at once, also while trainings run.

--output saves the report: as JSON or YAML where the file's ending says so, else
as text. -o chooses how it is printed; a value that is no such format but a file
name is taken as --output.`,
		Example: `  mlops-cli observe models/deployment_20260101_120000
  mlops-cli observe models/deployment_20260101_120000 --output report.txt
  mlops-cli observe models:/churn@champion --fail-on-alert -q`,
		Args:              exactly("MODEL_DIR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.observe(cmd.Context(), f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	cmd.Flags().StringVarP(&f.output, "output", "O", "", "file to save the report to")
	cmd.Flags().BoolVar(&f.failOnAlert, "fail-on-alert", false, "exit with code 1 when a figure is beyond its threshold")
	registerConfig(cmd, &f.config)
	return cmd
}

// errAlert says that a model's figures are beyond their thresholds.
var errAlert = errors.New("a figure is beyond its threshold")

func (a *app) observe(ctx context.Context, f observeFlags, model string) error {
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
	op := &mlopsv1.ObserveOperation{Model: location, ConfigYaml: config.YAML, ConfigName: config.Name, BaseDir: a.dir}
	alert := false
	err = a.do(ctx, job{
		class: mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE, need: need{worker: true},
		operation: func(ctx context.Context, c *connection, remote bool) (_ *mlopsv1.Operation, local bool, err error) {
			if remote {
				op.BaseDir = ""
				if op.Model, err = a.reachableModel(ctx, c, location); err != nil {
					return nil, false, err
				}
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Observe{Observe: op}}, !remote, nil
		},
		finish: func(_ context.Context, _ *connection, r *mlopsv1.Result) error {
			alert = r.GetObserve().GetAlert()
			if file == "" {
				return nil
			}
			if err := saveReport(file, r.GetObserve()); err != nil {
				return fmt.Errorf("save the report: %w", err)
			}
			a.display.Note("report saved to %s", a.short(file))
			return nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) {
			fmt.Fprintln(w, strings.TrimRight(cleanLines(workflow.GetResult().GetObserve().GetReport()), "\n"))
		},
		name: func(w *mlopsv1.Workflow) string { return w.GetResult().GetObserve().GetStatus().GetDir() },
	})
	if err == nil && alert && f.failOnAlert {
		return &exitError{code: codeFailed, err: errAlert, told: a.format != output.Table}
	}
	return err
}

// saveReport writes the report whole or not at all.
func saveReport(path string, r *mlopsv1.ObserveResult) error {
	text := []byte(strings.TrimRight(r.GetReport(), "\n") + "\n")
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
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
