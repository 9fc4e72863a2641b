package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/registry"
)

func newModelsDelete(a *app, open openRegistry) *cobra.Command {
	var by string
	var force bool
	cmd := &cobra.Command{
		Use:   "delete MODEL",
		Short: "Delete a version, or a whole model",
		Long: `Delete a version of a model with its files. A version that an alias points to, be
it latest, and a whole model need --force; the aliases of what is deleted are gone
then. The number of a deleted version is not given again. Deployments that versions
were copied from stay as they are.`,
		Example: `  mlops-cli models delete churn/1
  mlops-cli models delete churn@champion --force
  mlops-cli models delete churn --force`,
		Args: exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.modelsDelete(cmd.Context(), open, registry.Deletion{Force: force, By: a.by(by)}, args[0])
		},
		ValidArgsFunction: completeModelName(open, 1),
	}
	cmd.Flags().BoolVar(&force, "force", false, "also what an alias points to, and whole models")
	cmd.Flags().StringVar(&by, "by", "", "who deletes it (default: the system's user)")
	return cmd
}

func (a *app) modelsDelete(ctx context.Context, open openRegistry, d registry.Deletion, text string) (err error) {
	if d.Ref, err = modelRef(text); err != nil {
		return err
	}
	models, err := open()
	if err != nil {
		return err
	}
	removed, err := models.Delete(ctx, d)
	if err != nil {
		return registryError(err)
	}
	uri := func(n int) string { return registry.Ref{Name: d.Ref.Name, Version: n}.String() }
	return a.print(
		func() output.Document {
			numbers := make([]any, len(removed))
			for i, n := range removed {
				numbers[i] = int64(n)
			}
			return output.Document{{Key: "name", Value: d.Ref.Name}, {Key: "deleted", Value: numbers}}
		},
		func(w io.Writer) {
			for _, n := range removed {
				fmt.Fprintf(w, "deleted %s\n", uri(n))
			}
		},
		func() []string {
			var names []string
			for _, n := range removed {
				names = append(names, uri(n))
			}
			return names
		},
	)
}
