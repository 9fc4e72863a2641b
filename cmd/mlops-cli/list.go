package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mlops/client"
	"mlops/cmd/mlops-cli/embedded"
	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

type listFlags struct {
	states, operations, labels []string
	owner                      string
	since                      time.Duration
	limit                      int
}

func newList(a *app) *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List workflows, newest first",
		Example: `  mlops-cli list
  mlops-cli list --state failed --operation train --since 24h
  mlops-cli list --label team=growth --limit 0 -o name`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context(), f) },
	}
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "only these states: "+strings.ToLower(strings.Join(stateNames(), ", ")))
	cmd.Flags().StringSliceVar(&f.operations, "operation", nil, "only these operations: "+strings.Join(operationNames(), ", "))
	cmd.Flags().StringArrayVarP(&f.labels, "label", "l", nil, "only workflows with this label, key=value; repeatable")
	cmd.Flags().StringVar(&f.owner, "owner", "", "only this owner's workflows")
	cmd.Flags().DurationVar(&f.since, "since", 0, "only workflows submitted within this time, e.g. 24h")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "at most so many; 0 means all")
	mustComplete(cmd, "state", stateNames())
	mustComplete(cmd, "operation", operationNames())
	return cmd
}

// operationNames lists what a workflow may do.
func operationNames() []string {
	var names []string
	kinds := (&mlopsv1.Operation{}).ProtoReflect().Descriptor().Oneofs().ByName("kind").Fields()
	for i := range kinds.Len() {
		names = append(names, string(kinds.Get(i).Name()))
	}
	return names
}

// stateNames lists the states that a workflow may be in.
func stateNames() []string {
	var names []string
	values := mlopsv1.WorkflowState(0).Descriptor().Values()
	for i := range values.Len() {
		if n := mlopsv1.WorkflowState(values.Get(i).Number()); n != mlopsv1.WorkflowState_WORKFLOW_STATE_UNSPECIFIED {
			names = append(names, stateName(n))
		}
	}
	return names
}

func (f listFlags) filter(now time.Time) (client.Filter, error) {
	labels, err := inputs.Labels(f.labels)
	if err != nil {
		return client.Filter{}, err
	}
	filter := client.Filter{Labels: labels, Owner: f.owner}
	for _, o := range f.operations {
		name := strings.ToLower(o)
		if !slices.Contains(operationNames(), name) {
			return client.Filter{}, fmt.Errorf("%q is no operation; use %s", o, strings.Join(operationNames(), ", "))
		}
		filter.Operations = append(filter.Operations, name)
	}
	for _, s := range f.states {
		value, ok := mlopsv1.WorkflowState_value["WORKFLOW_STATE_"+strings.ToUpper(s)]
		if !ok || value == 0 {
			return client.Filter{}, fmt.Errorf("%q is no state; use %s", s, strings.ToLower(strings.Join(stateNames(), ", ")))
		}
		filter.States = append(filter.States, mlopsv1.WorkflowState(value))
	}
	if f.since < 0 || f.limit < 0 {
		return client.Filter{}, fmt.Errorf("--since and --limit must not be less than 0")
	}
	if f.since > 0 {
		filter.CreatedAfter = now.Add(-f.since)
	}
	if f.limit > 0 {
		filter.PageSize = int32(min(f.limit, 1000))
	}
	return filter, nil
}

func (a *app) list(ctx context.Context, f listFlags) error {
	now := time.Now()
	filter, err := f.filter(now)
	if err != nil {
		return usage(err)
	}
	return a.with(ctx, need{}, func(c *connection) error {
		var found []*mlopsv1.Workflow
		more := false
		for w, err := range c.List(ctx, filter) {
			if err != nil {
				return err
			}
			if more = f.limit > 0 && len(found) == f.limit; more {
				break
			}
			found = append(found, w)
		}
		if more {
			a.display.Note("there are more; --limit 0 lists all")
		}
		return a.print(
			func() output.Document {
				documents := make([]any, len(found))
				for i, w := range found {
					documents[i] = summaryDocument(w)
				}
				return output.Document{{Key: "workflows", Value: documents}}
			},
			func(w io.Writer) { printWorkflows(w, found, now) },
			func() []string {
				names := make([]string, len(found))
				for i, w := range found {
					names[i] = w.GetWorkflowId()
				}
				return names
			},
		)
	})
}

func printWorkflows(w io.Writer, workflows []*mlopsv1.Workflow, now time.Time) {
	if len(workflows) == 0 {
		fmt.Fprintln(w, "no workflows")
		return
	}
	rows := make([][]string, len(workflows))
	for i, f := range workflows {
		rows[i] = []string{
			f.GetWorkflowId(), f.GetOperation(), stateName(f.GetState()), output.Seconds(now.Sub(f.GetCreatedAt().AsTime()).Seconds()),
			took(f, now), f.GetOwner(), pairs(f.GetLabels()),
		}
	}
	output.Rows(w, "", []string{"id", "operation", "state", "age", "took", "owner", "labels"}, rows, 3, 4)
}

// took is how long a workflow ran, or has run so far.
func took(w *mlopsv1.Workflow, now time.Time) string {
	if w.GetStartedAt() == nil {
		return ""
	}
	if w.GetFinishedAt() != nil {
		now = w.GetFinishedAt().AsTime()
	}
	return output.Seconds(now.Sub(w.GetStartedAt().AsTime()).Seconds())
}

func pairs(labels map[string]string) string {
	parts := make([]string, 0, len(labels))
	for _, k := range output.Sorted(labels) {
		if k == embedded.SessionLabel {
			continue // says nothing to people
		}
		parts = append(parts, k+"="+labels[k])
	}
	return strings.Join(parts, " ")
}
