package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/cmd/program"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version",
		Example: "  mlops-cli version\n  mlops-cli version -o json",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			return a.print(
				func() output.Document {
					return output.Document{{Key: "version", Value: program.Version()}, {Key: "go", Value: runtime.Version()}, {Key: "platform", Value: platform()}}
				},
				func(w io.Writer) {
					fmt.Fprintf(w, "mlops-cli %s (%s, %s)\n", program.Version(), runtime.Version(), platform())
				},
				func() []string { return []string{program.Version()} },
			)
		},
	}
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
