package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mlops/client"
	"mlops/cmd/mlops-cli/embedded"
	mlopsv1 "mlops/proto/mlops/v1"
)

// console is a command's surroundings in a test.
type console struct {
	*app
	out, err bytes.Buffer
	mu       sync.Mutex // guards err
	signals  chan os.Signal
	wrote    chan struct{} // told at each write to standard error
}

// newConsole returns a console in dir whose master is at address.
func newConsole(dir, address string) *console {
	c := &console{signals: make(chan os.Signal), wrote: make(chan struct{}, 1)}
	env := map[string]string{"MLOPS_MASTER": address, "MLOPS_STATE": filepath.Join(dir, "own-state")}
	c.app = &app{
		stdin: strings.NewReader(""), stdout: &c.out, stderr: c, dir: dir, signals: c.signals,
		getenv: func(key string) string { return env[key] },
		leave:  func(code int) { panic(fmt.Sprint("left with ", code)) },
	}
	return c
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.wrote <- struct{}{}:
	default:
	}
	return c.err.Write(p)
}

func (c *console) errors() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err.String()
}

// awaitError returns when standard error says text.
func (c *console) awaitError(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(c.errors(), text) {
		select {
		case <-c.wrote:
		case <-t.Context().Done():
			t.Fatalf("standard error never said %q:\n%s", text, c.errors())
		}
	}
}

// must runs a command that must succeed and returns its standard output.
func must(t *testing.T, dir, address string, args ...string) string {
	t.Helper()
	c := newConsole(dir, address)
	if code := c.run(t.Context(), args); code != 0 {
		t.Fatalf("%q: exit code %d\n%s", args, code, c.errors())
	}
	return c.out.String()
}

// fleet is a master on a Unix socket; a host session of package embedded is one.
func fleet(t *testing.T, worker bool) (address string, c *client.Client) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fleet") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	s, err := embedded.Open(context.WithoutCancel(t.Context()), embedded.Options{StateDir: dir, Worker: worker, Probes: true, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	c = client.New(s.Conn(), client.Tuning{})
	if worker {
		awaitWorkers(t, c, 1)
	}
	return "unix://" + filepath.Join(dir, "master.sock"), c
}

// awaitWorkers waits until the master has heard of so many workers.
func awaitWorkers(t *testing.T, c *client.Client, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		workers, err := c.Workers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(workers) >= n {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("no worker came")
		}
	}
}

// churn writes a table and returns its directory.
func churn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("age,tenure,churned\n")
	for i := range 80 {
		fmt.Fprintf(&b, "%d,%d,%s\n", 20+i, i*7%20, []string{"no", "yes"}[i*i*31%97/49])
	}
	if err := os.WriteFile(filepath.Join(dir, "churn.csv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

var quickly = []string{"--set", "training.cv_folds=0", "--set", "training.backend=lightgbm", "--set", "training.params.num_iterations=5"}

// endlessly trains until it is cancelled.
var endlessly = []string{"--set", "training.cv_folds=0", "--set", "training.backend=lightgbm", "--set", "training.params.num_iterations=100000",
	"--set", "training.params.learning_rate=0.00001", "--set", "training.params.min_data_in_leaf=1"}

func TestOnOneHostPathsAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, true)
	dir := churn(t)
	model := strings.TrimSpace(must(t, dir, address, append([]string{"train", "churn.csv", "-o", "name", "-l", "team=growth", "--priority", "7"}, quickly...)...))
	if _, err := os.Stat(filepath.Join(model, "model.txt")); err != nil || !strings.HasPrefix(model, dir) {
		t.Errorf("model in %s: %v", model, err)
	}
	for w, err := range c.List(t.Context(), client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(t.Context(), w.GetWorkflowId())
		if err != nil {
			t.Fatal(err)
		}
		spec := got.GetWorkflow().GetSpec()
		if spec.GetRequirements().GetLabels()[hostLabel] == "" || got.GetWorkflow().GetPriority() != 7 || got.GetWorkflow().GetLabels()["team"] != "growth" {
			t.Errorf("submitted as %v", got.GetWorkflow())
		}
		if data := spec.GetOperation().GetTrain().GetData(); data != filepath.Join(dir, "churn.csv") {
			t.Errorf("data is %s", data)
		}
	}
}

func TestFilesTravelToOtherHosts(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, true)
	dir := churn(t)
	var trained struct {
		WorkflowID string `json:"workflow_id"`
		Result     struct {
			Deployment struct{ Dir string }
		}
	}
	if err := json.Unmarshal([]byte(must(t, dir, address, append([]string{"train", "churn.csv", "-o", "json", "--upload"}, quickly...)...)), &trained); err != nil {
		t.Fatal(err)
	}
	model := trained.Result.Deployment.Dir
	if !strings.HasPrefix(model, "artifact://") {
		t.Fatalf("the deployment is %s", model)
	}
	got, err := c.Get(t.Context(), trained.WorkflowID)
	if err != nil {
		t.Fatal(err)
	}
	spec := got.GetWorkflow().GetSpec()
	if train := spec.GetOperation().GetTrain(); !strings.HasPrefix(train.GetData(), "artifact://") || train.GetDataName() != "churn.csv" || train.GetBaseDir() != "" {
		t.Errorf("submitted as %v", train)
	}
	if labels := spec.GetRequirements().GetLabels(); len(labels) != 0 {
		t.Errorf("only workers with %v may take it", labels)
	}
	// So do the files that a configuration names.
	before := strings.TrimSpace(must(t, dir, "", append([]string{"train", "churn.csv", "-o", "name"}, quickly...)...))
	if !filepath.IsAbs(before) {
		t.Fatalf("without a master the deployment is %s", before)
	}
	more := must(t, dir, address, append([]string{"train", "churn.csv", "-o", "json", "--upload", "--validation", "churn.csv",
		"--set", "training.init_model=" + before, "--no-deploy"}, quickly...)...)
	if !strings.Contains(more, `"metrics"`) {
		t.Errorf("a training that goes on gives\n%s", more)
	}
	must(t, dir, address, "predict", "churn.csv", model, "--upload", "--output", "p.csv")
	text, err := os.ReadFile(filepath.Join(dir, "p.csv"))
	if err != nil || strings.Count(string(text), "\n") != 81 {
		t.Errorf("%d lines of predictions (%v)", strings.Count(string(text), "\n"), err)
	}
	if out := must(t, dir, address, "status", model); !strings.Contains(out, "lightgbm") {
		t.Errorf("status says\n%s", out)
	}
}

func TestDetachedWorkIsFollowedLater(t *testing.T) {
	t.Parallel()
	address, _ := fleet(t, true)
	dir := churn(t)
	id := strings.TrimSpace(must(t, dir, address, append([]string{"train", "churn.csv", "--detach"}, quickly...)...))
	if log := must(t, dir, address, "logs", "-f", id); !strings.Contains(log, "workflow SUCCEEDED") {
		t.Errorf("the log is\n%s", log)
	}
	if out := must(t, dir, address, "get", id[:20]); !strings.Contains(out, "SUCCEEDED") || !strings.Contains(out, "accuracy") {
		t.Errorf("get says\n%s", out)
	}
	lines := strings.Split(strings.TrimSpace(must(t, dir, address, "logs", id, "-o", "json", "--progress")), "\n")
	for i, line := range lines {
		var event struct{ Seq int }
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Seq != i+1 {
			t.Errorf("line %d is %s (%v)", i, line, err)
		}
	}
	if out := must(t, dir, address, "cancel", id); !strings.Contains(out, "SUCCEEDED") {
		t.Errorf("cancelling a final workflow says %s", out)
	}
}

// interrupt runs a training that goes on until it is ended, interrupts it once
// it trains and returns the console and the exit code.
func interrupt(t *testing.T, dir, address string, prepare func(*console)) (*console, int) {
	t.Helper()
	c := newConsole(dir, address)
	if prepare != nil {
		prepare(c)
	}
	codes := make(chan int, 1)
	var running sync.WaitGroup
	running.Go(func() { codes <- c.run(t.Context(), append([]string{"train", "churn.csv"}, endlessly...)) })
	defer running.Wait()
	c.awaitError(t, "train ")
	c.signals <- os.Interrupt
	return c, <-codes
}

func workflowState(t *testing.T, c *client.Client) (id string, state mlopsv1.WorkflowState) {
	t.Helper()
	for w, err := range c.List(t.Context(), client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		return w.GetWorkflowId(), w.GetState()
	}
	t.Fatal("there is no workflow")
	return "", 0
}

func TestAnInterruptLeavesAFleetsWorkRunning(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, true)
	dir := churn(t)
	console, code := interrupt(t, dir, address, nil)
	id, state := workflowState(t, c)
	if code != codeCancelled || client.Final(state) || !strings.Contains(console.errors(), "mlops-cli cancel "+id) {
		t.Errorf("exit code %d, workflow is %v\n%s", code, state, console.errors())
	}
	if out := must(t, dir, address, "cancel", id, "--wait", "--reason", "enough"); !strings.Contains(out, "CANCELLED") {
		t.Errorf("cancel says %s", out)
	}
	retried := strings.TrimSpace(must(t, dir, address, "retry", id, "-o", "name"))
	if out := must(t, dir, address, "cancel", retried, "--wait"); !strings.Contains(out, "CANCELLED") {
		t.Errorf("cancel says %s", out)
	}
}

func TestAnInterruptOnATerminalAsks(t *testing.T) {
	t.Parallel()
	for answer, cancelled := range map[string]bool{"c\n": true, "\n": false, "": false} {
		t.Run(fmt.Sprintf("%q", answer), func(t *testing.T) {
			address, c := fleet(t, true)
			dir := churn(t)
			console, code := interrupt(t, dir, address, func(c *console) { c.asks, c.stdin = true, strings.NewReader(answer) })
			id, state := workflowState(t, c)
			if code != codeCancelled || client.Final(state) != cancelled || !strings.Contains(console.errors(), "[c]ancel / [L]eave") {
				t.Errorf("exit code %d, workflow is %v\n%s", code, state, console.errors())
			}
			if _, err := c.Cancel(t.Context(), id, "the test is over"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnInterruptCancelsTheCommandsOwnWork(t *testing.T) {
	t.Parallel()
	dir := churn(t)
	console, code := interrupt(t, dir, "", nil)
	if code != codeCancelled || !strings.Contains(console.errors(), "train was cancelled: interrupted by the user") {
		t.Errorf("exit code %d\n%s", code, console.errors())
	}
	if out := must(t, dir, "", "list"); !strings.Contains(out, "CANCELLED") {
		t.Errorf("list says\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "models")); err == nil {
		t.Error("a cancelled training left models")
	}
}

func TestARetryWithoutAMasterDoesTheWorkAnew(t *testing.T) {
	t.Parallel()
	dir := churn(t)
	whole, err := os.ReadFile(filepath.Join(dir, "churn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "churn.csv"), append(whole, "31,4,no,one too many\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	c := newConsole(dir, "")
	if code := c.run(t.Context(), append([]string{"train", "churn.csv", "-l", "team=growth"}, quickly...)); code != codeFailed {
		t.Fatalf("training on a ragged table: exit code %d\n%s", code, c.errors())
	}
	id := strings.TrimSpace(must(t, dir, "", "list", "-o", "name"))
	if err := os.WriteFile(filepath.Join(dir, "churn.csv"), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	var retried struct {
		State    string
		Workflow string `json:"workflow_id"`
		Result   struct{ Deployment struct{ Dir string } }
	}
	if err := json.Unmarshal([]byte(must(t, dir, "", "retry", id, "-o", "json")), &retried); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(retried.Result.Deployment.Dir, "model.txt")); err != nil || retried.State != "SUCCEEDED" {
		t.Errorf("retried: %+v (%v)", retried, err)
	}
	if out := must(t, dir, "", "get", retried.Workflow); !strings.Contains(out, id) || !strings.Contains(out, "team=growth") {
		t.Errorf("get says\n%s", out)
	}
	if out := must(t, dir, "", "retry", id); !strings.Contains(out, "deployed to") {
		t.Errorf("retry says\n%s", out)
	}
	again := newConsole(dir, "")
	if code := again.run(t.Context(), []string{"retry", retried.Workflow}); code != codeUsage || !strings.Contains(again.errors(), "only a failed or cancelled workflow") {
		t.Errorf("retrying what succeeded: exit code %d\n%s", code, again.errors())
	}
}

func TestTheUserIsToldWhyNothingHappens(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, false)
	dir := churn(t)
	console := newConsole(dir, address)
	codes := make(chan int, 1)
	var running sync.WaitGroup
	running.Go(func() { codes <- console.run(t.Context(), []string{"train", "churn.csv"}) })
	defer running.Wait()
	console.awaitError(t, "no worker is connected to the master")
	id, _ := workflowState(t, c)
	if _, err := c.Cancel(t.Context(), id, "the test is over"); err != nil {
		t.Fatal(err)
	}
	if code := <-codes; code != codeCancelled {
		t.Errorf("exit code %d", code)
	}
	probe := newConsole(dir, address)
	if code := probe.run(t.Context(), []string{"probe"}); code != codeUsage || !strings.Contains(probe.errors(), "--allow-probes") {
		t.Errorf("probe: exit code %d\n%s", code, probe.errors())
	}
}

func TestWorkersAreListedAndDrained(t *testing.T) {
	t.Parallel()
	address, _ := fleet(t, true)
	dir := t.TempDir()
	id := strings.TrimSpace(must(t, dir, address, "workers", "-o", "name"))
	if out := must(t, dir, address, "workers"); !strings.Contains(out, id) || !strings.Contains(out, "ready") {
		t.Errorf("workers says\n%s", out)
	}
	if out := must(t, dir, address, "workers", "drain", id); !strings.Contains(out, "drain") {
		t.Errorf("drain says %s", out)
	}
	if out := must(t, dir, address, "workers", "resume", id); !strings.Contains(out, "ready") {
		t.Errorf("resume says %s", out)
	}
	if out := must(t, dir, address, "__complete", "workers", "drain", ""); !strings.Contains(out, id) {
		t.Errorf("completion offers %s", out)
	}
	if out := must(t, dir, address, "probe", "-n", "20"); !strings.Contains(out, "tasks per second") {
		t.Errorf("probe says %s", out)
	}
}
