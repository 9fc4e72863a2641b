package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

func newGet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "get ID",
		Short: "Show a workflow with its tasks and its result",
		Long:  "Show a workflow with its tasks and its result. ID may be any prefix that is unique.",
		Example: `  mlops-cli get 0197a8f2-5f3c-7e10-9c41-6f0f5b1c9a77
  mlops-cli get 0197a8f2 -o yaml`,
		Args:              exactly("ID"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.get(cmd.Context(), args[0]) },
		ValidArgsFunction: a.completeWorkflow,
	}
}

func (a *app) get(ctx context.Context, id string) error {
	return a.with(ctx, need{}, func(c *connection) error {
		got, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		return a.print(
			func() output.Document { return detailDocument(got) },
			func(w io.Writer) { a.printDetails(w, got) },
			func() []string { return []string{got.GetWorkflow().GetWorkflowId()} },
		)
	})
}

// summaryDocument is a workflow without its spec, tasks and result.
func summaryDocument(w *mlopsv1.Workflow) output.Document {
	d := output.Document{
		{Key: "workflow_id", Value: w.GetWorkflowId()},
		{Key: "state", Value: stateName(w.GetState())},
	}
	for _, f := range output.Of(w) {
		switch f.Key {
		case "workflow_id", "state", "spec", "result", "failure", "idempotency_key":
		default:
			d = append(d, f)
		}
	}
	if w.GetFailure() != nil {
		d = append(d, output.Field{Key: "error", Value: failureDocument(w.GetFailure())})
	}
	return d
}

// detailDocument is a workflow with everything.
func detailDocument(got *mlopsv1.GetWorkflowResponse) output.Document {
	w := got.GetWorkflow()
	d := summaryDocument(w)
	d = append(d, output.Field{Key: "spec", Value: output.Of(w.GetSpec())})
	if w.GetResult() != nil {
		d = append(d, output.Field{Key: "result", Value: resultDocument(w.GetResult())})
	}
	whole := output.Of(got)
	return append(d, output.Field{Key: "tasks", Value: whole.Get("tasks")}, output.Field{Key: "progress", Value: whole.Get("progress")})
}

func (a *app) printDetails(w io.Writer, got *mlopsv1.GetWorkflowResponse) {
	f := got.GetWorkflow()
	now := time.Now()
	output.Pairs(w, "Workflow",
		[2]string{"id", f.GetWorkflowId()},
		[2]string{"operation", f.GetOperation()},
		[2]string{"state", stateName(f.GetState())},
		[2]string{"error", f.GetFailure().GetMessage()},
		[2]string{"labels", pairs(f.GetLabels())},
		[2]string{"owner", f.GetOwner()},
		[2]string{"retry of", f.GetRetryOf()},
		[2]string{"submitted", when(f.GetCreatedAt())},
		[2]string{"started", when(f.GetStartedAt())},
		[2]string{"finished", when(f.GetFinishedAt())},
		[2]string{"took", took(f, now)},
	)
	var rows [][]string
	for _, t := range got.GetTasks() {
		progress := ""
		if p := got.GetProgress()[t.GetTaskId()]; p != nil {
			progress = p.GetStage()
			if p.GetFraction() > 0 {
				progress += fmt.Sprintf(" %.0f%%", 100*p.GetFraction())
			}
		}
		rows = append(rows, []string{
			fmt.Sprint(t.GetOrdinal()), taskStateName(t.GetState()), fmt.Sprint(t.GetAttempt()), t.GetWorkerId(),
			progress, t.GetFailure().GetMessage(),
		})
	}
	if len(rows) > 0 {
		output.Rows(w, "Tasks", []string{"task", "state", "attempt", "worker", "progress", "last error"}, rows, 0, 2)
	}
	a.printResult(w, f)
}

// printResult prints what a workflow gave, as the command does that submits it.
func (a *app) printResult(w io.Writer, f *mlopsv1.Workflow) {
	switch r := f.GetResult().GetKind().(type) {
	case *mlopsv1.Result_Train:
		a.printTrained(w, r.Train, a.short(f.GetSpec().GetOperation().GetTrain().GetData()))
	case *mlopsv1.Result_Predict:
		a.printPredicted(w, r.Predict)
	case *mlopsv1.Result_Status:
		a.printStatus(w, r.Status)
	case *mlopsv1.Result_Run:
		a.printRun(w, r.Run, false)
	case *mlopsv1.Result_Observe:
		fmt.Fprintln(w, cleanLines(r.Observe.GetReport()))
	}
}
