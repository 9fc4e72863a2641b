package main

import (
	"context"
	"errors"
	"fmt"

	"mlops/client"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Exit codes.
const (
	codeSuccess     = 0
	codeFailed      = 1 // the task failed
	codeUsage       = 2 // the command line, a configuration or an input file is wrong
	codeUnreachable = 3 // the master cannot be reached
	codeCancelled   = 4 // the work was cancelled, or left running
)

// exitError is an error with its exit code.
type exitError struct {
	code   int
	err    error
	reason string // for documents: "usage", "unreachable", …
	told   bool   // it has been printed already
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage makes an error the user's to mend.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: codeUsage, err: err, reason: "usage"}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// failure is how a task ended that did not succeed.
type failure struct {
	workflow *mlopsv1.Workflow
}

func (f *failure) Error() string {
	w := f.workflow
	text := w.GetFailure().GetMessage()
	if text == "" {
		text = "no reason was given"
	}
	if stage := w.GetFailure().GetStage(); stage != "" {
		text += fmt.Sprintf(" (in stage %s)", stage)
	}
	if w.GetState() == mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED {
		return fmt.Sprintf("%s was cancelled: %s", w.GetOperation(), text)
	}
	return fmt.Sprintf("%s failed: %s", w.GetOperation(), text)
}

// codeOf tells an error's exit code. Errors of cobra have no type: before a
// command starts they are of its flags and arguments.
func codeOf(err error, started bool) int {
	var exit *exitError
	var failed *failure
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &failed) && failed.workflow.GetState() == mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED:
		return codeCancelled
	case errors.As(err, &failed):
		return codeFailed
	case errors.Is(err, client.ErrUnreachable):
		return codeUnreachable
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return codeCancelled
	case errors.Is(err, client.ErrNotFound), errors.Is(err, client.ErrInvalid), errors.Is(err, client.ErrDenied),
		errors.Is(err, client.ErrState), errors.Is(err, client.ErrUnsupported):
		return codeUsage
	case !started:
		return codeUsage
	}
	return codeFailed
}

// errorDocument is what a program reads about an error.
func errorDocument(err error) output.Document {
	var failed *failure
	if errors.As(err, &failed) {
		return workflowDocument(failed.workflow)
	}
	reason := "internal"
	var exit *exitError
	switch code := codeOf(err, false); {
	case errors.As(err, &exit) && exit.reason != "":
		reason = exit.reason
	case code == codeUnreachable:
		reason = "unreachable"
	case code == codeCancelled:
		reason = "interrupted"
	case code == codeUsage:
		reason = "usage"
	}
	return output.Document{
		{Key: "workflow_id", Value: ""},
		{Key: "state", Value: "NOT_SUBMITTED"},
		{Key: "error", Value: output.Document{
			{Key: "message", Value: err.Error()}, {Key: "reason", Value: reason}, {Key: "stage", Value: ""},
		}},
	}
}
