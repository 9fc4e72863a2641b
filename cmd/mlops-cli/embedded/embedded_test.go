package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/client"
	"mlops/cmd/mlops-cli/embedded"
	mlopsv1 "mlops/proto/mlops/v1"
)

// childState makes this program a session in that directory, with work that
// does not end.
const childState = "EMBEDDED_TEST_CHILD_STATE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childState); dir != "" {
		if err := workForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// workForEver submits a long task, prints its workflow's id and waits to be
// killed.
func workForEver(dir string) error {
	s, err := embedded.Open(context.Background(), embedded.Options{StateDir: dir, Worker: true, Probes: true})
	if err != nil {
		return err
	}
	id, err := submit(context.Background(), s, "for ever", time.Hour)
	if err != nil {
		return err
	}
	fmt.Println(id)
	select {}
}

func open(t *testing.T, dir string) *embedded.Session {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Options{StateDir: dir, Worker: true, Probes: true, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func clientOf(s *embedded.Session) *client.Client {
	return client.New(s.Conn(), client.Tuning{Patience: embedded.Patience})
}

// submit asks for a probe as the command line does.
func submit(ctx context.Context, s *embedded.Session, echo string, takes time.Duration) (string, error) {
	w, err := clientOf(s).Submit(ctx, client.Submission{Labels: s.Labels(), Spec: &mlopsv1.TaskSpec{
		Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{
			Echo: echo, Duration: durationpb.New(takes),
		}}},
		Requirements: &mlopsv1.Requirements{Labels: s.Labels()},
	}})
	return w.GetWorkflowId(), err
}

// awaitRunning returns when a worker runs the workflow.
func awaitRunning(t *testing.T, s *embedded.Session, id string) {
	t.Helper()
	for event, err := range clientOf(s).Watch(t.Context(), id, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if event.GetTaskChanged().GetState() == mlopsv1.TaskState_TASK_STATE_RUNNING {
			return
		}
	}
	t.Fatalf("workflow %s ended before it ran", id)
}

func wait(t *testing.T, s *embedded.Session, id string) *mlopsv1.Workflow {
	t.Helper()
	w, err := clientOf(s).Wait(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closed(t *testing.T, s *embedded.Session) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestSessionsAtOnceAllSucceed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	const sessions = 5
	var group sync.WaitGroup
	for i := range sessions {
		group.Go(func() {
			s, err := embedded.Open(t.Context(), embedded.Options{StateDir: dir, Worker: true, Probes: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer closed(t, s)
			echo := fmt.Sprint("hello ", i)
			id, err := submit(t.Context(), s, echo, 20*time.Millisecond)
			if err != nil {
				t.Error(err)
				return
			}
			w, err := clientOf(s).Wait(t.Context(), id)
			if err != nil || w.GetResult().GetProbe().GetEcho() != echo {
				t.Errorf("session %d: %v, %v", i, w, err)
			}
		})
	}
	group.Wait()
	s := open(t, dir)
	defer closed(t, s)
	n := 0
	for w, err := range clientOf(s).List(t.Context(), client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
			t.Errorf("workflow %s is %v", w.GetWorkflowId(), w.GetState())
		}
	}
	if n != sessions {
		t.Errorf("%d workflows are recorded, want %d", n, sessions)
	}
	left, err := os.ReadDir(filepath.Join(dir, "sessions"))
	if err != nil || len(left) != 2 { // this session's lock and directory
		t.Errorf("sessions/ holds %v (%v)", left, err)
	}
}

func TestTheHostLeavesWhileGuestsWork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	host := open(t, dir)
	if !host.Hosts() {
		t.Fatal("the first session does not host")
	}
	guests := []*embedded.Session{open(t, dir), open(t, dir)}
	ids := make([]string, len(guests))
	for i, g := range guests {
		if g.Hosts() {
			t.Fatal("two sessions host")
		}
		id, err := submit(t.Context(), g, fmt.Sprint("guest ", i), 700*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		awaitRunning(t, g, id)
		ids[i] = id
	}
	closed(t, host)
	for i, g := range guests {
		w := wait(t, g, ids[i])
		if w.GetResult().GetProbe().GetEcho() != fmt.Sprint("guest ", i) {
			t.Errorf("guest %d: %v", i, w)
		}
		got, err := clientOf(g).Get(t.Context(), ids[i])
		if err != nil || got.GetTasks()[0].GetAttempt() != 1 {
			t.Errorf("guest %d began anew: %v, %v", i, got.GetTasks(), err)
		}
	}
	if !guests[0].Hosts() && !guests[1].Hosts() {
		t.Error("nobody hosts")
	}
	for _, g := range guests {
		closed(t, g)
	}
}

func TestWorkOfADeadSessionIsCancelled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	host := open(t, dir)
	defer closed(t, host)
	dead, err := embedded.Open(t.Context(), embedded.Options{StateDir: dir}) // without a worker: its work waits
	if err != nil {
		t.Fatal(err)
	}
	id, err := submit(t.Context(), dead, "never", 0)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := submit(t.Context(), host, "alive", 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, dead)
	next := open(t, dir)
	defer closed(t, next)
	w := wait(t, next, id)
	if w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED || !strings.Contains(w.GetFailure().GetMessage(), "the command that ran it is gone") {
		t.Errorf("got %v", w)
	}
	if w := wait(t, host, mine); w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("work of a living session is %v", w)
	}
}

func TestRunningWorkOfAKilledCommandEndsAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childState+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var id string
	_, err = fmt.Fscanln(out, &id)
	if err == nil {
		guest := open(t, dir)
		awaitRunning(t, guest, id)
		closed(t, guest)
	}
	if killing := errors.Join(err, child.Process.Kill()); killing != nil {
		t.Fatal(killing)
	}
	_ = child.Wait() // it was killed
	// The next commands may be too short for the dead worker's lease to run out.
	next := open(t, dir)
	defer closed(t, next)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // of a lease of 30 after a restart
	defer cancel()
	w, err := clientOf(next).Wait(ctx, id)
	if err != nil || w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED {
		t.Errorf("got %v, %v", w, err)
	}
}

func TestTheStateDirectoryIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	s := open(t, dir)
	defer closed(t, s)
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "master.sock"): 0o600, filepath.Join(dir, "state.db"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), mode)
		}
	}
}

func TestADirectoryThatOthersMayWriteIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := embedded.Open(t.Context(), embedded.Options{StateDir: dir})
	if err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("error is %v", err)
	}
}

func TestADeepStateDirectoryStillHasASocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30), "state")
	host, guest := open(t, dir), open(t, dir)
	defer closed(t, host)
	defer closed(t, guest)
	id, err := submit(t.Context(), guest, "deep", 0)
	if err != nil {
		t.Fatal(err)
	}
	if w := wait(t, guest, id); w.GetResult().GetProbe().GetEcho() != "deep" {
		t.Errorf("got %v", w)
	}
}

func TestAForeignStateFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.db")
	const text = "somebody's letters, not a state file\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(t.Context(), embedded.Options{StateDir: dir}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != text {
		t.Errorf("the file was changed (%v)", err)
	}
}
