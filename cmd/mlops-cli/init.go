package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	"mlops/runner/config"
)

type initFlags struct {
	output      string
	full, force bool
}

func newInit(a *app) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration file with every default",
		Long: `Write a configuration file with every default and a comment on what each key means.
What a key takes in detail tells "mlops-cli config explain KEY".`,
		Example: `  mlops-cli init
  mlops-cli init --full --output configs/churn.yaml`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.initConfig(f) },
	}
	cmd.Flags().StringVarP(&f.output, "output", "O", "mlops-config.yaml", "file to write")
	cmd.Flags().BoolVar(&f.full, "full", false, "every key: those that have no default too, as comments")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace a file that is there")
	return cmd
}

func (a *app) initConfig(f initFlags) error {
	path, err := inputs.OutputFile(a.dir, f.output, ".yaml", ".yml")
	if err != nil {
		return usage(err)
	}
	if _, err := os.Lstat(path); err == nil && !f.force {
		return usagef("%s is there already; name another file with --output, or replace it with --force", f.output)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage(err)
	}
	if err := renameio.WriteFile(path, config.Commented(f.full), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", f.output, err)
	}
	return a.print(
		func() output.Document { return output.Document{{Key: "file", Value: path}} },
		func(w io.Writer) {
			fmt.Fprintf(w, "wrote %s\n\n", f.output)
			printNext(w, "mlops-cli train DATA --config "+shellWord(f.output))
		},
		func() []string { return []string{path} },
	)
}
