package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"mlops/cmd/mlops-cli/live"
	"mlops/cmd/mlops-cli/output"
)

// app is one run of the command: the world around it and its global flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	dir            string           // working directory
	signals        <-chan os.Signal // interrupts
	leave          func(code int)   // ends the process at once
	terminal       bool             // standard error is a terminal
	asks           bool             // questions can be asked there
	width          func() int       // its columns

	flags   globalFlags
	format  output.Format
	display *live.Display
	started bool // arguments and flags were understood

	mu          sync.Mutex
	onInterrupt func() // what the first interrupt does
}

// errInterrupted is the cause of a context that an interrupt ended.
var errInterrupted = errors.New("interrupted")

// run carries out a command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	ctx, cancel := context.WithCancelCause(ctx)
	a.handleInterrupt(func() { cancel(errInterrupted) })
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() { a.watchSignals(done) })
	root := newRoot(a)
	root.SetArgs(args)
	a.display = live.New(a.stderr, live.Options{}) // until flags are read
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) && codeOf(err, a.started) != codeCancelled {
		err = &exitError{code: codeCancelled, err: errInterrupted, reason: "interrupted"}
	}
	cancel(nil)
	close(done)
	watcher.Wait()
	a.display.Close()
	if err == nil {
		return codeSuccess
	}
	return a.report(cmd.CommandPath(), err)
}

// watchSignals lets the first interrupt do what onInterrupt says; the second
// leaves at once.
func (a *app) watchSignals(done <-chan struct{}) {
	for count := 1; ; count++ {
		select {
		case <-done:
			return
		case <-a.signals:
		}
		if count > 1 {
			a.leave(codeCancelled)
			return
		}
		a.mu.Lock()
		first := a.onInterrupt
		a.mu.Unlock()
		first()
	}
}

// handleInterrupt sets what the first interrupt does and returns what it did
// before.
func (a *app) handleInterrupt(first func()) (before func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, a.onInterrupt = a.onInterrupt, first
	return before
}

// report prints an error and returns its exit code. Programs that asked for a
// document get one even so.
func (a *app) report(command string, err error) int {
	code := codeOf(err, a.started)
	var e *exitError
	if !errors.As(err, &e) || !e.told {
		fmt.Fprintf(a.stderr, "mlops-cli: %v\n", err)
		if code == codeUsage && !a.started {
			fmt.Fprintf(a.stderr, "Run '%s --help' for what it takes.\n", command)
		}
		if a.format == output.JSON || a.format == output.YAML {
			if err := output.Write(a.stdout, a.format, errorDocument(err)); err != nil {
				fmt.Fprintf(a.stderr, "mlops-cli: %v\n", err)
			}
		}
	}
	return code
}

// print writes a document, or what people and scripts read instead.
func (a *app) print(document func() output.Document, table func(w io.Writer), names func() []string) error {
	switch a.format {
	case output.JSON, output.YAML:
		return output.Write(a.stdout, a.format, document())
	case output.Name:
		for _, n := range names() {
			if _, err := fmt.Fprintln(a.stdout, output.Clean(n)); err != nil {
				return err
			}
		}
		return nil
	}
	table(a.stdout)
	return nil
}
