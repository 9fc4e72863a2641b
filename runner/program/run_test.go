package program_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mlops/runner/program"
	"mlops/runner/progress"
)

// told collects what a run reports.
type told struct {
	next  progress.Sink
	mu    sync.Mutex
	lines []string
	last  float64
}

func (t *told) Report(r progress.Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Message != "" {
		t.lines = append(t.lines, r.Message)
	}
	t.last = max(t.last, r.Fraction)
	t.next.Report(r)
}

func (t *told) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// train runs a program of testdata and packs its model. parent is the directory
// above its own.
func train(t *testing.T, ctx context.Context, name string, limit time.Duration) (said *told, parent string, err error) {
	t.Helper()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	path, err := program.Permission{Allowed: []string{testdata}, Base: testdata}.Resolve(name)
	if err != nil {
		t.Fatal(err)
	}
	parent = t.TempDir()
	folder, err := program.NewFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	said = &told{next: progress.From(ctx)}
	err = program.Run{Program: path, Verb: "train", Folder: folder, TimeLimit: limit, Grace: 200 * time.Millisecond, Stage: "train"}.Do(progress.With(ctx, said))
	if err == nil {
		_, err = folder.Pack(ctx, program.Manifest{Program: path}, 1<<20)
	}
	if err := folder.Close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(parent, "program-*")); err != nil || len(left) > 0 {
		t.Errorf("the run left %v (%v)", left, err)
	}
	return said, parent, err
}

func TestAProgramThatFailsSaysWhy(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"exits.sh", "ended with exit code 1; its last words: no such luck"},
		{"nothing.sh", "wrote no model"},
		{"sparse.sh", "left a model of more than 1048576 bytes, the limit (big alone has 5000000000)"},
		{"link.sh", "left no folder model/"},
		{"hangs.sh", "did not end within its time limit of 300ms and was stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := time.Minute
			if c.name == "hangs.sh" {
				limit = 300 * time.Millisecond
			}
			_, _, err := train(t, t.Context(), c.name, limit)
			var fault *program.Error
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
				t.Errorf("the error is %v; want one that says %q", err, c.want)
			}
		})
	}
}

func TestGarbageOnStandardOutputGoesToTheLog(t *testing.T) {
	said, _, err := train(t, t.Context(), "garbage.sh", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stdout: not JSON at all", "half", "the program wrote 3 lines to standard output that are no progress"} {
		if !strings.Contains(said.text(), want) {
			t.Errorf("the log lacks %q:\n%.2000s", want, said.text())
		}
	}
	if strings.Contains(said.text(), "\x1b") || len(said.text()) > 10_000 || said.last != 0.5 {
		t.Errorf("the log has %d bytes, the fraction is %v", len(said.text()), said.last)
	}
}

func TestEndlessOutputIsBounded(t *testing.T) {
	said, _, err := train(t, t.Context(), "endless.sh", 500*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "time limit of 500ms") || !strings.Contains(err.Error(), "training.params.time_limit") || len(err.Error()) > 5000 {
		t.Errorf("the error is %.6000v", err)
	}
	if lines := strings.Count(said.text(), "\n"); lines > 3100 || len(said.text()) > 1<<20 {
		t.Errorf("the log has %d lines of %d bytes", lines, len(said.text()))
	}
	if want := "more lines of standard error are left out of the log"; !strings.Contains(said.text(), want) {
		t.Errorf("the log lacks %q", want)
	}
}

func TestWhatAProgramStartedEndsWithIt(t *testing.T) {
	for name, cancelled := range map[string]bool{"forks.sh": false, "hangs.sh": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stop := errors.New("stop")
			if cancelled {
				ctx = progress.With(ctx, progress.Func(func(r progress.Report) {
					if r.Message == "stderr: I hang" {
						cancel(stop)
					}
				}))
			}
			_, parent, err := train(t, ctx, name, time.Minute)
			if cancelled && !errors.Is(err, stop) || !cancelled && err != nil {
				t.Fatalf("the run ended with %v", err)
			}
			text, err := os.ReadFile(filepath.Join(parent, "pids"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			// A killed process stays a zombie until its new parent looks.
			state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			if err == nil && !strings.Contains(string(state), ") Z ") && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				t.Errorf("process %d lives on: %s", pid, state)
			}
		})
	}
}

func TestAProgramGetsNoSecrets(t *testing.T) {
	t.Setenv("MLOPS_SECRET_KEY", "hidden")
	_, parent, err := train(t, t.Context(), "environment.sh", time.Minute)
	if err == nil || !strings.Contains(err.Error(), "wrote no model") {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(parent, "env"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "MLOPS") || !strings.Contains(string(got), "HOME LANG") {
		t.Errorf("the environment and standard input are %q", got)
	}
}

func TestOnlyAllowedProgramsResolve(t *testing.T) {
	dir := t.TempDir()
	inside, outside := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for _, d := range []string{inside, outside, filepath.Join(dir, "in-other")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, mode := range map[string]os.FileMode{"run": 0o700, "text": 0o600} {
			if err := os.WriteFile(filepath.Join(d, name), []byte("#!/bin/sh\n"), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Symlink(filepath.Join(outside, "run"), filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ allowed, path, want string }{
		{inside, "in/run", ""},
		{filepath.Join(inside, "run"), "in/run", ""},
		{filepath.Join(inside, "link"), "out/run", ""},
		{outside, "in/link", ""},
		{inside, "in/link", "is not allowed here"},
		{inside, "in-other/run", "is not allowed here"},
		{inside, "in/../out/run", "is not allowed here"},
		{"", "in/run", "is not allowed here"},
		{inside, "out/none", "is not allowed here"},
		{inside, "in/none", "does not exist"},
		{inside, "in/text", "is not executable"},
		{inside, "in", "is no file"},
	} {
		p := program.Permission{Base: dir}
		if c.allowed != "" {
			p.Allowed = []string{c.allowed}
		}
		_, err := p.Resolve(c.path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s where %s is allowed: %v; want %q", c.path, c.allowed, err, c.want)
		}
	}
}
