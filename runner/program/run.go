package program

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"mlops/runner/progress"
)

const (
	// DefaultTimeLimit bounds a run where nothing else is asked for.
	DefaultTimeLimit = time.Hour
	// DefaultGrace is how long a program has between SIGTERM and SIGKILL.
	DefaultGrace = 5 * time.Second
	// drain is how long output is read on when the program and its group are gone:
	// only a process that left the group can still hold the pipe.
	drain = 2 * time.Second
)

// defaultPath is where programs are looked for by programs if this process has no
// PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// Run is one call of a program.
type Run struct {
	Program   string        // resolved path, of [Permission.Resolve]
	Verb      string        // "train", "predict", "evaluate"
	Folder    *Folder       // that it works in
	TimeLimit time.Duration // 0: DefaultTimeLimit
	Grace     time.Duration // 0: DefaultGrace
	// Stage that progress is reported within.
	Stage string
	// Quiet keeps fractions and figures to itself: the caller reports its own.
	Quiet bool
}

// Do runs the program to its end. Lines of its standard output that are progress
// go to the context's sink, all others and its standard error to the log.
//
// Errors: an [*Error] for what is the program's fault, its time limit included,
// and the context's cause.
func (r Run) Do(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	limit, grace := r.TimeLimit, r.Grace
	if limit <= 0 {
		limit = DefaultTimeLimit
	}
	if grace <= 0 {
		grace = DefaultGrace
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	out, stdout, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("run program: %w", err)
	}
	defer out.Close()
	errs, stderr, err := os.Pipe()
	if err != nil {
		stdout.Close()
		return fmt.Errorf("run program: %w", err)
	}
	defer errs.Close()

	cmd := exec.CommandContext(limited, r.Program, r.Verb, r.Folder.Path()) //nolint:gosec // the path has passed Permission.Resolve
	cmd.Dir, cmd.Env = r.Folder.scratch(), environ(r.Folder.scratch())
	cmd.Stdout, cmd.Stderr = stdout, stderr // files: Wait does not wait for who else holds them
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return terminateGroup(cmd.Process.Pid) }
	cmd.WaitDelay = grace
	err = cmd.Start()
	stdout.Close()
	stderr.Close()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return notStarted(r.Program, r.Verb, err)
	}

	words := &logger{log: func(s string) { r.log(ctx, "stderr: "+s) }}
	var readers sync.WaitGroup
	readers.Go(func() { r.readProgress(ctx, out) })
	readers.Go(func() {
		eachLine(errs, 1<<62, func(line []byte, _ bool) { words.line(string(line)) })
		words.end("standard error")
	})
	err = cmd.Wait()
	killGroup(cmd.Process.Pid) // what it started
	deadline := time.Now().Add(drain)
	_ = out.SetReadDeadline(deadline)
	_ = errs.SetReadDeadline(deadline)
	readers.Wait()
	switch cause := context.Cause(ctx); {
	case cause != nil:
		return cause
	case err == nil:
		return nil
	case limited.Err() != nil:
		return &Error{
			Program: r.Program, Verb: r.Verb, Kind: Fault, Stderr: strings.Join(words.last, "\n"),
			Problem: fmt.Sprintf("did not end within its time limit of %s and was stopped; raise training.params.time_limit if it needs longer", limit),
		}
	}
	return ended(r.Program, r.Verb, err, strings.Join(words.last, "\n"))
}

func (r Run) log(ctx context.Context, text string) { progress.Logf(ctx, r.Stage, "%s", text) }

// readProgress reads standard output to its end.
func (r Run) readProgress(ctx context.Context, out *os.File) {
	sink := progress.From(ctx)
	other := &logger{log: func(s string) { r.log(ctx, "stdout: "+s) }}
	said := &logger{log: func(s string) { r.log(ctx, s) }}
	strays := 0
	dropped := eachLine(out, maxStdoutBytes, func(line []byte, cut bool) {
		p, ok := parseProgress(line)
		if cut || !ok {
			if len(line) > 0 {
				strays++
				other.line(string(line))
			}
			return
		}
		if p.Message != "" {
			said.line(p.Message)
		}
		if !r.Quiet && (p.Fraction >= 0 || p.Metrics != nil) {
			sink.Report(progress.Report{Stage: r.Stage, Fraction: p.Fraction, Metrics: p.Metrics})
		}
	})
	other.end("standard output")
	said.end("progress")
	if strays > 0 {
		progress.Warnf(ctx, r.Stage, "the program wrote %d lines to standard output that are no progress (JSON objects with progress, message or metrics, of at most %d bytes); they are in the log", strays, maxLineBytes)
	}
	if dropped > 0 {
		progress.Warnf(ctx, r.Stage, "the program wrote more than %d bytes to standard output; the rest is left out", maxStdoutBytes)
	}
}

// environ is all of the environment that a program gets: none of the worker's
// own variables, secrets among them, but PATH and LANG.
func environ(scratch string) []string {
	path, lang := os.Getenv("PATH"), os.Getenv("LANG")
	if path == "" {
		path = defaultPath
	}
	if lang == "" {
		lang = "C.UTF-8"
	}
	return []string{"PATH=" + path, "HOME=" + scratch, "LANG=" + lang, "TMPDIR=" + scratch}
}
