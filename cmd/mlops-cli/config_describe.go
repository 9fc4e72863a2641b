package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	"mlops/runner/config"
	"mlops/runner/etl/builtin"
	"mlops/runner/pipeline"
)

func newConfigSchema(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a configuration, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of a configuration: every key and every step's
parameters with type, range, choices, default and meaning. An editor with a YAML
language server completes and checks a file whose first line names the schema:

  # yaml-language-server: $schema=mlops-config.schema.json`,
		Example: `  mlops-cli config schema --output mlops-config.schema.json
  mlops-cli config schema | jq '.properties.training'`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.schema(file) },
	}
	cmd.Flags().StringVarP(&file, "output", "O", "", "file to write, or to replace; by default standard output")
	return cmd
}

func (a *app) schema(file string) error {
	schema := pipeline.Kinds().Schema()
	if file == "" {
		_, err := a.stdout.Write(schema)
		return err
	}
	path, err := inputs.OutputFile(a.dir, file, ".json")
	if err != nil {
		return usage(err)
	}
	if err := renameio.WriteFile(path, schema, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return a.print(
		func() output.Document { return output.Document{{Key: "file", Value: path}} },
		func(w io.Writer) { fmt.Fprintf(w, "wrote %s\n", file) },
		func() []string { return []string{path} },
	)
}

func newConfigExplain(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [KEY]",
		Short: "Tell what a key means and which values it takes",
		Long: `Tell what a key of the configuration or of a pipelines file means, its type, range and
default, where it is used, and an example. Of a section it lists the keys, of a list of
steps their kinds, of a kind of step its parameters. Without KEY it lists the sections.`,
		Example: `  mlops-cli config explain training.test_size
  mlops-cli config explain training
  mlops-cli config explain preprocessing.steps.categorical_encoder
  mlops-cli config explain windows_pipeline.step_size
  mlops-cli config explain deployment.steps.archive.level -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.explain(strings.Join(args, "")) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeKey(typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
		},
	}
}

// completeKey offers the keys one level deeper than the dots typed.
func completeKey(typed string) []string {
	e, err := explain(typed[:max(strings.LastIndexByte(typed, '.'), 0)])
	if err != nil {
		return nil
	}
	var offers []string
	for _, key := range e.Below {
		if strings.HasPrefix(key.Path, typed) {
			offers = append(offers, cobra.CompletionWithDesc(key.Path, key.Text))
		}
	}
	return offers
}

// explain tells about a key of a configuration or of a pipelines file.
func explain(path string) (*config.Explanation, error) {
	types := builtin.Types()
	if e, ok, err := types.Explain(path); ok {
		return e, err
	}
	e, err := pipeline.Kinds().Explain(path)
	if err == nil && e.Path == "" {
		e.Below = append(e.Below, types.Sections()...)
	}
	return e, err
}

func (a *app) explain(path string) error {
	e, err := explain(path)
	if err != nil {
		return usage(err)
	}
	return a.print(
		func() output.Document { return explanationDocument(e) },
		func(w io.Writer) { printExplanation(w, e) },
		func() []string {
			names := []string{e.Path}
			if len(e.Below) > 0 {
				names = names[:0]
			}
			for _, key := range e.Below {
				names = append(names, key.Path)
			}
			return names
		},
	)
}

func explanationDocument(e *config.Explanation) output.Document {
	below := make([]any, len(e.Below))
	for i, key := range e.Below {
		below[i] = keyDocument(key)
	}
	return append(keyDocument(e.Key), output.Field{Key: "snippet", Value: e.Snippet}, output.Field{Key: "keys", Value: below})
}

func keyDocument(key config.Key) output.Document {
	choices := make([]any, len(key.Choices))
	for i, choice := range key.Choices {
		choices[i] = choice
	}
	var initial any
	if key.Default != nil {
		initial = key.DefaultText()
	}
	return output.Document{
		{Key: "key", Value: key.Path}, {Key: "description", Value: key.Text}, {Key: "type", Value: key.Type},
		{Key: "range", Value: key.Range}, {Key: "choices", Value: choices}, {Key: "default", Value: initial},
		{Key: "needed", Value: key.Needed}, {Key: "used_in", Value: key.Use}, {Key: "example", Value: key.Example},
	}
}

func printExplanation(w io.Writer, e *config.Explanation) {
	if e.Path != "" {
		fmt.Fprintln(w, e.Path)
	}
	fmt.Fprintf(w, "  %s\n\n", e.Text)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-9s%s\n", name, text)
		}
	}
	line("type", e.Type)
	line("range", e.Range)
	line("choices", strings.Join(e.Choices, ", "))
	switch {
	case e.Needed:
		line("default", "none; it is needed")
	case e.Default != nil:
		line("default", e.DefaultText())
	}
	line("used by", e.Use)
	if e.Snippet != "" {
		fmt.Fprintf(w, "\n  example\n    %s\n", strings.ReplaceAll(strings.TrimSuffix(e.Snippet, "\n"), "\n", "\n    "))
	}
	if len(e.Below) == 0 {
		return
	}
	width := 0
	for _, key := range e.Below {
		width = max(width, len(key.Path))
	}
	fmt.Fprintln(w, "\n  keys")
	for _, key := range e.Below {
		fmt.Fprintf(w, "    %-*s  %s\n", width, key.Path, key.Text)
	}
}
