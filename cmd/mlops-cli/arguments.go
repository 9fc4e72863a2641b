package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exactly wants these arguments and names what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		command := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s (%s)", command, strings.Join(names[len(args):], " and "), cmd.UseLine())
		case len(args) > len(names):
			return fmt.Errorf("%s takes %s; %q is too many (%s)", command, strings.Join(names, " and "), args[len(names)], cmd.UseLine())
		}
		return nil
	}
}
