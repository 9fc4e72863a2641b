package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
	"mlops/runner/storage"
)

type runFlags struct {
	taskFlags
	config      string
	environment string
	set         []string
	all         bool
	force       bool
	dryRun      bool
	explain     bool
}

func newRun(a *app) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SECTION | run --all",
		Short: "Run a section of a pipelines file, or all of them in order",
		Long: `Run a section of a pipelines file: extract, transform and load, item by item.

What is done already is not done again: an item is skipped while its inputs, its
section's keys and this program are what they were, and its outputs are there. The
reason is told otherwise; --explain tells it of every item, --dry-run without doing
anything.

--all runs every section, each after those whose output folder it reads.

With a master the items are spread over its workers. Locations must then be the
same for all of them: folders of one host or of a shared file system, or s3://.

The file is configs/pipelines_config.yml or pipelines_config.yml, unless --config
names another. --env lays an environment over it: its entry under environments,
and the file beside it, such as pipelines_config.prod.yml. ${NAME} and
${NAME:-default} in the file are variables of this command's environment.`,
		Example: `  mlops-cli run windows_pipeline
  mlops-cli run windows_pipeline -c configs/pipelines_config.yml --set window_size=50
  mlops-cli run windows_pipeline --env prod --dry-run --explain
  mlops-cli run --all
  mlops-cli run --all --force -o json`,
		Args:              func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runPipelines(cmd.Context(), f, args) },
		ValidArgsFunction: a.completeSection(&f),
	}
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "pipelines file, YAML (default: configs/pipelines_config.yml or pipelines_config.yml)")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml"); err != nil {
		panic(err) // the flag's name is wrong in the code
	}
	cmd.Flags().StringVar(&f.environment, "env", "", "environment laid over the file, e.g. prod")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "key=value of the section, or section.key=value; repeatable")
	cmd.Flags().BoolVar(&f.all, "all", false, "run every section, each after those whose output it reads")
	cmd.Flags().BoolVar(&f.force, "force", false, "do everything again")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done and why, and change nothing")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "tell of each item what was done and why")
	f.register(cmd)
	return cmd
}

func (f *runFlags) check(args []string) error {
	switch {
	case f.all && len(args) > 0:
		return fmt.Errorf("run takes a section or --all, not both")
	case !f.all && len(args) == 0:
		return fmt.Errorf("run needs a section, e.g. run windows_pipeline, or --all")
	case len(args) > 1:
		return fmt.Errorf("run takes one section; %q is too many (--all runs every one)", args[1])
	}
	return nil
}

func (f *runFlags) inputs(section string) inputs.PipelinesFlags {
	return inputs.PipelinesFlags{Path: f.config, Environment: f.environment, Set: f.set, Section: section}
}

func (a *app) completeSection(f *runFlags) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if file, err := inputs.ReadPipelines(a.dir, f.inputs("")); err == nil && len(args) == 0 {
			return file.Names(), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) runPipelines(ctx context.Context, f runFlags, args []string) error {
	if f.upload {
		return usagef("--upload: a run reads and writes folders where they are: use %s", reachableFolders)
	}
	if f.all {
		return a.runAll(ctx, f)
	}
	file, err := inputs.ReadPipelines(a.dir, f.inputs(args[0]))
	if err != nil {
		return usage(err)
	}
	// Whatever is wrong with the section is told here, with its own lines.
	if _, err := builtin.Types().Open(file.Pipelines, args[0], file.Root, etl.Env{}); err != nil {
		return usage(err)
	}
	return a.do(ctx, a.runJob(f, file, args[0]))
}

// runJob is a section as work for a master.
func (a *app) runJob(f runFlags, file *inputs.Pipelines, section string) job {
	return job{
		flags: f.taskFlags, class: mlopsv1.SlotClass_SLOT_CLASS_BATCH, need: need{worker: true},
		operation: func(_ context.Context, c *connection, remote bool) (*mlopsv1.Operation, bool, error) {
			op := &mlopsv1.RunOperation{
				Section: section, PipelinesYaml: string(file.Only(section)), PipelinesName: file.Name(), ProjectRoot: file.Root,
				Force: f.force, DryRun: f.dryRun, FanOut: !c.embedded,
			}
			return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Run{Run: op}}, !remote, nil
		},
		table: func(w io.Writer, workflow *mlopsv1.Workflow) { a.printRun(w, workflow.GetResult().GetRun(), f.explain) },
		name:  func(w *mlopsv1.Workflow) string { return w.GetResult().GetRun().GetOutput() },
		advice: func(c *connection) string {
			if c.sameHost() {
				return ""
			}
			return foldersElsewhere(file, section)
		},
	}
}

// foldersElsewhere says what becomes of a section's local folders where the workers
// run on other hosts; "" where it has none.
func foldersElsewhere(file *inputs.Pipelines, section string) string {
	j, err := builtin.Types().Open(file.Pipelines, section, file.Root, etl.Env{})
	if err != nil {
		return "" // it has been told
	}
	folders := slices.DeleteFunc(append(slices.Clone(j.Sources()), j.Output()), func(l string) bool { return !storage.IsLocal(l) })
	if len(folders) == 0 {
		return ""
	}
	return fmt.Sprintf("the master is on another host, and its workers look for %s on theirs: use %s", strings.Join(folders, " and "), reachableFolders)
}

// reachableFolders are the places where every worker finds a run's folders.
const reachableFolders = "s3://bucket/folder, or a folder that every worker's host mounts at the same path"

// errSections says that sections of a run of all have failed.
var errSections = errors.New("not every section succeeded")
