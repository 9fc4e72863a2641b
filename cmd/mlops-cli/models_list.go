package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/registry"
)

func newModelsList(a *app, open openRegistry) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List registered models",
		Example: `  mlops-cli models list
  mlops-cli models list --registry /srv/models/registry -o json
  mlops-cli models list -o name`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.modelsList(cmd.Context(), open) },
	}
}

func (a *app) modelsList(ctx context.Context, open openRegistry) error {
	models, err := open()
	if err != nil {
		return err
	}
	all, err := models.Models(ctx)
	if err != nil {
		return registryError(err)
	}
	return a.print(
		func() output.Document {
			list := make([]any, len(all))
			for i, m := range all {
				newest := m.Versions[len(m.Versions)-1]
				list[i] = output.Document{
					{Key: "name", Value: m.Name}, {Key: "versions", Value: int64(len(m.Versions))}, {Key: "latest", Value: int64(newest.Number)},
					{Key: "aliases", Value: aliasDocument(m)}, {Key: "model_name", Value: newest.ModelName}, {Key: "problem_type", Value: newest.ProblemType},
					{Key: "updated_at", Value: newest.CreatedAt.Format(time.RFC3339Nano)},
				}
			}
			return output.Document{{Key: "registry", Value: models.Dir()}, {Key: "models", Value: list}}
		},
		func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintf(w, "no models in %s\n", a.short(models.Dir()))
				return
			}
			rows := make([][]string, len(all))
			for i, m := range all {
				newest := m.Versions[len(m.Versions)-1]
				rows[i] = []string{
					m.Name, fmt.Sprint(newest.Number), output.Count(int64(len(m.Versions))), aliasText(m), newest.ModelName, local(newest.CreatedAt),
				}
			}
			output.Rows(w, "", []string{"name", "latest", "versions", "aliases", "model", "updated"}, rows, 1, 2)
		},
		func() []string {
			var names []string
			for _, m := range all {
				names = append(names, m.Name)
			}
			return names
		},
	)
}

// aliasDocument is a model's aliases with the versions that they point to.
func aliasDocument(m registry.Model) output.Document {
	d := output.Document{}
	for _, alias := range output.Sorted(m.Aliases) {
		d = append(d, output.Field{Key: alias, Value: int64(m.Aliases[alias])})
	}
	return d
}

func aliasText(m registry.Model) string {
	var parts []string
	for _, alias := range output.Sorted(m.Aliases) {
		parts = append(parts, fmt.Sprintf("%s: %d", alias, m.Aliases[alias]))
	}
	return listed(parts)
}

// aliasesOf lists the aliases of one version, latest among them.
func aliasesOf(m registry.Model, number int) []string {
	aliases := []string{}
	for _, alias := range output.Sorted(m.Aliases) {
		if m.Aliases[alias] == number {
			aliases = append(aliases, alias)
		}
	}
	if number == m.Versions[len(m.Versions)-1].Number {
		aliases = append(aliases, registry.Latest)
	}
	slices.Sort(aliases)
	return aliases
}

func local(t time.Time) string { return t.Local().Format(time.DateTime) }

func joined(values []string) string { return strings.Join(values, ", ") }

// texts makes a document's list.
func texts(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
