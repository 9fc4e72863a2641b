package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

func newWorkers(a *app) *cobra.Command {
	list := func(cmd *cobra.Command, _ []string) error { return a.workers(cmd.Context()) }
	const example = "  mlops-cli workers --master 127.0.0.1:7070\n  mlops-cli workers -o json"
	cmd := &cobra.Command{
		Use: "workers", Short: "List workers, and take them out of service", Example: example, Args: exactly(), RunE: list,
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the workers that the master knows", Example: example, Args: exactly(), RunE: list},
		&cobra.Command{
			Use: "drain ID", Short: "Keep new work from a worker; what it runs it finishes",
			Example: "  mlops-cli workers drain worker-3", Args: exactly("ID"), ValidArgsFunction: a.completeWorker,
			RunE: func(cmd *cobra.Command, args []string) error { return a.drain(cmd.Context(), args[0], false) },
		},
		&cobra.Command{
			Use: "resume ID", Short: "Give a drained worker work again",
			Example: "  mlops-cli workers resume worker-3", Args: exactly("ID"), ValidArgsFunction: a.completeWorker,
			RunE: func(cmd *cobra.Command, args []string) error { return a.drain(cmd.Context(), args[0], true) },
		},
	)
	return cmd
}

func (a *app) workers(ctx context.Context) error {
	return a.with(ctx, need{}, func(c *connection) error {
		workers, err := c.Workers(ctx)
		if err != nil {
			return err
		}
		return a.print(
			func() output.Document {
				documents := make([]any, len(workers))
				for i, w := range workers {
					documents[i] = output.Of(w)
				}
				return output.Document{{Key: "workers", Value: documents}}
			},
			func(w io.Writer) { printWorkers(w, workers) },
			func() []string {
				names := make([]string, len(workers))
				for i, w := range workers {
					names[i] = w.GetWorkerId()
				}
				return names
			},
		)
	})
}

func printWorkers(w io.Writer, workers []*mlopsv1.WorkerInfo) {
	if len(workers) == 0 {
		fmt.Fprintln(w, "no workers")
		return
	}
	rows := make([][]string, len(workers))
	for i, x := range workers {
		rows[i] = []string{
			x.GetWorkerId(), x.GetState(), fmt.Sprint(len(x.GetTasks())), fmt.Sprintf("%d+%d", x.GetSlots(), x.GetInteractiveSlots()),
			strings.Join(x.GetCapabilities(), ","), x.GetHostname(), output.Seconds(x.GetLastSeen().AsDuration().Seconds()) + " ago",
			x.GetVersion(), pairs(withoutHost(x.GetLabels())),
		}
	}
	output.Rows(w, "", []string{"id", "state", "tasks", "slots", "capabilities", "host", "last seen", "version", "labels"}, rows, 2, 3)
}

// withoutHost drops the label that every worker carries.
func withoutHost(labels map[string]string) map[string]string {
	rest := make(map[string]string, len(labels))
	for k, v := range labels {
		if k != hostLabel {
			rest[k] = v
		}
	}
	return rest
}

func (a *app) drain(ctx context.Context, id string, resume bool) error {
	return a.with(ctx, need{}, func(c *connection) error {
		worker, err := c.Drain(ctx, id, resume)
		if err != nil {
			return err
		}
		return a.print(
			func() output.Document { return output.Of(worker) },
			func(w io.Writer) { fmt.Fprintf(w, "worker %s: %s\n", worker.GetWorkerId(), worker.GetState()) },
			func() []string { return []string{worker.GetWorkerId()} },
		)
	})
}
