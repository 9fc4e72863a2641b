package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

type cancelFlags struct {
	reason string
	wait   bool
}

func newCancel(a *app) *cobra.Command {
	var f cancelFlags
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "End a workflow",
		Long:  "Ask for a workflow's end. One that has ended already stays as it is.",
		Example: `  mlops-cli cancel 0197a8f2
  mlops-cli cancel 0197a8f2 --reason "wrong data" --wait`,
		Args:              exactly("ID"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.cancel(cmd.Context(), f, args[0]) },
		ValidArgsFunction: a.completeWorkflow,
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the record")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "wait until it has ended")
	return cmd
}

func (a *app) cancel(ctx context.Context, f cancelFlags, id string) error {
	return a.with(ctx, need{}, func(c *connection) error {
		got, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		w, err := c.Cancel(ctx, got.GetWorkflow().GetWorkflowId(), f.reason)
		if err == nil && f.wait {
			w, err = c.Wait(ctx, w.GetWorkflowId())
		}
		if err != nil {
			return err
		}
		return a.printState(w)
	})
}

// printState tells a workflow's id and state.
func (a *app) printState(w *mlopsv1.Workflow) error {
	return a.print(
		func() output.Document { return summaryDocument(w) },
		func(out io.Writer) {
			state := stateName(w.GetState())
			if w.GetCancelRequested() && w.GetState() < mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
				state += ", being cancelled"
			}
			fmt.Fprintf(out, "workflow %s: %s\n", w.GetWorkflowId(), state)
		},
		func() []string { return []string{w.GetWorkflowId()} },
	)
}
