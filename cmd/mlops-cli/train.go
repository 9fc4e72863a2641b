package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	"mlops/proto/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
)

type trainFlags struct {
	taskFlags
	target     string
	config     string
	set        []string
	validation string
	noDeploy   bool
}

func newTrain(a *app) *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train DATA",
		Short: "Train a model on a table and deploy it",
		Long: `Train a model on a table and deploy it into a new directory.

DATA is a CSV, TSV, JSON, JSON lines or Parquet file, told by its ending. The
configuration decides the preprocessing, the model and where it is deployed;
mlops-cli init writes one with every default.`,
		Example: `  mlops-cli train churn.csv
  mlops-cli train churn.csv --target churned --config mlops-config.yaml
  mlops-cli train churn.csv -t churned --set training.backend=lightgbm --set training.params.num_leaves=63
  mlops-cli train churn.csv -o json | jq .result.metrics
  mlops-cli train big.parquet --master 10.0.0.5:7070 --label team=growth --detach`,
		Args:              exactly("DATA"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.train(cmd.Context(), f, args[0]) },
		ValidArgsFunction: completeFiles("csv", "tsv", "tab", "json", "jsonl", "ndjson", "parquet", "pq"),
	}
	cmd.Flags().StringVarP(&f.target, "target", "t", "", "column to predict (default: the last one)")
	registerConfig(cmd, &f.config)
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "key=value over the configuration, e.g. training.cv_folds=0; repeatable")
	cmd.Flags().StringVar(&f.validation, "validation", "", "table with the rows to validate on (training.validation_data)")
	cmd.Flags().BoolVar(&f.noDeploy, "no-deploy", false, "train and report, but deploy nothing")
	f.register(cmd)
	return cmd
}

func registerConfig(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", "configuration file, YAML (env MLOPS_CONFIG; default: all defaults)")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml"); err != nil {
		panic(err) // the flag's name is wrong in the code
	}
}

func (a *app) configPath(flag string) string {
	if flag != "" {
		return flag
	}
	return a.getenv("MLOPS_CONFIG")
}

func (a *app) train(ctx context.Context, f trainFlags, data string) error {
	path, err := inputs.DataFile(a.dir, data)
	if err != nil {
		return usage(err)
	}
	if f.validation != "" {
		f.set = append(f.set, "training.validation_data="+strconv.Quote(f.validation))
	}
	config, err := inputs.ReadConfig(a.dir, a.configPath(f.config), f.set)
	if err != nil {
		return usage(err)
	}
	op := &mlopsv1.TrainOperation{
		Data: path, Target: f.target, ConfigYaml: config.YAML, ConfigName: config.Name, NoDeploy: f.noDeploy, BaseDir: a.dir,
	}
	return a.do(ctx, job{
		flags: f.taskFlags, class: mlopsv1.SlotClass_SLOT_CLASS_BATCH, need: need{worker: true},
		operation: func(ctx context.Context, c *connection, remote bool) (*mlopsv1.Operation, bool, error) {
			local := !remote
			if remote {
				op.BaseDir, op.PublishArtifact = "", !f.noDeploy
				if op.Data, op.DataName, err = a.reachable(ctx, c, path); err != nil {
					return nil, false, err
				}
				moved, err := a.travel(ctx, c, config, f.config)
				if err != nil {
					return nil, false, err
				}
				op.ConfigYaml = moved.YAML
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: op}}, local, nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) {
			a.printTrained(w, workflow.GetResult().GetTrain(), data)
		},
		name: func(w *mlopsv1.Workflow) string {
			if dir := w.GetResult().GetTrain().GetDeployment().GetDir(); dir != "" {
				return dir
			}
			return w.GetWorkflowId()
		},
	})
}

// reachable returns a location that every worker can read, and the name to call
// the data by: a local file is uploaded.
func (a *app) reachable(ctx context.Context, c *connection, path string) (location, name string, err error) {
	if artifacts.IsURL(path) || inputs.IsBucket(path) {
		return path, "", nil
	}
	name = filepath.Base(path)
	location, err = a.artifactOf(ctx, c, path, name)
	return location, name, err
}

func (a *app) printTrained(w io.Writer, r *mlopsv1.TrainResult, data string) {
	deployed := a.short(r.GetDeployment().GetDir())
	if deployed == "" {
		deployed = "nothing (--no-deploy)"
	}
	output.Pairs(w, "Model",
		[2]string{"model", r.GetModelName()},
		[2]string{"problem", strings.ReplaceAll(r.GetProblemType(), "_", " ")},
		[2]string{"target", r.GetTarget()},
		[2]string{"classes", listed(r.GetClasses())},
		[2]string{"features", fmt.Sprint(len(r.GetFeatures()))},
		[2]string{"rows × columns", output.Count(r.GetRows()) + " × " + output.Count(r.GetColumns())},
		[2]string{"deployed to", deployed},
		[2]string{"version", r.GetDeployment().GetVersion()},
		[2]string{"registered as", r.GetDeployment().GetArtifacts()["registered_model"]},
		[2]string{"report", r.GetDeployment().GetArtifacts()["report"]},
		[2]string{"archive", r.GetDeployment().GetArtifacts()["archive"]},
		[2]string{"pushed to", r.GetDeployment().GetArtifacts()["object_store"]},
		[2]string{"tracked at", r.GetDeployment().GetArtifacts()["mlflow"]},
	)
	printMetrics(w, r.GetMetrics(), r.GetCvMetric())
	printTimings(w, r.GetTimings(), r.GetPeakRssBytes())
	printWarnings(w, r.GetWarnings())
	if dir := a.short(r.GetDeployment().GetDir()); dir != "" {
		printNext(w,
			"mlops-cli predict "+shellWord(data)+" "+shellWord(dir)+" --output predictions.csv",
			"mlops-cli status "+shellWord(dir),
			"mlops-cli observe "+shellWord(dir),
		)
	}
}
