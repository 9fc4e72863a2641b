package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exactly wants these arguments and names what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s (%s)", cmd.CommandPath(), strings.Join(names[len(args):], " and "), cmd.UseLine())
		case len(args) > len(names):
			return fmt.Errorf("%s takes %s; %q is too many (%s)", cmd.CommandPath(), strings.Join(names, " and "), args[len(names)], cmd.UseLine())
		}
		return nil
	}
}
