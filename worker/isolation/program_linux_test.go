package isolation

import (
	"fmt"
	"path/filepath"
	"testing"
)

func TestProgramsThatAreAllowedReachTheChild(t *testing.T) {
	outcome, _ := execute(t, &Process{Reach: Reach{AllowedPrograms: []string{"/bin/sh", "/opt"}}}, t.Context(), attempt(t, "program exit 0"))
	wantEcho(t, outcome, "/bin/sh /opt")
	outcome, _ = execute(t, &Process{}, t.Context(), attempt(t, "program exit 0"))
	wantEcho(t, outcome, "")
}

// TestMemoryOfProgramsCounts: a program that allocates without end is ended with
// its attempt, and the worker lives.
func TestMemoryOfProgramsCounts(t *testing.T) {
	p := &Process{MemoryLimit: 256 << 20, Reach: Reach{AllowedPrograms: []string{"/bin/sh"}}}
	note := filepath.Join(t.TempDir(), "pids")
	outcome, _ := execute(t, p, t.Context(), attempt(t, fmt.Sprintf("program tail /dev/zero & echo $$ $! >%s; wait", note)))
	wantFailure(t, outcome, lostKind, "oom", "it, with the programs that it ran, used", "more than the 256.0 MiB", "--memory-limit")
	for _, pid := range awaitPIDs(t, note) {
		awaitGone(t, pid)
	}
	outcome, _ = execute(t, p, t.Context(), attempt(t, "ok"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")
}

// TestWhatAProgramStartedEndsByForce: the program and what it started lead no
// group that the attempt's process leads.
func TestWhatAProgramStartedEndsByForce(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pids")
	endByForce(t, fmt.Sprintf("program trap '' TERM; sleep 1000 & echo $$ $! >%s; wait", note), note)
}
