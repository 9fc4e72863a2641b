package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/observe"
)

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status MODEL_DIR",
		Short: "Describe a deployed model",
		Long: `Describe a deployed model: version, time, figures and how they went over time, and
what has been predicted with it. It is answered at once, also while trainings run.`,
		Example: `  mlops-cli status models/deployment_20260101_120000
  mlops-cli status models:/churn@champion -o json`,
		Args:              exactly("MODEL_DIR"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.status(cmd.Context(), args[0]) },
		ValidArgsFunction: completeModel,
	}
}

func (a *app) status(ctx context.Context, model string) error {
	location, err := a.modelLocation(model, "")
	if err != nil {
		return usage(err)
	}
	op := &mlopsv1.StatusOperation{Model: location, BaseDir: a.dir}
	return a.do(ctx, job{
		class: mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE, need: need{worker: true},
		operation: func(ctx context.Context, c *connection, remote bool) (_ *mlopsv1.Operation, local bool, err error) {
			if remote {
				op.BaseDir = ""
				if op.Model, err = a.reachableModel(ctx, c, location); err != nil {
					return nil, false, err
				}
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{Status: op}}, !remote, nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) { a.printStatus(w, workflow.GetResult().GetStatus()) },
		name:  func(w *mlopsv1.Workflow) string { return w.GetResult().GetStatus().GetDir() },
	})
}

func (a *app) printStatus(w io.Writer, r *mlopsv1.StatusResult) {
	var size int64
	for _, f := range r.GetFiles() {
		size += f.GetSize()
	}
	output.Pairs(w, "Deployment",
		[2]string{"directory", a.short(r.GetDir())},
		[2]string{"status", r.GetStatus()},
		[2]string{"version", r.GetVersion()},
		[2]string{"deployed at", when(r.GetCreatedAt())},
		[2]string{"model", r.GetModelName()},
		[2]string{"problem", strings.ReplaceAll(r.GetProblemType(), "_", " ")},
		[2]string{"target", r.GetTarget()},
		[2]string{"classes", listed(r.GetClasses())},
		[2]string{"features", listed(r.GetFeatures())},
		[2]string{"files", fmt.Sprintf("%d, %s", len(r.GetFiles()), output.Bytes(size))},
	)
	printMetrics(w, r.GetMetrics(), "")
	printMetricHistory(w, r.GetMetricHistory(), r.GetMetricSummaries())
	p := r.GetPredictions()
	output.Pairs(w, "Predictions",
		[2]string{"calls", output.Count(p.GetCalls())},
		[2]string{"rows", output.Count(p.GetRows())},
		[2]string{"first", when(p.GetFirst())},
		[2]string{"last", when(p.GetLast())},
		[2]string{"by class", counts(p.GetClassCounts())},
		[2]string{"values", spread(p.GetValues())},
	)
}

func printMetricHistory(w io.Writer, history *mlopsv1.MetricHistory, summaries map[string]*mlopsv1.MetricSummary) {
	var rows [][]string
	for _, name := range output.Sorted(summaries) {
		s := summaries[name]
		rows = append(rows, []string{
			name, output.Count(s.GetCount()), output.Figure(s.GetLatest()), output.Figure(s.GetMean()),
			output.Figure(s.GetStd()), output.Figure(s.GetMin()), output.Figure(s.GetMax()),
			observe.Sparkline(s.GetTrend()),
		})
	}
	if len(rows) == 0 {
		return
	}
	output.Pairs(w, "History",
		[2]string{"records", output.Count(history.GetRecords())},
		[2]string{"first", when(history.GetFirst())},
		[2]string{"last", when(history.GetLast())},
	)
	output.Rows(w, "Metrics over time", []string{"metric", "records", "latest", "mean", "std", "min", "max", "trend"}, rows, 1, 2, 3, 4, 5, 6)
}

// spread sums up a regressor's predicted values.
func spread(s *mlopsv1.MetricSummary) string {
	if s.GetCount() == 0 {
		return ""
	}
	return fmt.Sprintf("mean %s, std %s, from %s to %s",
		output.Figure(s.GetMean()), output.Figure(s.GetStd()), output.Figure(s.GetMin()), output.Figure(s.GetMax()))
}
