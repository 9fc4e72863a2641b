package storetest

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

func testSubmit(t *testing.T, f *fixture) {
	w := f.workflow(func(w *mlopsv1.Workflow) { w.Priority, w.IdempotencyKey = 7, "key" })
	given := proto.CloneOf(w)
	changes, existed, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: w})
	f.must(err)
	f.same("submission after the call", given, w)
	if existed || changes.Workflow.State != workflowQueued || len(changes.Tasks) != 1 || len(changes.Events) != 2 {
		t.Errorf("submitted with existed %v, changes %v", existed, changes)
	}
	f.reopen()
	f.same("workflow", changes.Workflow, f.getWorkflow(w.WorkflowId))
	f.same("task", changes.Tasks[0], f.wantTask(task(w.WorkflowId, 0), queued))
	f.same("spec", given.Spec, f.getWorkflow(w.WorkflowId).Spec)
	events, err := f.store.Events(f.ctx(), w.WorkflowId, 0, 0)
	f.must(err)
	f.same("events", changes.Events, events)

	for name, bad := range map[string]*mlopsv1.Workflow{
		"no spec":       f.workflow(func(w *mlopsv1.Workflow) { w.Spec = nil }),
		"no operation":  f.workflow(func(w *mlopsv1.Workflow) { w.Spec = &mlopsv1.TaskSpec{} }),
		"no created_at": f.workflow(func(w *mlopsv1.Workflow) { w.CreatedAt = nil }),
		"no id":         f.workflow(func(w *mlopsv1.Workflow) { w.WorkflowId = "" }),
		"id no uuid":    f.workflow(func(w *mlopsv1.Workflow) { w.WorkflowId = "train-1" }),
		"id twice":      f.workflow(func(again *mlopsv1.Workflow) { again.WorkflowId = w.WorkflowId }),
	} {
		if _, _, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: bad}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	f.same("workflow after refused submissions", changes.Workflow, f.getWorkflow(w.WorkflowId))
}

func testIdempotencyKey(t *testing.T, f *fixture) {
	keyed := func(owner, key string, spec *mlopsv1.TaskSpec) (string, bool, error) {
		w := f.workflow(func(w *mlopsv1.Workflow) { w.Owner, w.IdempotencyKey, w.Spec = owner, key, spec })
		changes, existed, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: w})
		if err == nil && existed != (changes.Workflow.WorkflowId != w.WorkflowId) {
			t.Errorf("existed is %v, the workflow is %s, the new one %s", existed, changes.Workflow.WorkflowId, w.WorkflowId)
		}
		return changes.Workflow.GetWorkflowId(), existed, err
	}
	first, _, err := keyed("alice", "k", probe("a"))
	f.must(err)
	f.reopen()
	again, existed, err := keyed("alice", "k", probe("a"))
	f.must(err)
	if !existed || again != first {
		t.Errorf("the same key gave %s, existed %v", again, existed)
	}
	if _, _, err := keyed("alice", "k", probe("b")); !errors.Is(err, statestore.ErrKeyReused) {
		t.Errorf("another spec under the key: %v", err)
	}
	for _, c := range [][2]string{{"bob", "k"}, {"alic", "ek"}, {"alicek", ""}, {"", "alicek"}} {
		if _, existed, err := keyed(c[0], c[1], probe("a")); existed || err != nil {
			t.Errorf("owner %q, key %q: existed %v, %v", c[0], c[1], existed, err)
		}
	}
	if _, existed, err := keyed("alicek", "", probe("a")); existed || err != nil {
		t.Errorf("no key twice: existed %v, %v", existed, err)
	}
}

func testLifeOfATask(t *testing.T, f *fixture) {
	w := f.submit()
	root := task(w, 0)
	ref := f.grant(root)
	f.wantState(w, workflowQueued, 1, 0, 0)
	f.do(root, statestore.Running{Ref: ref})
	f.wantState(w, workflowRunning, 1, 0, 0)
	f.do(root, statestore.Lose{Ref: ref, Reason: "lease_expired"})
	f.reopen()
	if got := f.wantTask(root, queued); got.Losses != 1 || len(got.Attempts) != 1 || got.Failure.GetReason() != "lease_expired" {
		t.Errorf("after a loss the task is %v", got)
	}
	f.wantState(w, workflowRunning, 1, 0, 0)
	changes := f.succeed(root, "model")
	f.reopen()
	f.wantState(w, workflowSucceeded, 1, 1, 1)
	f.same("workflow in changes", f.getWorkflow(w), changes.Workflow)
	f.same("task in changes", f.getTask(root), changes.Tasks[0])
	f.same("result", result("model"), f.getWorkflow(w).Result)
	f.same("result of the task", result("model"), f.getTask(root).Result)

	var refusal *statestore.RefusedError
	_, err := f.try(statestore.Command{TaskID: root, Event: statestore.Succeed{Ref: statestore.Ref{Attempt: 2, SessionID: session}, Result: result("model")}})
	if !errors.As(err, &refusal) || !refusal.Done {
		t.Errorf("the same result again: %v", err)
	}
	_, err = f.try(statestore.Command{TaskID: root, Event: statestore.Succeed{Ref: ref, Result: result("zombie")}})
	if !errors.As(err, &refusal) || !refusal.Stale {
		t.Errorf("the lost attempt's result: %v", err)
	}
	events, err := f.store.Events(f.ctx(), w, 0, 0)
	f.must(err)
	story := ""
	for i, e := range events {
		if e.Seq != uint64(i+1) || e.WorkflowId != w {
			t.Errorf("event %d is numbered %d of %s", i+1, e.Seq, e.WorkflowId)
		}
		switch {
		case e.GetTaskChanged() != nil:
			story += fmt.Sprintf("%s#%d ", e.GetTaskChanged().State, e.Attempt)
		case e.GetWorkflowChanged() != nil:
			story += fmt.Sprintf("%s ", e.GetWorkflowChanged().State)
		}
	}
	f.same("story", "WORKFLOW_STATE_QUEUED TASK_STATE_QUEUED#0 TASK_STATE_LEASED#1 TASK_STATE_RUNNING#1 WORKFLOW_STATE_RUNNING "+
		"TASK_STATE_QUEUED#1 TASK_STATE_LEASED#2 TASK_STATE_RUNNING#2 TASK_STATE_SUCCEEDED#2 WORKFLOW_STATE_SUCCEEDED ", story)
}

func testRefusedCommands(t *testing.T, f *fixture) {
	w := f.submit()
	other := f.submit()
	grant := statestore.Grant{WorkerID: "worker-1", SessionID: session}
	outcomes, err := f.store.Apply(f.ctx(), f.now,
		statestore.Command{TaskID: task(w, 0), Event: grant},
		statestore.Command{TaskID: task(w, 0), Event: grant},
		statestore.Command{TaskID: task(w, 9), Event: grant},
		statestore.Command{TaskID: "nonsense", Event: grant},
		statestore.Command{CancelWorkflow: id(99)},
		statestore.Command{TaskID: task(w, 0), Event: statestore.Running{Ref: statestore.Ref{Attempt: 1, SessionID: session}}},
		statestore.Command{TaskID: task(other, 0), Event: grant},
	)
	f.must(err)
	var refusal *statestore.RefusedError
	for i, ok := range []func(error) bool{
		func(err error) bool { return err == nil },
		func(err error) bool { return errors.As(err, &refusal) },
		func(err error) bool { return errors.Is(err, statestore.ErrNotFound) },
		func(err error) bool { return errors.Is(err, statestore.ErrNotFound) },
		func(err error) bool { return errors.Is(err, statestore.ErrNotFound) },
		func(err error) bool { return err == nil },
		func(err error) bool { return err == nil },
	} {
		if o := outcomes[i]; !ok(o.Err) || o.Err != nil && (o.Changes.Workflow != nil || o.Changes.Tasks != nil || o.Changes.Events != nil) {
			t.Errorf("command %d: %v, changes %v", i, o.Err, o.Changes)
		}
	}
	f.reopen()
	f.wantTask(task(w, 0), running)
	f.wantTask(task(other, 0), leased)
	if n := f.getWorkflow(w).LastSeq; n != 5 {
		t.Errorf("workflow has %d events, want 5", n)
	}
	if _, err := f.store.Workflow(f.ctx(), id(99)); !errors.Is(err, statestore.ErrNotFound) {
		t.Errorf("unknown workflow: %v", err)
	}
	if _, err := f.store.Tasks(f.ctx(), id(99), 0); !errors.Is(err, statestore.ErrNotFound) {
		t.Errorf("tasks of an unknown workflow: %v", err)
	}
	if _, err := f.store.Events(f.ctx(), id(99), 0, 0); !errors.Is(err, statestore.ErrNotFound) {
		t.Errorf("events of an unknown workflow: %v", err)
	}
}
