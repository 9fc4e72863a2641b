package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	"mlops/runner/pipeline"
)

func newConfig(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Check and explain configuration files", Example: `  mlops-cli config validate mlops-config.yaml
  mlops-cli config explain training.cv_folds`,
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "validate FILE...",
		Short: "Check configuration files",
		Long: `Check configuration files: keys, types, ranges and choices, the backend and every
step with their parameters. Errors name file, line and column, and the
nearest known key. The hash is the one that results carry: files with the same
meaning have the same. Of a pipelines file every section is checked, and the order
told in which they run.`,
		Example: `  mlops-cli config validate mlops-config.yaml
  mlops-cli config validate pipelines_config.yml
  mlops-cli config validate configs/*.yaml -o json`,
		Args:              cobra.MinimumNArgs(1),
		RunE:              func(_ *cobra.Command, args []string) error { return a.validate(args) },
		ValidArgsFunction: completeFiles("yaml", "yml"),
	})
	cmd.AddCommand(newConfigSchema(a), newConfigExplain(a))
	return cmd
}

func (a *app) validate(files []string) error {
	var found []error
	var lines []string
	documents := make([]any, len(files))
	for i, file := range files {
		hash, sections, message := "", []string{}, any(nil)
		var err error
		if inputs.IsPipelines(a.dir, file) {
			sections, err = a.checkPipelines(file)
		} else {
			hash, err = a.checkConfig(file)
		}
		if err == nil {
			lines = append(lines, fmt.Sprintf("%s: valid (%s)", file, cmp.Or(hash, strings.Join(sections, ", "))))
		} else {
			found, message = append(found, err), err.Error()
		}
		documents[i] = output.Document{
			{Key: "file", Value: file}, {Key: "valid", Value: err == nil}, {Key: "config_hash", Value: hash},
			{Key: "sections", Value: sections}, {Key: "error", Value: message},
		}
	}
	err := a.print(
		func() output.Document { return output.Document{{Key: "files", Value: documents}} },
		func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintln(w, l)
			}
		},
		func() []string { return files },
	)
	if err != nil || len(found) == 0 {
		return err
	}
	for _, e := range found {
		fmt.Fprintf(a.stderr, "mlops-cli: %v\n", e)
	}
	return &exitError{code: codeUsage, err: errors.Join(found...), told: true}
}

// checkConfig returns a configuration's hash, and tells what is to be noted about it.
func (a *app) checkConfig(file string) (hash string, err error) {
	parsed, err := inputs.ParseConfig(a.dir, file)
	if err != nil {
		return "", err
	}
	if err := pipeline.Check(parsed); err != nil {
		return "", err
	}
	for _, note := range parsed.Notes() {
		fmt.Fprintf(a.stderr, "warning: %s\n", note)
	}
	return parsed.Hash(), nil
}

// checkPipelines returns a pipelines file's sections in the order in which they run.
func (a *app) checkPipelines(file string) ([]string, error) {
	sections := []string{}
	read, err := inputs.ReadPipelines(a.dir, inputs.PipelinesFlags{Path: file})
	if err != nil {
		return sections, err
	}
	order, err := orderOf(read)
	for _, o := range order {
		sections = append(sections, o.Job.Section())
	}
	return sections, err
}
