package storetest

import (
	"strings"
	"testing"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// names are the results' names, in order.
func names(results []*mlopsv1.Result) string {
	var list []string
	for _, r := range results {
		list = append(list, r.GetTrain().GetModelName())
	}
	return strings.Join(list, " ")
}

func testFanOut(t *testing.T, f *fixture) {
	w := f.submit()
	changes := f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"), probe("c"))
	if len(changes.Tasks) != 4 {
		t.Fatalf("a spawn of three changed %d tasks", len(changes.Tasks))
	}
	f.wantState(w, workflowRunning, 4, 1, 1)
	root := f.wantTask(task(w, 0), succeeded)
	f.same("join", &mlopsv1.Join{Children: []uint32{1, 2, 3}, Then: probe("then"), Size: 3}, root.Join)
	for i, note := range []string{"a", "b", "c"} {
		child := f.wantTask(task(w, uint32(i+1)), queued)
		f.same("child as announced", child, changes.Tasks[i+1])
		f.same("child's spec", probe(note), child.Spec)
		if child.Parent != 1 {
			t.Errorf("child %s has parent %d", note, child.Parent)
		}
	}
	f.succeed(task(w, 3), "three")
	f.reopen()
	f.succeed(task(w, 1), "one")
	if n := f.getTask(task(w, 0)).Join.Succeeded; n != 2 {
		t.Errorf("the join counts %d", n)
	}
	changes = f.succeed(task(w, 2), "two")
	f.wantState(w, workflowRunning, 5, 4, 4)
	then := f.wantTask(task(w, 4), queued)
	f.same("continuation as announced", then, changes.Tasks[1])
	f.same("continuation's spec", probe("then"), then.Spec)
	f.same("inputs", "one two three", names(then.Inputs))
	f.reopen()
	granted := f.do(task(w, 4), statestore.Grant{WorkerID: "worker-1", SessionID: session})
	f.same("inputs in the grant", "one two three", names(granted.Tasks[0].Inputs))
	changes = f.do(task(w, 4), statestore.Succeed{Ref: statestore.Ref{Attempt: 1, SessionID: session}, Result: result("all")})
	f.wantState(w, workflowSucceeded, 5, 5, 5)
	f.same("workflow in changes", f.getWorkflow(w), changes.Workflow)
	f.reopen()
	f.same("result", result("all"), f.getWorkflow(w).Result)
	if all, err := f.store.Tasks(f.ctx(), w, 3); err != nil || len(all) != 3 || all[2].Ordinal != 2 {
		t.Errorf("three tasks are %v, %v", all, err)
	}
}

// testFanOutInheritsRequirements: what asks nothing of workers asks what the task
// that spawns it did; what asks for something keeps to that.
func testFanOutInheritsRequirements(t *testing.T, f *fixture) {
	w := f.submit(func(w *mlopsv1.Workflow) { w.Spec = probe("here") })
	silent := func() *mlopsv1.TaskSpec {
		spec := probe("")
		spec.Requirements = nil
		return spec
	}
	f.spawn(task(w, 0), silent(), silent(), probe("elsewhere"))
	f.same("silent child", probe("here").Requirements, f.getTask(task(w, 1)).Spec.Requirements)
	f.same("child that asks", probe("elsewhere").Requirements, f.getTask(task(w, 2)).Spec.Requirements)
	f.succeed(task(w, 1), "one")
	f.reopen()
	f.succeed(task(w, 2), "two")
	f.same("silent continuation", probe("here").Requirements, f.getTask(task(w, 3)).Spec.Requirements)
}

// testNestedFanOut: the root spawns 1, 2 and a continuation; 1 spawns 3 and a
// continuation 4, which itself spawns 5 and a continuation 6.
func testNestedFanOut(t *testing.T, f *fixture) {
	w := f.submit()
	f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"))
	f.spawn(task(w, 1), probe("then of a"), probe("aa"))
	f.succeed(task(w, 2), "b")
	if n := f.getTask(task(w, 0)).Join.Succeeded; n != 1 {
		t.Errorf("the root's join counts %d while a's join is open", n)
	}
	f.succeed(task(w, 3), "aa")
	f.same("inputs", "aa", names(f.getTask(task(w, 4)).Inputs))
	f.spawn(task(w, 4), probe("then of then"), probe("ab"))
	f.succeed(task(w, 5), "ab")
	if n := f.getTask(task(w, 0)).Join.Succeeded; n != 1 {
		t.Errorf("the root's join counts %d while the continuation's join is open", n)
	}
	f.reopen()
	f.succeed(task(w, 6), "a")
	f.same("inputs of the root's continuation", "a b", names(f.getTask(task(w, 7)).Inputs))
	f.succeed(task(w, 7), "all")
	f.wantState(w, workflowSucceeded, 8, 8, 8)
	f.same("result", result("all"), f.getWorkflow(w).Result)
}

func testFanOutWithoutContinuation(_ *testing.T, f *fixture) {
	w := f.submit()
	f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"))
	f.spawn(task(w, 1), nil, probe("aa"), probe("ab"))
	f.succeed(task(w, 2), "b")
	f.succeed(task(w, 3), "aa")
	f.wantState(w, workflowRunning, 5, 4, 4)
	f.succeed(task(w, 4), "ab")
	f.same("inputs keep the place of a child without a result", " b", names(f.getTask(task(w, 5)).Inputs))

	alone := f.submit()
	f.spawn(task(alone, 0), nil, probe("a"))
	f.succeed(task(alone, 1), "a")
	f.wantState(alone, workflowSucceeded, 2, 2, 2)
	f.same("result", (*mlopsv1.Result)(nil), f.getWorkflow(alone).Result)
}

func testFailureCancelsTheRest(t *testing.T, f *fixture) {
	w := f.submit()
	f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"), probe("c"), probe("d"))
	ref := f.grant(task(w, 2))
	f.do(task(w, 2), statestore.Running{Ref: ref})
	f.succeed(task(w, 3), "c")
	changes := f.fail(task(w, 1))
	if len(changes.Tasks) != 3 {
		t.Errorf("the failure changed %d tasks, want 3", len(changes.Tasks))
	}
	f.wantTask(task(w, 1), failed)
	f.wantTask(task(w, 4), cancelled)
	if held := f.wantTask(task(w, 2), running); !held.CancelRequested {
		t.Error("the running task was not asked to end")
	}
	f.wantState(w, workflowRunning, 5, 4, 2)
	f.reopen()
	f.do(task(w, 2), statestore.Fail{Ref: ref, Failure: &mlopsv1.Failure{Kind: mlopsv1.FailureKind_FAILURE_KIND_CANCELLED}})
	f.wantTask(task(w, 2), cancelled)
	f.wantState(w, workflowFailed, 5, 5, 2)
	if got := f.getWorkflow(w).Failure; got.GetMessage() != "row 7 is ragged" {
		t.Errorf("the workflow's failure is %v", got)
	}

	late := f.submit() // a child that succeeds after another failed queues no continuation
	f.spawn(task(late, 0), probe("then"), probe("a"), probe("b"))
	ref = f.grant(task(late, 2))
	f.fail(task(late, 1))
	f.do(task(late, 2), statestore.Succeed{Ref: ref, Result: result("b")})
	f.wantState(late, workflowFailed, 3, 3, 2)
}

func testImpossibleSpawns(t *testing.T, f *fixture) {
	many := make([]*mlopsv1.TaskSpec, statestore.MaxTasks)
	for i := range many {
		many[i] = probe("")
	}
	for name, spawn := range map[string]*mlopsv1.Spawn{
		"too many":                       {Children: many},
		"too many with then":             {Children: many[:statestore.MaxTasks-1], Then: probe("")},
		"no children":                    {Then: probe("")},
		"nothing":                        nil,
		"child without operation":        {Children: []*mlopsv1.TaskSpec{probe(""), {}}},
		"continuation without operation": {Children: []*mlopsv1.TaskSpec{probe("")}, Then: &mlopsv1.TaskSpec{}},
	} {
		w := f.submit()
		e := statestore.SpawnTasks{Ref: f.grant(task(w, 0)), Spawn: spawn}
		f.do(task(w, 0), e)
		f.wantState(w, workflowFailed, 1, 1, 0)
		if got := f.getWorkflow(w).Failure; got.GetReason() != statestore.ReasonSpawnRefused || got.GetMessage() == "" {
			t.Errorf("%s: failure is %v", name, got)
		}
		if _, err := f.try(statestore.Command{TaskID: task(w, 0), Event: e}); !isDone(err) {
			t.Errorf("%s, repeated: %v", name, err)
		}
	}
}

func testInputsTooLarge(t *testing.T, f *fixture) {
	w := f.submit()
	f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"))
	big := strings.Repeat("x", statestore.MaxInputBytes/2)
	f.succeed(task(w, 1), big)
	changes := f.succeed(task(w, 2), big)
	if len(changes.Tasks) != 2 {
		t.Errorf("%d tasks changed", len(changes.Tasks))
	}
	f.wantState(w, workflowFailed, 4, 4, 3)
	if got := f.wantTask(task(w, 3), failed).Failure; got.GetReason() != statestore.ReasonInputsTooLarge {
		t.Errorf("failure is %v", got)
	}
	for u, err := range f.store.Unfinished(f.ctx()) {
		t.Errorf("still unfinished: %v, %v", u.GetTaskId(), err)
	}
}

func testCancelWorkflow(t *testing.T, f *fixture) {
	waiting := f.submit()
	_, err := f.try(statestore.Command{CancelWorkflow: waiting, Reason: "typo"})
	f.must(err)
	f.wantState(waiting, workflowCancelled, 1, 1, 0)
	if got := f.getWorkflow(waiting).Failure; got.GetMessage() != "typo" || got.GetKind() != mlopsv1.FailureKind_FAILURE_KIND_CANCELLED {
		t.Errorf("failure is %v", got)
	}
	w := f.submit()
	f.spawn(task(w, 0), probe("then"), probe("a"), probe("b"))
	ref := f.grant(task(w, 1))
	for i, wantEvents := range []int{2, 0} { // the second time changes nothing
		changes, err := f.try(statestore.Command{CancelWorkflow: w, Reason: "enough"})
		f.must(err)
		if len(changes.Events) != wantEvents || changes.Workflow.GetWorkflowId() != w {
			t.Errorf("cancel %d: %v", i+1, changes)
		}
	}
	f.reopen()
	f.wantState(w, workflowRunning, 3, 2, 1)
	f.wantTask(task(w, 2), cancelled)
	if got := f.wantTask(task(w, 1), leased); got.CancelReason != "enough" {
		t.Errorf("the held task is %v", got)
	}
	f.do(task(w, 1), statestore.Lose{Ref: ref, Reason: "lease_expired"})
	f.wantTask(task(w, 1), cancelled)
	f.wantState(w, workflowCancelled, 3, 3, 1)
	before := f.getWorkflow(w)
	changes, err := f.try(statestore.Command{CancelWorkflow: w})
	f.must(err)
	f.same("workflow when cancelled again", before, changes.Workflow)

	single := f.submit() // the cancel of one task is its workflow's
	f.spawn(task(single, 0), nil, probe("a"), probe("b"))
	f.do(task(single, 1), statestore.RequestCancel{Reason: "one"})
	f.wantState(single, workflowCancelled, 3, 3, 1)
}

func testSuccessBeatsCancel(_ *testing.T, f *fixture) {
	w := f.submit()
	ref := f.grant(task(w, 0))
	_, err := f.try(statestore.Command{CancelWorkflow: w, Reason: "enough"})
	f.must(err)
	f.do(task(w, 0), statestore.Succeed{Ref: ref, Result: result("kept")})
	f.wantState(w, workflowSucceeded, 1, 1, 1)
	f.same("result", result("kept"), f.getWorkflow(w).Result)

	spawning := f.submit() // but what has not been made yet is not made any more
	ref = f.grant(task(spawning, 0))
	_, err = f.try(statestore.Command{CancelWorkflow: spawning})
	f.must(err)
	f.do(task(spawning, 0), statestore.SpawnTasks{Ref: ref, Spawn: &mlopsv1.Spawn{Children: []*mlopsv1.TaskSpec{probe("a")}}})
	f.wantState(spawning, workflowCancelled, 1, 1, 0)

	joining := f.submit()
	f.spawn(task(joining, 0), probe("then"), probe("a"))
	ref = f.grant(task(joining, 1))
	_, err = f.try(statestore.Command{CancelWorkflow: joining, Reason: "enough"})
	f.must(err)
	f.do(task(joining, 1), statestore.Succeed{Ref: ref, Result: result("a")})
	f.wantState(joining, workflowCancelled, 2, 2, 2)
}
