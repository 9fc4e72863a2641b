package pipeline

import (
	"context"
	"errors"
	"net"
	"syscall"

	"mlops/runner/config"
	"mlops/runner/program"
	"mlops/runner/storage"
)

// Kind tells whose fault an error is, and so what can be done about it.
type Kind uint8

// The kinds of errors.
const (
	Internal     Kind = iota // this program's
	BadConfig                // the request or the configuration must be changed
	BadData                  // a table or a deployment must be changed
	Forbidden                // a location outside the allowed roots, or a program that is not allowed
	NotPermitted             // the gate denied publication
	Passing                  // a full disk, a network: the same run may succeed later
	Cancelled                // the context ended
	Conflict                 // another run writes the same outputs
)

// Error is what a pipeline fails with.
type Error struct {
	Stage string // "config", "read", "preprocess", "train", "deploy", …
	Kind  Kind
	Err   error
}

// Error tells what happened.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotPermittedError says that the gate denied publication.
type NotPermittedError struct{ Err error }

// Error tells the gate's reason.
func (e *NotPermittedError) Error() string { return "publishing is not permitted: " + e.Err.Error() }

// Unwrap returns the gate's error.
func (e *NotPermittedError) Unwrap() error { return e.Err }

// Gate guards what others can see: see the interface of the same name in package
// runner.
type Gate interface {
	Permit(ctx context.Context) error
}

// Permit asks the gate for leave; without a gate there always is. A denial is a
// [*NotPermittedError], unless the context's end is the reason.
func Permit(ctx context.Context, gate Gate) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if gate == nil {
		return nil
	}
	if err := gate.Permit(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &NotPermittedError{Err: err}
	}
	return nil
}

// KindOf sorts an error that some stage met. An error that tells nothing of
// itself is of the given kind.
func KindOf(ctx context.Context, err error, otherwise Kind) Kind {
	var known *Error
	var denied *NotPermittedError
	var forbidden *storage.ForbiddenError
	var configuration *config.Error
	var failed *program.Error
	var notAllowed *program.ForbiddenError
	switch {
	case errors.As(err, &known):
		return known.Kind
	case ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
		return Cancelled
	case errors.As(err, &denied):
		return NotPermitted
	case errors.As(err, &forbidden):
		return Forbidden
	case errors.As(err, &notAllowed):
		return Forbidden
	case errors.As(err, &failed):
		return kindOfProgram(failed)
	case passes(err):
		return Passing
	case errors.As(err, &configuration):
		return BadConfig
	}
	return otherwise
}

// kindOfProgram tells who can mend a program's failure.
func kindOfProgram(e *program.Error) Kind {
	switch e.Kind {
	case program.Data:
		return BadData
	case program.Passing:
		return Passing
	}
	return BadConfig
}

// passing are the system's errors that time or an operator may heal.
var passing = []error{
	syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ESTALE,
	syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENETUNREACH,
	syscall.EHOSTUNREACH, context.DeadlineExceeded,
}

func passes(err error) bool {
	for _, p := range passing {
		if errors.Is(err, p) {
			return true
		}
	}
	var unavailable *storage.UnavailableError
	if errors.As(err, &unavailable) {
		return true
	}
	var errno syscall.Errno // a net.Error itself, whatever it says
	if errors.As(err, &errno) {
		return false
	}
	var network net.Error
	return errors.As(err, &network)
}

// fail names the stage of an error, unless it has one. Of a cancelled run it
// tells who cancelled it and why.
func fail(ctx context.Context, stage string, otherwise Kind, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := KindOf(ctx, err, otherwise)
	if cause := context.Cause(ctx); kind == Cancelled && !errors.Is(err, cause) {
		err = cause
	}
	return &Error{Stage: stage, Kind: kind, Err: err}
}
