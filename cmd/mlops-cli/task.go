package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/client"
	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

// hostLabel is the label that each worker carries with its host's identity.
const hostLabel = "mlops.host"

// taskFlags are the flags of commands that submit work.
type taskFlags struct {
	priority  int32
	labels    []string
	detach    bool
	upload    bool
	timeLimit time.Duration
}

func (f *taskFlags) register(cmd *cobra.Command) {
	cmd.Flags().Int32Var(&f.priority, "priority", 0, "larger goes first; between -1000 and 1000")
	cmd.Flags().StringArrayVarP(&f.labels, "label", "l", nil, "key=value label to find the workflow by; repeatable")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "print the workflow's id and do not wait (needs a master)")
	cmd.Flags().BoolVar(&f.upload, "upload", false, "upload the files even to a master on this host")
	cmd.Flags().DurationVar(&f.timeLimit, "time-limit", 0, "longest time that an attempt may run; 0 means no limit")
}

// job is an operation from its submission to its printed result.
type job struct {
	flags taskFlags
	class mlopsv1.SlotClass
	// operation makes the operation, uploading what the master's workers cannot
	// reach; local says that they must run on this host.
	operation func(ctx context.Context, c *connection, remote bool) (op *mlopsv1.Operation, local bool, err error)
	// finish takes a result home, e.g. downloads an output; may be nil.
	finish func(ctx context.Context, c *connection, r *mlopsv1.Result) error
	// table prints the result for people.
	table func(out io.Writer, w *mlopsv1.Workflow)
	// name is what -o name prints.
	name func(w *mlopsv1.Workflow) string
	// need is what the command wants of an embedded master.
	need need
	// advice is what may help once the job has failed; "" or nil: nothing.
	advice func(c *connection) string
}

// advise tells what may help with a job that has failed.
func (a *app) advise(c *connection, j job, err error) {
	var failed *failure
	if j.advice == nil || !errors.As(err, &failed) || failed.workflow.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED {
		return
	}
	if text := j.advice(c); text != "" {
		a.display.Note("%s", text)
	}
}

// do carries a job through.
func (a *app) do(ctx context.Context, j job) error {
	labels, err := inputs.Labels(j.flags.labels)
	if err != nil {
		return usage(err)
	}
	if j.flags.detach && a.masterAddress() == "" {
		return usagef("--detach needs a master (--master or MLOPS_MASTER): without one the work ends with this command")
	}
	return a.with(ctx, j.need, func(c *connection) error {
		w, err := a.submit(ctx, c, j, labels)
		if err != nil {
			return err
		}
		if j.flags.detach {
			return a.printDetached(w)
		}
		if w, err = a.followToSuccess(ctx, c, w); err != nil {
			a.advise(c, j, err)
			return err
		}
		if j.finish != nil {
			if err := j.finish(ctx, c, w.GetResult()); err != nil {
				return err
			}
		}
		return a.printWorkflow(w, j)
	})
}

func (a *app) submit(ctx context.Context, c *connection, j job, labels map[string]string) (*mlopsv1.Workflow, error) {
	op, local, err := j.operation(ctx, c, j.flags.upload || !c.sameHost())
	if err != nil {
		return nil, err
	}
	required := map[string]string{}
	if local && !c.embedded {
		required[hostLabel] = transport.HostID()
	}
	for k, v := range c.labels {
		labels[k], required[k] = v, v
	}
	spec := &mlopsv1.TaskSpec{Operation: op, SlotClass: j.class, Requirements: &mlopsv1.Requirements{Labels: required}}
	if j.flags.timeLimit > 0 {
		spec.Timeout = durationpb.New(j.flags.timeLimit)
	}
	w, err := c.Submit(ctx, client.Submission{Spec: spec, Priority: j.flags.priority, Labels: labels})
	if err != nil {
		return nil, err
	}
	if !c.embedded {
		a.display.Note("submitted as workflow %s", w.GetWorkflowId())
	}
	return w, nil
}

func (a *app) printDetached(w *mlopsv1.Workflow) error {
	return a.print(
		func() output.Document { return workflowDocument(w) },
		func(out io.Writer) {
			io.WriteString(out, w.GetWorkflowId()+"\n") //nolint:errcheck // standard output, as any print
			a.display.Note("next: mlops-cli logs -f %[1]s, mlops-cli get %[1]s, mlops-cli cancel %[1]s", w.GetWorkflowId())
		},
		func() []string { return []string{w.GetWorkflowId()} },
	)
}

func (a *app) printWorkflow(w *mlopsv1.Workflow, j job) error {
	return a.print(
		func() output.Document { return workflowDocument(w) },
		func(out io.Writer) { j.table(out, w) },
		func() []string { return []string{j.name(w)} },
	)
}

// artifactOf uploads a file or directory and returns its URL.
func (a *app) artifactOf(ctx context.Context, c *connection, path, name string) (string, error) {
	show := a.display.Transfer("uploading", name)
	url, err := c.Artifacts().Upload(ctx, path, show)
	if err == nil {
		return url, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", errors.Join(cause, err)
	}
	return "", err
}
