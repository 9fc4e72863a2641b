package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newRetry(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID",
		Short: "Submit a failed or cancelled workflow anew",
		Long: `Submit the operation of a failed or cancelled workflow anew, as a workflow of its
own. It needs a master: without one, repeat the command itself.`,
		Example: `  mlops-cli retry 0197a8f2 --master 127.0.0.1:7070
  mlops-cli logs -f "$(mlops-cli retry 0197a8f2 -o name)"`,
		Args:              exactly("ID"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.retry(cmd.Context(), args[0]) },
		ValidArgsFunction: a.completeWorkflow,
	}
}

func (a *app) retry(ctx context.Context, id string) error {
	if a.masterAddress() == "" {
		return usagef("retry needs a master (--master or MLOPS_MASTER): without one, repeat the command itself")
	}
	return a.with(ctx, need{}, func(c *connection) error {
		got, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		w, err := c.Retry(ctx, got.GetWorkflow().GetWorkflowId())
		if err != nil {
			return err
		}
		return a.printState(w)
	})
}
