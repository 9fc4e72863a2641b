package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/deploy"
	"mlops/runner/registry"
)

type modelsRegisterFlags struct {
	aliases         []string
	description, by string
}

func newModelsRegister(a *app, open openRegistry) *cobra.Command {
	var f modelsRegisterFlags
	cmd := &cobra.Command{
		Use:   "register NAME MODEL_DIR",
		Short: "Make a deployment the next version of a model",
		Long: `Make a copy of a deployment, whose checksums must hold, the next version of a
named model. MODEL_DIR is a deployment's directory, or the artifact:// URL that a
fleet's training gave.

The deployment step register does the same at the end of a training.`,
		Example: `  mlops-cli models register churn models/deployment_20260101_120000
  mlops-cli models register churn models/deployment_20260101_120000 --alias champion --description "with the new plans"`,
		Args: exactly("NAME", "MODEL_DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.modelsRegister(cmd.Context(), open, f, args[0], args[1])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringArrayVar(&f.aliases, "alias", nil, "alias to point to the new version; repeatable")
	cmd.Flags().StringVar(&f.description, "description", "", "what there is to say about it")
	cmd.Flags().StringVar(&f.by, "by", "", "who registers it (default: the system's user)")
	return cmd
}

func (a *app) modelsRegister(ctx context.Context, open openRegistry, f modelsRegisterFlags, name, location string) (err error) {
	g := registry.Registration{Name: name, Aliases: f.aliases}
	if err := g.Check(); err != nil {
		return usage(err)
	}
	models, err := open()
	if err != nil {
		return err
	}
	scratch, remove, err := scratchDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if g.Dir, err = a.deploymentDir(ctx, location, scratch); err != nil {
		return usage(err)
	}
	b, err := deploy.Open(ctx, g.Dir)
	if err != nil {
		return usage(err)
	}
	g.Facts = deploy.FactsOf(b.Metadata, b.Files)
	g.Facts.Task = "" // asked for by a person, who may want it twice
	g.Facts.By, g.Facts.Description, g.Facts.Source = a.by(f.by), f.description, sourceName(location)
	v, err := models.Register(ctx, g)
	if err != nil {
		return registryError(err)
	}
	m, err := models.Model(name)
	if err != nil {
		return registryError(err)
	}
	_, dir, err := models.Resolve(registry.Ref{Name: name, Version: v.Number})
	if err != nil {
		return registryError(err)
	}
	uri := registry.Ref{Name: name, Version: v.Number}.String()
	return a.print(
		func() output.Document {
			return append(versionDocument(m, v), output.Document{{Key: "dir", Value: dir}, {Key: "registry", Value: models.Dir()}}...)
		},
		func(w io.Writer) {
			output.Pairs(w, "Registered",
				[2]string{"model", uri}, [2]string{"aliases", joined(aliasesOf(m, v.Number))}, [2]string{"directory", a.short(dir)})
			printNext(w, "mlops-cli models show "+shellWord(name), "mlops-cli models promote "+shellWord(name)+"/"+versionText(v.Number)+" champion")
		},
		func() []string { return []string{uri} },
	)
}
