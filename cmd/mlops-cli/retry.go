package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
)

func newRetry(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID",
		Short: "Submit a failed or cancelled workflow anew",
		Long: `Submit the operation of a failed or cancelled workflow anew, as a workflow of its
own. A master does it whenever it can; without one this command does the work and
prints its result.`,
		Example: `  mlops-cli retry 0197a8f2 --master 127.0.0.1:7070
  mlops-cli logs -f "$(mlops-cli retry 0197a8f2 -o name)"`,
		Args:              exactly("ID"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.retry(cmd.Context(), args[0]) },
		ValidArgsFunction: a.completeWorkflow,
	}
}

func (a *app) retry(ctx context.Context, id string) error {
	return a.with(ctx, need{worker: true, probes: true}, func(c *connection) error {
		got, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		w, err := c.Retry(ctx, got.GetWorkflow().GetWorkflowId(), c.labels)
		if err != nil {
			return err
		}
		if !c.embedded {
			return a.printState(w)
		}
		if w, err = a.followToSuccess(ctx, c, w); err != nil {
			return err
		}
		return a.print(
			func() output.Document { return workflowDocument(w) },
			func(out io.Writer) { a.printResult(out, w) },
			func() []string { return []string{w.GetWorkflowId()} },
		)
	})
}
