package isolation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/worker/reporting"
)

const (
	permanent = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT
	lostKind  = mlopsv1.FailureKind_FAILURE_KIND_LOST
	cancelled = mlopsv1.FailureKind_FAILURE_KIND_CANCELLED
)

// openGate permits everything, or nothing.
type openGate struct{ err error }

func (g openGate) Permit(context.Context) error { return g.err }

// memoryArtifacts is an artifact service of a test.
type memoryArtifacts struct{ dir string }

func (a memoryArtifacts) Publish(_ context.Context, path, link string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return "artifact://abc/" + filepath.Base(path), os.WriteFile(filepath.Join(a.dir, strings.ReplaceAll(link, "/", "-")), raw, 0o600)
}

func (a memoryArtifacts) Fetch(_ context.Context, url string) (string, error) {
	switch {
	case strings.Contains(url, "gone"):
		return "", errors.New("artifact not found")
	case strings.Contains(url, "away"):
		return "", &runner.RetryableError{Reason: "io", Err: errors.New("master away")}
	}
	return filepath.Join(a.dir, filepath.Base(url)), nil
}

func (a memoryArtifacts) List(_ context.Context, prefix string) (map[string]string, error) {
	return map[string]string{prefix + "m1": "artifact://abc/model.txt"}, nil
}

func execute(t testing.TB, p *Process, ctx context.Context, a Attempt) (*mlopsv1.Outcome, *mlopsv1.AttemptReport) {
	t.Helper()
	h := Host{Reports: reporting.NewBuffer(nil), Gate: openGate{}, Artifacts: memoryArtifacts{t.TempDir()}}
	outcome := p.Execute(ctx, a, h)
	return outcome, h.Reports.Take()
}

func wantFailure(t testing.TB, o *mlopsv1.Outcome, kind mlopsv1.FailureKind, reason string, says ...string) {
	t.Helper()
	f := o.GetFailure()
	if f.GetKind() != kind || f.GetReason() != reason {
		t.Fatalf("outcome %v, want %v with reason %q", o, kind, reason)
	}
	for _, text := range says {
		if !strings.Contains(f.GetMessage(), text) {
			t.Errorf("message %q does not say %q", f.GetMessage(), text)
		}
	}
}

func wantEcho(t testing.TB, o *mlopsv1.Outcome, want string) {
	t.Helper()
	if got := o.GetResult().GetProbe().GetEcho(); got != want || o.GetFailure() != nil {
		t.Errorf("outcome %v, want a result that says %q", o, want)
	}
}

func TestProcessRunsAnAttempt(t *testing.T) {
	outcome, reports := execute(t, &Process{}, t.Context(), attempt(t, "talk"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")
	if outcome.GetPeakRssBytes() < 1<<20 {
		t.Errorf("peak memory %d bytes", outcome.GetPeakRssBytes())
	}
	if len(reports.GetLog()) != 50 || reports.GetProgress().GetFraction() != 1 {
		t.Errorf("%d lines and progress %v arrived, want 50 and 1", len(reports.GetLog()), reports.GetProgress())
	}
}

// However a process ends, its attempt ends with a reason that helps.
func TestHowProcessesEnd(t *testing.T) {
	for _, tc := range []struct {
		echo   string
		kind   mlopsv1.FailureKind
		reason string
		says   []string
	}{
		{"panic", lostKind, "panic", []string{"panic: deliberately", "isolation.actor.Run"}},
		{"fatal", lostKind, "panic", []string{"fatal error: concurrent map"}},
		{"kill", lostKind, "signal", []string{"killed by signal 9 at ", " of memory, not by this worker"}},
		{"exit", lostKind, "exit", []string{"exit status 7", "bad luck"}},
		{"garbage", lostKind, "protocol", []string{"malformed frame"}},
		{"huge", permanent, "result_too_large", []string{strconv.Itoa(maxFrame)}},
		{"invalid", permanent, "data", []string{"cell ?"}},
		{"nothing", lostKind, "internal", []string{"without an outcome"}},
	} {
		t.Run(tc.echo, func(t *testing.T) {
			t.Parallel()
			outcome, _ := execute(t, &Process{}, t.Context(), attempt(t, tc.echo))
			wantFailure(t, outcome, tc.kind, tc.reason, tc.says...)
		})
	}
}

// A service manager that signals all processes of the worker ends no attempt: the
// worker decides.
func TestATerminationSignalIsLeftToTheWorker(t *testing.T) {
	outcome, _ := execute(t, &Process{}, t.Context(), attempt(t, "terminate"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")
}

func TestWhatIsPrintedBecomesTheLog(t *testing.T) {
	outcome, reports := execute(t, &Process{}, t.Context(), attempt(t, "print"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")
	got := map[string]mlopsv1.LogLevel{}
	for _, line := range reports.GetLog() {
		got[line.GetText()] = line.GetLevel()
	}
	if got["to stdout"] != mlopsv1.LogLevel_LOG_LEVEL_INFO || got["to stderr, without an end"] != mlopsv1.LogLevel_LOG_LEVEL_WARNING || len(got) != 2 {
		t.Errorf("log %v", got)
	}
}

func TestAFloodOfOutputIsBounded(t *testing.T) {
	outcome, reports := execute(t, &Process{}, t.Context(), attempt(t, "flood"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")
	if n := len(reports.GetLog()) + int(reports.GetDropped()); n != 100_000 || len(reports.GetLog()) > reporting.MaxLines {
		t.Errorf("%d lines kept, %d in all", len(reports.GetLog()), n)
	}
}

// stopWhenTalking cancels once the attempt has said something.
func stopWhenTalking(t testing.TB, stop *Stop) (context.Context, Host) {
	ctx, cancel := context.WithCancelCause(t.Context())
	return ctx, Host{Reports: reporting.NewBuffer(func() { cancel(stop) }), Gate: openGate{}}
}

func TestStoppingAnAttempt(t *testing.T) {
	t.Run("a willing one stops when asked", func(t *testing.T) {
		ctx, h := stopWhenTalking(t, &Stop{Grace: time.Hour, Reason: "the user asked"})
		outcome := (&Process{}).Execute(ctx, attempt(t, "wait"), h)
		wantFailure(t, outcome, cancelled, "cancelled", "the user asked")
	})
	t.Run("a hung one is ended by force", func(t *testing.T) {
		ctx, h := stopWhenTalking(t, &Stop{Reason: "the user asked"})
		a := attempt(t, "hang")
		force := make(chan struct{})
		close(force) // counts only once it was asked
		a.Force = force
		outcome := (&Process{}).Execute(ctx, a, h)
		wantFailure(t, outcome, cancelled, "cancelled", "the user asked", "by force")
	})
}

func TestWhatItStartedEndsWithIt(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pids")
	endByForce(t, "grandchild "+note, note)
}

// endByForce ends an attempt by force and waits for the processes whose numbers it
// has written to a note to be gone.
func endByForce(t *testing.T, doing, note string) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	a := attempt(t, doing)
	force := make(chan struct{})
	close(force)
	a.Force = force
	done := make(chan *mlopsv1.Outcome)
	go func() {
		outcome, _ := execute(t, &Process{}, ctx, a)
		done <- outcome
	}()
	pids := awaitPIDs(t, note)
	cancel(&Stop{Reason: "enough"})
	wantFailure(t, <-done, cancelled, "cancelled")
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

// awaitPIDs waits until a file names process ids.
func awaitPIDs(t testing.TB, path string) []int {
	t.Helper()
	var pids []int
	await(t, "the file "+path, func() bool {
		raw, err := os.ReadFile(path)
		pids = nil
		for _, field := range strings.Fields(string(raw)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
		return err == nil && len(pids) == 2
	})
	return pids
}

// awaitGone waits until a process has ended; a zombie has.
func awaitGone(t testing.TB, pid int) {
	t.Helper()
	await(t, fmt.Sprintf("the end of process %d", pid), func() bool {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(raw), ") Z ")
	})
}

// await polls the operating system, which tells nobody of such changes.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// parentMain is a worker that is about to die.
func parentMain() int {
	a := Attempt{
		Ref:        &mlopsv1.AttemptRef{TaskId: "wf/0", Attempt: 1, SessionId: "s"},
		Operation:  &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{Echo: "grandchild " + os.Args[2]}}},
		ScratchDir: filepath.Dir(os.Args[2]),
	}
	(&Process{}).Execute(context.Background(), a, Host{Reports: reporting.NewBuffer(nil), Gate: openGate{}})
	return 0
}

func TestAttemptsDieWithTheirWorker(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pids")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self, "parent", note)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pids := awaitPIDs(t, note)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitGone(t, pids[0])
	_ = syscall.Kill(pids[1], syscall.SIGKILL) // the death signal may be quicker than the pipe, and spares what the attempt started
}

func TestMemoryLimit(t *testing.T) {
	outcome, _ := execute(t, &Process{MemoryLimit: 128 << 20}, t.Context(), attempt(t, fmt.Sprint("allocate ", 300<<20)))
	wantFailure(t, outcome, lostKind, "oom", "more than the 128.0 MiB", "--memory-limit")
	if outcome.GetPeakRssBytes() < 128<<20 {
		t.Errorf("peak memory %d bytes, want more than the limit", outcome.GetPeakRssBytes())
	}
}

func TestPeakMemoryIsTheAttemptsOwn(t *testing.T) {
	// This process is made larger than the child will be.
	ballast := make([]byte, 256<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	outcome, _ := execute(t, &Process{}, t.Context(), attempt(t, "ok"))
	if peak := outcome.GetPeakRssBytes(); peak > 128<<20 {
		t.Errorf("a small attempt is said to have had %d MiB", peak>>20)
	}
	if ballast[0] != 1 {
		t.Fatal("unreachable: keeps the ballast alive")
	}
}

func TestServicesReachThroughThePipe(t *testing.T) {
	outcome, _ := execute(t, &Process{}, t.Context(), attempt(t, "artifacts"))
	wantEcho(t, outcome, "model.txt true artifact not found false true")

	outcome, _ = execute(t, &Process{}, t.Context(), attempt(t, "permit"))
	wantEcho(t, outcome, "wf wf/0#2 with 2 inputs")

	h := Host{Reports: reporting.NewBuffer(nil), Gate: openGate{err: errors.New("the attempt is stale")}}
	outcome = (&Process{}).Execute(t.Context(), attempt(t, "permit"), h)
	wantFailure(t, outcome, cancelled, "cancelled", "the attempt is stale")
}

func TestReachIsEnforcedInTheChild(t *testing.T) {
	dir := t.TempDir()
	inside, outside := filepath.Join(dir, "in", "a.csv"), filepath.Join(dir, "out.csv")
	for _, path := range []string{inside, outside} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := &Process{Reach: Reach{AllowedRoots: []string{filepath.Dir(inside)}}}
	nothing := &Process{Reach: Reach{AllowedRoots: []string{}}}
	for _, tc := range []struct {
		name string
		p    *Process
		path string
		ok   bool
	}{
		{"anywhere", &Process{}, outside, true},
		{"beneath a root", roots, inside, true},
		{"beside the root", roots, outside, false},
		{"out of the root", roots, filepath.Join(filepath.Dir(inside), "..", "out.csv"), false},
		{"nothing is allowed", nothing, inside, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outcome, _ := execute(t, tc.p, t.Context(), attempt(t, "open "+tc.path))
			if ok := outcome.GetFailure() == nil; ok != tc.ok {
				t.Errorf("outcome %v, want success %v", outcome, tc.ok)
			}
		})
	}
}

func TestOnlyAllowedAddressesReachTheChild(t *testing.T) {
	outcome, _ := execute(t, &Process{}, t.Context(), attempt(t, "urls"))
	wantEcho(t, outcome, "")
	outcome, _ = execute(t, &Process{Reach: Reach{AllowedURLs: []string{"https://a/", "http://b/"}}}, t.Context(), attempt(t, "urls"))
	wantEcho(t, outcome, "https://a/ http://b/")
}

func TestTheChildsEnvironment(t *testing.T) {
	t.Setenv("MLOPS_TOKEN", "s3cret")
	outcome, _ := execute(t, &Process{MemoryLimit: 1000 << 20}, t.Context(), attempt(t, "environment"))
	wantEcho(t, outcome, fmt.Sprintf("|%d|true", 900<<20))
}

func TestAProgramThatCannotBeStarted(t *testing.T) {
	outcome, _ := execute(t, &Process{Program: "/no/such/program"}, t.Context(), attempt(t, "ok"))
	wantFailure(t, outcome, mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "spawn", "/no/such/program")
}

// A program that knows nothing of attempts is told apart from a failed task.
func TestAForeignProgram(t *testing.T) {
	outcome, _ := execute(t, &Process{Program: "/bin/true"}, t.Context(), attempt(t, "ok"))
	wantFailure(t, outcome, lostKind, "exit", "exit status 0")
}

func TestTheSubcommandWithoutAWorker(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, Subcommand).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitNoPipes || !strings.Contains(string(out), "is for workers") {
		t.Errorf("ended with %v and said %q", err, out)
	}
}

// A child that is sent something else than frames leaves.
func TestTheChildLeavesAtMalformedFrames(t *testing.T) {
	for name, bytes := range map[string]string{
		"no assignment":   "\x02\x12\x00",
		"too long":        "\xff\xff\xff\xff\x7f",
		"not a message":   "\x03\xff\xff\xff",
		"nothing at all":  "",
		"a broken length": "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			in, toChild, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			fromChild, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer fromChild.Close()
			cmd := exec.Command(self, Subcommand)
			cmd.ExtraFiles = []*os.File{in, out}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			in.Close()
			out.Close()
			if _, err := toChild.WriteString(bytes); err != nil {
				t.Fatal(err)
			}
			toChild.Close()
			said, err := io.ReadAll(fromChild)
			if err != nil || len(said) != 0 {
				t.Errorf("it answered %q, %v", said, err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitProtocol {
				t.Errorf("it ended with %v, want exit status %d", err, exitProtocol)
			}
		})
	}
}
