package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/registry"
)

func newModelsPromote(a *app, open openRegistry) *cobra.Command {
	var by, reason string
	cmd := &cobra.Command{
		Use:   "promote MODEL ALIAS",
		Short: "Point an alias to a version",
		Long: `Point an alias to a version, at once for everybody who uses it, and record who did
it when and why. MODEL is a version, another alias of the model, or the model alone
for its newest version. The alias latest always is the newest version and cannot be
moved. To go back, promote the version that the history names.`,
		Example: `  mlops-cli models promote churn/3 champion
  mlops-cli models promote churn@challenger champion --reason "better in the last month"
  mlops-cli models promote churn/2 champion --by ann -o json`,
		Args: exactly("MODEL", "ALIAS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.modelsPromote(cmd.Context(), open, registry.Promotion{Alias: args[1], By: a.by(by), Reason: reason}, args[0])
		},
		ValidArgsFunction: completeModelName(open, 1),
	}
	cmd.Flags().StringVar(&by, "by", "", "who promotes it (default: the system's user)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	return cmd
}

func (a *app) modelsPromote(ctx context.Context, open openRegistry, p registry.Promotion, text string) (err error) {
	if p.To, err = modelRef(text); err != nil {
		return err
	}
	models, err := open()
	if err != nil {
		return err
	}
	m, err := models.Promote(ctx, p)
	if err != nil {
		return registryError(err)
	}
	return a.print(
		func() output.Document {
			return append(output.Document{{Key: "name", Value: p.To.Name}}, moveDocument(m)...)
		},
		func(w io.Writer) {
			switch m.From {
			case m.To:
				fmt.Fprintf(w, "%s@%s points to version %d already\n", p.To.Name, m.Alias, m.To)
			case 0:
				fmt.Fprintf(w, "%s@%s points to version %d; it is new\n", p.To.Name, m.Alias, m.To)
			default:
				fmt.Fprintf(w, "%s@%s points to version %d, before to %d\n", p.To.Name, m.Alias, m.To, m.From)
			}
		},
		func() []string { return []string{registry.Ref{Name: p.To.Name, Version: m.To}.String()} },
	)
}
