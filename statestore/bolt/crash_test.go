package bolt_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// crashStore names, to a process of this test program, the store that it writes
// until it is killed.
const crashStore = "MLOPS_TEST_CRASH_STORE"

// writeUntilKilled says what was acknowledged. It returns only for an error.
func writeUntilKilled(path string) error {
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	var mu sync.Mutex
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(os.Stdout, append([]any{"ack"}, words...)...)
	}
	failed := make(chan error)
	for range 8 {
		go func() {
			for {
				w := newWorkflow()
				if _, _, err := s.Submit(ctx, statestore.Submission{Workflow: w}); err != nil {
					failed <- err
					return
				}
				say(w.WorkflowId, mlopsv1.TaskState_TASK_STATE_QUEUED.Number())
				ref := statestore.Ref{Attempt: 1, SessionID: "session"}
				for _, e := range []statestore.Event{
					statestore.Grant{WorkerID: "worker", SessionID: "session"},
					statestore.Running{Ref: ref}, statestore.Succeed{Ref: ref, Result: &mlopsv1.Result{}},
				} {
					out, err := s.Apply(ctx, time.Now(), statestore.Command{TaskID: statestore.TaskID(w.WorkflowId, 0), Event: e})
					if err != nil || out[0].Err != nil {
						failed <- fmt.Errorf("%v: %w", out, err)
						return
					}
					say(w.WorkflowId, out[0].Changes.Tasks[0].State.Number())
				}
			}
		}()
	}
	return <-failed
}

// TestKillLosesNothing kills a process that writes, at random moments: whatever
// it had acknowledged is in the store, which opens as if nothing had happened.
func TestKillLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	acked := map[string]mlopsv1.TaskState{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashStore+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var id string
			var state mlopsv1.TaskState
			if _, err := fmt.Sscanf(lines.Text(), "ack %s %d", &id, &state); err != nil || len(id) != 36 {
				if !strings.HasPrefix(lines.Text(), "ack") {
					t.Errorf("the child said %q", lines.Text())
				}
				continue // cut off by the kill
			}
			acked[id] = state
			if n == 100+37*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		checkAcked(t, path, acked)
	}
	if len(acked) < 50 {
		t.Errorf("only %d workflows were acknowledged", len(acked))
	}
}

// checkAcked checks that a store holds at least what was acknowledged.
func checkAcked(t *testing.T, path string, acked map[string]mlopsv1.TaskState) {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for id, state := range acked {
		task, err := s.Task(t.Context(), statestore.TaskID(id, 0))
		if err != nil || task.State < state {
			t.Errorf("task of %s is %v (%v); %v was acknowledged", id, task.GetState(), err, state)
		}
		w, err := s.Workflow(t.Context(), id)
		if err != nil || statestore.FinalWorkflow(w.State) != statestore.Final(task.GetState()) {
			t.Errorf("workflow %s is %v (%v), its task %v", id, w.GetState(), err, task.GetState())
		}
		events, err := s.Events(t.Context(), id, 0, 0)
		if err != nil || uint64(len(events)) != w.GetLastSeq() {
			t.Errorf("workflow %s has %d events of %d, %v", id, len(events), w.GetLastSeq(), err)
		}
	}
}

// TestCopyAfterAcknowledgement copies the file of an open store between changes:
// each copy is what a machine would find that stopped at that moment.
func TestCopyAfterAcknowledgement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	acked := map[string]mlopsv1.TaskState{}
	for range 12 {
		w := newWorkflow()
		if _, _, err := s.Submit(t.Context(), statestore.Submission{Workflow: w}); err != nil {
			t.Fatal(err)
		}
		acked[w.WorkflowId] = mlopsv1.TaskState_TASK_STATE_QUEUED
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkAcked(t, written(t, b), acked)
	}
}
