// Command mlops-master keeps every workflow's state and hands tasks to workers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitFailed = 1 // it could not serve
	exitUsage  = 2 // flags or configuration are wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(os.Stdout, os.Stderr).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mlops-master:", err)
		os.Exit(exitCode(err))
	}
}

// failure is an error that is not about flags or configuration.
type failure struct{ error }

// Unwrap returns the error itself.
func (f failure) Unwrap() error { return f.error }

func exitCode(err error) int {
	var f failure
	if errors.As(err, &f) {
		return exitFailed
	}
	return exitUsage
}
