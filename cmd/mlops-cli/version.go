package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version",
		Example: "  mlops-cli version\n  mlops-cli version -o json",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			return a.print(
				func() output.Document {
					return output.Document{{Key: "version", Value: version()}, {Key: "go", Value: runtime.Version()}, {Key: "platform", Value: platform()}}
				},
				func(w io.Writer) { fmt.Fprintf(w, "mlops-cli %s (%s, %s)\n", version(), runtime.Version(), platform()) },
				func() []string { return []string{version()} },
			)
		},
	}
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// version is the module's version, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
