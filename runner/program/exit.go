package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Kind tells what can be done about a program's failure.
type Kind uint8

// The kinds of failures.
const (
	Fault   Kind = iota // the program or its arguments must be changed
	Data                // the program says that the data must be changed
	Passing             // the program says that trying again may help
)

// Exit codes that mean something, after sysexits(3).
const (
	exitUsage    = 64 // the verb is not offered
	exitData     = 65
	exitTempFail = 75
	exitConfig   = 78
)

// Error says that a program failed or did not keep to the contract.
type Error struct {
	Program string // its path
	Verb    string // "train", "predict", "evaluate"; "" before it ran
	Kind    Kind
	Problem string // what is wrong and what to do
	Code    int    // exit code, where it ended by itself with another than 0
	// Stderr are the last lines that it wrote to standard error.
	Stderr string
	Err    error // the cause, if another error tells it
}

// Error names the program, and its last words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("program")
	if e.Program != "" {
		b.WriteString(" " + e.Program)
	}
	if e.Verb != "" {
		b.WriteString(" " + e.Verb)
	}
	if e.Program == "" && e.Verb == "" {
		b.WriteString(":")
	}
	b.WriteString(" " + e.Problem)
	if e.Stderr != "" {
		b.WriteString("; its last words: " + strings.ReplaceAll(e.Stderr, "\n", " | "))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// notStarted explains why a program did not start.
func notStarted(program, verb string, err error) error {
	e := &Error{Program: program, Verb: verb, Kind: Fault, Problem: "cannot be started: " + err.Error(), Err: err}
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		e.Problem = "cannot be started: it is neither a binary for this system nor a script that begins with #!"
	case errors.Is(err, fs.ErrNotExist):
		e.Problem = "cannot be started: it or the interpreter that its first line names does not exist"
		if _, statErr := os.Stat(program); statErr == nil {
			e.Problem = "cannot be started: the interpreter that its first line names does not exist"
		}
	case errors.Is(err, fs.ErrPermission):
		e.Problem = "cannot be started: this user may not execute it"
	case errors.Is(err, syscall.ETXTBSY), errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		e.Kind = Passing
	}
	return e
}

// ended explains an end that was no success. err is of [exec.Cmd.Wait].
func ended(program, verb string, err error, stderr string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("wait for program %s %s: %w", filepath.Base(program), verb, err)
	}
	e := &Error{Program: program, Verb: verb, Kind: Fault, Code: exit.ExitCode(), Stderr: stderr, Err: err}
	status, known := exit.Sys().(syscall.WaitStatus)
	switch {
	case known && status.Signaled():
		e.Problem = fmt.Sprintf("was ended by a signal (%s)", status.Signal())
		if status.Signal() == syscall.SIGKILL {
			e.Problem += "; the system may have had no memory left for it"
		}
	case e.Code == exitUsage:
		e.Problem = fmt.Sprintf("ended with exit code 64: it does not offer %q", verb)
	case e.Code == exitData:
		e.Kind, e.Problem = Data, "ended with exit code 65: it cannot use this data"
	case e.Code == exitTempFail:
		e.Kind, e.Problem = Passing, "ended with exit code 75: it may succeed when tried again"
	case e.Code == exitConfig:
		e.Problem = "ended with exit code 78: its arguments are wrong; see training.params.arguments"
	case e.Code == 126, e.Code == 127:
		e.Problem = fmt.Sprintf("ended with exit code %d: a command that it calls was not found or cannot be executed", e.Code)
	default:
		e.Problem = fmt.Sprintf("ended with exit code %d", e.Code)
	}
	return e
}
