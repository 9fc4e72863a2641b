// Command mlops-worker runs the tasks that a master grants.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"mlops/worker"
)

// Exit codes.
const (
	exitFailed      = 1 // it could not go on
	exitUsage       = 2 // flags or configuration are wrong
	exitUnreachable = 3 // the master never answered
)

func main() {
	if err := command(os.Stdout, os.Stderr).ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "mlops-worker:", err)
		os.Exit(exitCode(err))
	}
}

// failure is an error that is not about flags or configuration.
type failure struct{ error }

// Unwrap returns the error itself.
func (f failure) Unwrap() error { return f.error }

func exitCode(err error) int {
	var f failure
	switch {
	case errors.Is(err, worker.ErrUnreachable):
		return exitUnreachable
	case errors.As(err, &f):
		return exitFailed
	}
	return exitUsage
}
