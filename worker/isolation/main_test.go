package isolation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/runner/progress"
)

// The test binary is also the program that it starts for attempts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Subcommand {
		os.Exit(ChildMain(context.Background(), func(env runner.Environment) Runner { return actor{env} }))
	}
	if len(os.Args) > 1 && os.Args[1] == "parent" {
		os.Exit(parentMain())
	}
	goleak.VerifyTestMain(m)
}

// actor does what the echo of a probe says.
type actor struct{ env runner.Environment }

func (r actor) Run(ctx context.Context, a runner.Assignment) *mlopsv1.Outcome {
	verb, rest, _ := strings.Cut(a.Operation.GetProbe().GetEcho(), " ")
	switch verb {
	case "panic":
		panic("deliberately")
	case "fatal":
		return fatalError()
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "terminate":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(50 * time.Millisecond)
	case "exit":
		fmt.Fprintln(os.Stderr, "bad luck")
		os.Exit(7)
	case "hang":
		progress.Logf(ctx, "train", "hanging")
		select {}
	case "wait":
		progress.Logf(ctx, "train", "waiting")
		<-ctx.Done()
		return failure(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "%v", context.Cause(ctx))
	case "allocate":
		n, _ := strconv.Atoi(rest)
		held := make([]byte, n)
		for i := range held {
			held[i] = 1
		}
		progress.Logf(ctx, "train", "allocated")
		<-ctx.Done()
		return succeeded(string(held[:1]))
	case "print":
		fmt.Println("to stdout")
		fmt.Fprint(os.Stderr, "to stderr, without an end")
	case "flood":
		w := bufio.NewWriter(os.Stdout)
		for i := range 100_000 {
			fmt.Fprintln(w, "line", i, strings.Repeat("x", 100))
		}
		_ = w.Flush()
	case "garbage":
		f := os.NewFile(4, "frames")
		_, _ = f.Write([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff garbage"))
		<-ctx.Done()
	case "huge":
		return succeeded(strings.Repeat("x", maxFrame))
	case "invalid":
		return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "data", "cell \xff\xfe")
	case "nothing":
		return nil
	case "permit":
		if err := r.env.Gate.Permit(ctx); err != nil {
			return failure(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", "%v", err)
		}
	case "artifacts":
		return r.artifacts(ctx)
	case "open":
		f, err := r.env.Storage.Open(ctx, rest)
		if err != nil {
			return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "data", "%v", err)
		}
		_ = f.Close()
	case "urls":
		return succeeded(strings.Join(r.env.AllowedURLs, " "))
	case "environment":
		return succeeded(fmt.Sprint(os.Getenv("MLOPS_TOKEN"), "|", os.Getenv("GOMEMLIMIT"), "|", r.env.ScratchDir == os.Getenv("TMPDIR")))
	case "grandchild":
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "io", "%v", err)
		}
		if err := os.WriteFile(rest, fmt.Append(nil, os.Getpid(), " ", cmd.Process.Pid), 0o600); err != nil {
			panic(err)
		}
		select {}
	case "program":
		// As package runner/program does: it leads a group of its own.
		cmd := exec.Command("/bin/sh", "-c", rest)
		cmd.Dir, cmd.SysProcAttr = r.env.ScratchDir, &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Run(); err != nil {
			return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "program", "%v", err)
		}
		return succeeded(strings.Join(r.env.AllowedPrograms, " "))
	case "talk":
		for i := range 50 {
			progress.From(ctx).Report(progress.Report{Stage: "train", Fraction: float64(i+1) / 50, Message: fmt.Sprint("iteration ", i)})
		}
	}
	return succeeded(fmt.Sprintf("%s %s#%d with %d inputs", a.WorkflowID, a.TaskID, a.Attempt, len(a.Inputs)))
}

func (r actor) artifacts(ctx context.Context) *mlopsv1.Outcome {
	path := filepath.Join(r.env.ScratchDir, "model.txt")
	if err := os.WriteFile(path, []byte("tree"), 0o600); err != nil {
		panic(err)
	}
	url, err := r.env.Artifacts.Publish(ctx, path, "models/m1")
	if err != nil {
		return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "io", "%v", err)
	}
	fetched, err := r.env.Artifacts.Fetch(ctx, url)
	if err != nil {
		return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "io", "%v", err)
	}
	links, err := r.env.Artifacts.List(ctx, "models/")
	if err != nil {
		return failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "io", "%v", err)
	}
	_, err = r.env.Artifacts.Fetch(ctx, "artifact://gone/x")
	var retryable *runner.RetryableError
	_, err2 := r.env.Artifacts.Fetch(ctx, "artifact://away/x")
	return succeeded(fmt.Sprint(filepath.Base(fetched), " ", links["models/m1"] == url, " ", err, " ", errors.As(err, &retryable), " ", errors.As(err2, &retryable)))
}

// fatalError ends the process by an error that cannot be recovered from.
func fatalError() *mlopsv1.Outcome {
	m := map[int]int{}
	for range 2 {
		go func() {
			for {
				m[1]++
			}
		}()
	}
	select {}
}

func succeeded(echo string) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: &mlopsv1.Result{Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{Echo: echo}}}}}
}

// attempt is one that does what echo says.
func attempt(t testing.TB, echo string) Attempt {
	return Attempt{
		Ref: &mlopsv1.AttemptRef{TaskId: "wf/0", Attempt: 2, SessionId: "s"}, WorkflowID: "wf",
		Operation:  &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{Echo: echo}}},
		Inputs:     []*mlopsv1.Result{{}, {}},
		ScratchDir: t.TempDir(),
		Force:      make(chan struct{}),
	}
}
