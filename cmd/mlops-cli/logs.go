package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mlops/client"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

type logsFlags struct {
	follow   bool
	from     uint64
	progress bool
}

func newLogs(a *app) *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs ID",
		Short: "Print a workflow's story",
		Long: `Print a workflow's story: the changes of its state and what its tasks wrote. With
--follow it goes on until the workflow's end. With -o json each line is a
document of its own.`,
		Example: `  mlops-cli logs 0197a8f2
  mlops-cli logs -f 0197a8f2
  mlops-cli logs 0197a8f2 --progress -o json`,
		Args:              exactly("ID"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.logs(cmd.Context(), f, args[0]) },
		ValidArgsFunction: a.completeWorkflow,
	}
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on until the workflow's end")
	cmd.Flags().Uint64Var(&f.from, "from", 0, "begin at this event's number")
	cmd.Flags().BoolVar(&f.progress, "progress", false, "print progress reports too")
	return cmd
}

func (a *app) logs(ctx context.Context, f logsFlags, id string) error {
	return a.with(ctx, need{}, func(c *connection) error {
		got, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		w := got.GetWorkflow()
		last := w.GetLastSeq()
		if !f.follow && (last == 0 || f.from > last) {
			return nil
		}
		if f.follow && c.embedded && !client.Final(w.GetState()) {
			a.display.Note("following workflow %s; interrupting this command does not end it", w.GetWorkflowId())
		}
		for event, err := range c.Watch(ctx, w.GetWorkflowId(), f.from) {
			if err != nil {
				return err
			}
			if event.GetProgress() == nil || f.progress {
				if err := a.printEvent(event); err != nil {
					return err
				}
			}
			if !f.follow && event.GetSeq() >= last {
				return nil
			}
		}
		return nil
	})
}

func (a *app) printEvent(e *mlopsv1.Event) error {
	switch a.format {
	case output.JSON:
		line, err := output.Of(e).MarshalJSON()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", line)
		return err
	case output.YAML:
		if _, err := io.WriteString(a.stdout, "---\n"); err != nil {
			return err
		}
		return output.Write(a.stdout, output.YAML, output.Of(e))
	}
	_, err := fmt.Fprintf(a.stdout, "%s  %s\n", e.GetTime().AsTime().Local().Format(time.DateTime), output.Clean(eventText(e)))
	return err
}

// eventText is an event as a line for people.
func eventText(e *mlopsv1.Event) string {
	var b strings.Builder
	switch kind := e.GetKind().(type) {
	case *mlopsv1.Event_Log:
		if l := kind.Log.GetLevel(); l > mlopsv1.LogLevel_LOG_LEVEL_INFO {
			b.WriteString(strings.ToLower(strings.TrimPrefix(l.String(), "LOG_LEVEL_")) + ": ")
		}
		if kind.Log.GetStage() != "" {
			b.WriteString(kind.Log.GetStage() + ": ")
		}
		b.WriteString(kind.Log.GetText())
	case *mlopsv1.Event_Progress:
		b.WriteString(kind.Progress.GetStage())
		if kind.Progress.GetFraction() >= 0 {
			fmt.Fprintf(&b, " %.0f%%", 100*kind.Progress.GetFraction())
		}
		for _, name := range output.Sorted(kind.Progress.GetMetrics()) {
			fmt.Fprintf(&b, " %s=%s", name, output.Number(kind.Progress.GetMetrics()[name]))
		}
	case *mlopsv1.Event_TaskChanged:
		_, ordinal, _ := strings.Cut(e.GetTaskId(), "/")
		fmt.Fprintf(&b, "task %s %s", ordinal, taskStateName(kind.TaskChanged.GetState()))
		if e.GetAttempt() > 0 {
			fmt.Fprintf(&b, ", attempt %d", e.GetAttempt())
		}
		if kind.TaskChanged.GetWorkerId() != "" {
			b.WriteString(" on " + kind.TaskChanged.GetWorkerId())
		}
		appendFailure(&b, kind.TaskChanged.GetFailure())
	case *mlopsv1.Event_WorkflowChanged:
		b.WriteString("workflow " + stateName(kind.WorkflowChanged.GetState()))
		appendFailure(&b, kind.WorkflowChanged.GetFailure())
	}
	return b.String()
}

func appendFailure(b *strings.Builder, f *mlopsv1.Failure) {
	if f != nil {
		b.WriteString(": " + f.GetMessage())
	}
}
