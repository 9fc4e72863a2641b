package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
)

// sectionRun is what became of one section in a run of all.
type sectionRun struct {
	section  string
	after    []string
	workflow *mlopsv1.Workflow // nil: it was not run
	reason   string            // why it was not run, or how it failed
	changes  bool              // it has done something, or would
}

func (s *sectionRun) state() string {
	if s.workflow == nil {
		return "NOT_RUN"
	}
	return stateName(s.workflow.GetState())
}

func (s *sectionRun) succeeded() bool {
	return s.workflow.GetState() == mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
}

// runAll runs every section, each after those that it depends on. A section that
// depends on one that failed is not run; the others are.
func (a *app) runAll(ctx context.Context, f runFlags) error {
	if f.detach {
		return usagef("--detach: a run of all follows its sections; detach them one by one")
	}
	file, err := inputs.ReadPipelines(a.dir, f.inputs(""))
	if err != nil {
		return usage(err)
	}
	order, err := orderOf(file)
	if err != nil {
		return usage(err)
	}
	labels, err := inputs.Labels(f.labels)
	if err != nil {
		return usage(err)
	}
	var runs []*sectionRun
	err = a.with(ctx, need{worker: true}, func(c *connection) error {
		for _, one := range order {
			run := &sectionRun{section: one.Job.Section(), after: one.After}
			runs = append(runs, run)
			if run.reason = hindrance(f, one.After, runs); run.reason != "" {
				a.display.Warn("%s is not run: %s", run.section, run.reason)
				continue
			}
			a.display.Note("%s", run.section)
			j := a.runJob(f, file, run.section)
			w, err := a.submit(ctx, c, j, maps.Clone(labels))
			if err != nil {
				return err
			}
			var failed *failure
			run.workflow, err = a.followToSuccess(ctx, c, w)
			a.advise(c, j, err)
			switch {
			case errors.As(err, &failed) && failed.workflow.GetState() == mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED:
				run.reason = failed.workflow.GetFailure().GetMessage()
				a.display.Warn("%s failed: %s", run.section, run.reason)
			case err != nil:
				return err
			}
			r := run.workflow.GetResult().GetRun()
			run.changes = r.GetDone()+r.GetPlanned() > 0 || r.GetGathered().GetStatus() == string(etl.Done) || len(r.GetRemoved()) > 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.printAll(runs, f.explain); err != nil {
		return err
	}
	if slices.ContainsFunc(runs, func(r *sectionRun) bool { return !r.succeeded() && !(f.dryRun && r.workflow == nil) }) {
		return &exitError{code: codeFailed, err: errSections, told: a.format == output.JSON || a.format == output.YAML}
	}
	return nil
}

// orderOf opens every section and puts them in order.
func orderOf(file *inputs.Pipelines) ([]etl.Ordered, error) {
	if len(file.Names()) == 0 {
		return nil, errors.New(file.Name() + " has no section")
	}
	types := builtin.Types()
	var jobs []*etl.Job
	for _, section := range file.Names() {
		j, err := types.Open(file.Pipelines, section, file.Root, etl.Env{})
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return etl.Order(jobs)
}

// hindrance says why a section cannot run: what it depends on has failed, or, of a
// dry run, has not made yet what the section would read.
func hindrance(f runFlags, after []string, runs []*sectionRun) string {
	for _, r := range runs {
		switch {
		case !slices.Contains(after, r.section):
		case f.dryRun && (r.changes || r.workflow == nil):
			return "it reads what " + r.section + " would make first"
		case !r.succeeded():
			return "it depends on " + r.section + ", which did not succeed"
		}
	}
	return ""
}

func (a *app) printAll(runs []*sectionRun, explain bool) error {
	return a.print(
		func() output.Document {
			sections := make([]any, len(runs))
			for i, r := range runs {
				after := make([]any, len(r.after))
				for k, name := range r.after {
					after[k] = name
				}
				d := output.Document{{Key: "section", Value: r.section}, {Key: "after", Value: after}, {Key: "state", Value: r.state()}, {Key: "reason", Value: r.reason}}
				if r.workflow != nil {
					d = append(d, output.Field{Key: "workflow_id", Value: r.workflow.GetWorkflowId()})
				}
				if r.workflow.GetResult() != nil {
					d = append(d, output.Field{Key: "result", Value: resultDocument(r.workflow.GetResult())})
				}
				sections[i] = d
			}
			return output.Document{{Key: "sections", Value: sections}}
		},
		func(w io.Writer) {
			var rows [][]string
			for _, r := range runs {
				result := r.workflow.GetResult().GetRun()
				took := ""
				if result != nil {
					took = output.Seconds(result.GetTimings()["total"])
				}
				rows = append(rows, []string{
					r.section, strings.Join(r.after, ", "), r.state(), counted(result.GetPlanned()), counted(result.GetDone()), counted(result.GetSkipped()),
					counted(result.GetFailed()), counted(result.GetRows()), took, r.reason,
				})
			}
			output.Rows(w, "", []string{"section", "after", "state", "would do", "done", "skipped", "failed", "rows", "took", "reason"}, rows, 3, 4, 5, 6, 7, 8)
			if explain {
				for _, r := range runs {
					if result := r.workflow.GetResult().GetRun(); result != nil {
						printOutcomes(w, result, true)
					}
				}
			}
		},
		func() []string {
			var names []string
			for _, r := range runs {
				names = append(names, r.section)
			}
			return names
		},
	)
}
