package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

// predictionEndings are the endings that tell a format for predictions.
var predictionEndings = []string{".json", ".csv", ".parquet"}

type predictFlags struct {
	taskFlags
	config string
	output string
	proba  bool
}

func newPredict(a *app) *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict DATA MODEL_DIR",
		Short: "Score a table with a deployed model",
		Long: `Score a table with a deployed model. The first ten predictions and their number
are printed; with --output all of them are written to a file: JSON
({"predictions": [...]}), CSV or Parquet by its ending.

MODEL_DIR is the directory that train names, the artifact:// URL that it names on
a fleet of other hosts, or a registered model such as models:/churn@champion (see
mlops-cli models).

-o chooses how the result is printed; a value that is no such format but ends in
.json, .csv or .parquet is taken as --output.`,
		Example: `  mlops-cli predict new.csv models/deployment_20260101_120000
  mlops-cli predict new.csv models/deployment_20260101_120000 --output predictions.csv --proba
  mlops-cli predict new.csv models:/churn@champion
  mlops-cli predict new.parquet models/deployment_20260101_120000 -o json`,
		Args:              exactly("DATA", "MODEL_DIR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.predict(cmd.Context(), f, args[0], args[1]) },
		ValidArgsFunction: completeDataThenModel,
	}
	cmd.Flags().StringVarP(&f.output, "output", "O", "", "file to write all predictions to: .json, .csv or .parquet")
	cmd.Flags().BoolVar(&f.proba, "proba", false, "also give the probability of each class")
	registerConfig(cmd, &f.config)
	f.register(cmd)
	return cmd
}

func (a *app) predict(ctx context.Context, f predictFlags, data, model string) error {
	op, err := a.predictOperation(f, data, model)
	if err != nil {
		return usage(err)
	}
	file := op.GetOutput()
	return a.do(ctx, job{
		flags: f.taskFlags, class: mlopsv1.SlotClass_SLOT_CLASS_BATCH, need: need{worker: true},
		operation: func(ctx context.Context, c *connection, remote bool) (*mlopsv1.Operation, bool, error) {
			if remote {
				if err := a.predictRemotely(ctx, c, op); err != nil {
					return nil, false, err
				}
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Predict{Predict: op}}, !remote, nil
		},
		finish: func(ctx context.Context, c *connection, r *mlopsv1.Result) error {
			if file == "" || op.GetOutputArtifactFormat() == "" {
				return nil
			}
			err := c.Artifacts().Save(ctx, r.GetPredict().GetOutput(), file, a.display.Transfer("downloading", filepath.Base(file)))
			if err != nil {
				return err
			}
			r.GetPredict().Output = file
			return nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) { a.printPredicted(w, workflow.GetResult().GetPredict()) },
		name: func(w *mlopsv1.Workflow) string {
			if out := w.GetResult().GetPredict().GetOutput(); out != "" {
				return out
			}
			return w.GetWorkflowId()
		},
	})
}

func (a *app) predictOperation(f predictFlags, data, model string) (*mlopsv1.PredictOperation, error) {
	op := &mlopsv1.PredictOperation{Proba: f.proba, BaseDir: a.dir}
	var err error
	if op.Data, err = inputs.DataFile(a.dir, data); err != nil {
		return nil, err
	}
	if op.Model, err = a.modelLocation(model, f.config); err != nil {
		return nil, err
	}
	if f.output != "" {
		if op.Output, err = inputs.OutputFile(a.dir, f.output, predictionEndings...); err != nil {
			return nil, err
		}
	}
	config, err := inputs.ReadConfig(a.dir, a.configPath(f.config), nil)
	op.ConfigYaml, op.ConfigName = config.YAML, config.Name
	return op, err
}

// predictRemotely changes the operation so that a worker of another host can
// carry it out.
func (a *app) predictRemotely(ctx context.Context, c *connection, op *mlopsv1.PredictOperation) (err error) {
	op.BaseDir = ""
	if op.Model, err = a.reachableModel(ctx, c, op.GetModel()); err != nil {
		return err
	}
	if op.Data, op.DataName, err = a.reachable(ctx, c, op.GetData()); err != nil {
		return err
	}
	if op.GetOutput() != "" && !inputs.IsBucket(op.GetOutput()) {
		op.OutputArtifactFormat = strings.TrimPrefix(strings.ToLower(filepath.Ext(op.GetOutput())), ".")
		op.Output = ""
	}
	return nil
}

func (a *app) printPredicted(w io.Writer, r *mlopsv1.PredictResult) {
	rows := make([][]string, len(r.GetHead()))
	for i, p := range r.GetHead() {
		rows[i] = []string{fmt.Sprint(i + 1), p}
	}
	if len(rows) > 0 {
		output.Rows(w, "First predictions", []string{"row", "prediction"}, rows, 0)
	}
	output.Pairs(w, "Predictions",
		[2]string{"count", output.Count(r.GetCount())},
		[2]string{"model", r.GetModelName()},
		[2]string{"problem", strings.ReplaceAll(r.GetProblemType(), "_", " ")},
		[2]string{"by class", counts(r.GetClassCounts())},
		[2]string{"written to", a.short(r.GetOutput())},
	)
	printTimings(w, r.GetTimings(), r.GetPeakRssBytes())
	printWarnings(w, r.GetWarnings())
}
