package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

func isDone(err error) bool {
	var refusal *statestore.RefusedError
	return errors.As(err, &refusal) && refusal.Done
}

// line is a log event.
func line(workflow, text string) *mlopsv1.Event {
	return &mlopsv1.Event{
		WorkflowId: workflow, TaskId: task(workflow, 0), Attempt: 1,
		Time: timestamppb.New(time.Unix(1_800_000_000, 0)),
		Kind: &mlopsv1.Event_Log{Log: &mlopsv1.LogLine{Text: text}},
	}
}

func testBoundedEvents(t *testing.T, f *fixture) {
	w, other := f.submit(), f.submit()
	appended, err := f.store.Append(f.ctx(), []*mlopsv1.Event{line(w, "0"), line(id(99), "nobody's"), line("nonsense", "nobody's"), line(other, "other")})
	f.must(err)
	if len(appended) != 2 || appended[0].Seq != 3 || appended[1].Seq != 3 || appended[1].WorkflowId != other {
		t.Errorf("appended %v", appended)
	}
	ref := f.grant(task(w, 0))
	var batch []*mlopsv1.Event
	for i := 1; i < 3*EventLimit; i++ {
		batch = append(batch, line(w, fmt.Sprint(i)))
	}
	_, err = f.store.Append(f.ctx(), batch[:EventLimit/2])
	f.must(err)
	f.do(task(w, 0), statestore.Running{Ref: ref})
	f.reopen()
	_, err = f.store.Append(f.ctx(), batch[EventLimit/2:])
	f.must(err)
	events, err := f.store.Events(f.ctx(), w, 0, 0)
	f.must(err)
	lines, changes := 0, 0
	for i, e := range events {
		if i > 0 && e.Seq <= events[i-1].Seq {
			t.Fatalf("event %d comes after %d", e.Seq, events[i-1].Seq)
		}
		if e.GetLog() != nil {
			lines++
			if want := fmt.Sprint(2*EventLimit + lines - 1); e.GetLog().Text != want {
				t.Errorf("line %d is %q, want %q", lines, e.GetLog().Text, want)
			}
		} else {
			changes++
		}
	}
	if lines != EventLimit || changes != 5 {
		t.Errorf("%d lines and %d changes are kept, want %d and 5", lines, changes, EventLimit)
	}
	if last := f.getWorkflow(w).LastSeq; last != events[len(events)-1].Seq {
		t.Errorf("last_seq is %d", last)
	}
	for from := range uint64(len(events) + 70) {
		part, err := f.store.Events(f.ctx(), w, from, 4)
		f.must(err)
		want := slices.DeleteFunc(slices.Clone(events), func(e *mlopsv1.Event) bool { return e.Seq < from })
		f.same(fmt.Sprint("four events from ", from), want[:min(4, len(want))], part[:len(part):len(part)])
	}
	if _, err := f.store.Append(f.ctx(), []*mlopsv1.Event{line(w, "fine"), events[0]}); err == nil {
		t.Error("a state change was appended")
	}
	if last := f.getWorkflow(w).LastSeq; last != events[len(events)-1].Seq {
		t.Errorf("last_seq is %d after a refused append", last)
	}
}

func testList(t *testing.T, f *fixture) {
	var ids []string
	for i := range 9 {
		ids = append(ids, f.submit(func(w *mlopsv1.Workflow) {
			w.Owner = []string{"alice", "bob"}[i%2]
			w.Operation = []string{"train", "predict", "status"}[i%3]
		}))
	}
	for _, i := range []int{0, 4, 8} {
		f.succeed(task(ids[i], 0), "model")
	}
	third := f.getWorkflow(ids[3]).CreatedAt.AsTime()
	for _, c := range []struct {
		name   string
		filter statestore.Filter
		want   []int
	}{
		{"all", statestore.Filter{}, []int{8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{"state", statestore.Filter{States: []mlopsv1.WorkflowState{workflowSucceeded, workflowFailed}}, []int{8, 4, 0}},
		{"owner", statestore.Filter{Owner: "bob"}, []int{7, 5, 3, 1}},
		{"operation", statestore.Filter{Operations: []string{"train", "status"}}, []int{8, 6, 5, 3, 2, 0}},
		{"label", statestore.Filter{Labels: map[string]string{"n": "2"}}, []int{7, 4, 1}},
		{"label that none has", statestore.Filter{Labels: map[string]string{"m": ""}}, nil},
		{"created after", statestore.Filter{CreatedAfter: third}, []int{8, 7, 6, 5, 4, 3}},
		{"all of it", statestore.Filter{Owner: "alice", Operations: []string{"train"}, CreatedAfter: third}, []int{6}},
	} {
		for _, limit := range []int{0, 1, 2, 3, 9} {
			var got []int
			filter := c.filter
			filter.Limit = limit
			for pages := 0; ; pages++ {
				page, next, err := f.store.List(f.ctx(), filter)
				f.must(err)
				for _, w := range page {
					got = append(got, slices.Index(ids, w.WorkflowId))
					if w.Spec != nil || w.Result != nil {
						t.Errorf("listed with spec or result: %v", w)
					}
				}
				if next == "" {
					break
				}
				if len(page) != limit || pages > 9 {
					t.Fatalf("%s: a page of %d with a next one", c.name, len(page))
				}
				filter.Token = next
			}
			f.same(fmt.Sprintf("%s, limit %d", c.name, limit), c.want, got)
		}
	}
	if _, _, err := f.store.List(f.ctx(), statestore.Filter{Token: "no token!"}); !errors.Is(err, statestore.ErrBadToken) {
		t.Errorf("bad token: %v", err)
	}
}

func testFindWorkflow(t *testing.T, f *fixture) {
	f.ids = 0x0f
	a, b := f.submit(), f.submit() // …0010 and …0011
	for prefix, want := range map[string]any{
		a: a, b: b,
		a[:len("019a0000-0010")]: a, b[:len("019a0000-0011-7")]: b,
		a[:len("019a0000-001")]: statestore.ErrAmbiguous, "0": statestore.ErrAmbiguous,
		"019a0000-": statestore.ErrAmbiguous, "1": statestore.ErrNotFound, "": statestore.ErrNotFound,
		"019a0000-0012": statestore.ErrNotFound, "019A": statestore.ErrNotFound, "xyz": statestore.ErrNotFound,
		a + "0": statestore.ErrNotFound, strings.ReplaceAll(a, "-", ""): statestore.ErrNotFound,
	} {
		w, err := f.store.FindWorkflow(f.ctx(), prefix)
		switch want := want.(type) {
		case error:
			f.wantError(fmt.Sprintf("prefix %q", prefix), err, want)
		case string:
			if err != nil || w.WorkflowId != want {
				t.Errorf("prefix %q: %v, %v", prefix, w.GetWorkflowId(), err)
			}
		}
	}
}

func testUnfinished(t *testing.T, f *fixture) {
	priority := func(p int32) func(*mlopsv1.Workflow) { return func(w *mlopsv1.Workflow) { w.Priority = p } }
	low, usual, high, older, gone := f.submit(priority(-5)), f.submit(priority(0)), f.submit(priority(1000)), f.submit(), f.submit()
	f.succeed(task(gone, 0), "model")
	f.spawn(task(high, 0), probe("then"), probe("a"), probe("b"))
	f.grant(task(usual, 0))
	want := []string{task(high, 1), task(high, 2), task(usual, 0), task(older, 0), task(low, 0)}
	f.reopen()
	var got []string
	for u, err := range f.store.Unfinished(f.ctx()) {
		f.must(err)
		f.same("task", f.getTask(u.TaskId), u)
		got = append(got, u.TaskId)
	}
	f.same("queue", want, got)
	for u, err := range f.store.Unfinished(f.ctx()) { // the caller may write meanwhile, and stop
		f.must(err)
		f.do(u.TaskId, statestore.RequestCancel{})
		break
	}
	f.wantTask(task(high, 1), cancelled)
}

func testRetain(t *testing.T, f *fixture) {
	var ids []string
	keyed := func(w *mlopsv1.Workflow) { w.IdempotencyKey = w.WorkflowId }
	for range 8 {
		ids = append(ids, f.submit(keyed))
	}
	for _, i := range []int{3, 1, 0, 2, 4, 5} { // finished in this order; 6 and 7 go on
		f.now = f.now.Add(time.Hour)
		f.succeed(task(ids[i], 0), "model")
		_, err := f.store.Append(f.ctx(), []*mlopsv1.Event{line(ids[i], "late")})
		f.must(err)
	}
	left := func() (left []int) {
		page, _, err := f.store.List(f.ctx(), statestore.Filter{})
		f.must(err)
		for _, w := range page {
			left = append(left, slices.Index(ids, w.WorkflowId))
		}
		return left
	}
	retain := func(p statestore.Retention, wantDeleted int, wantLeft ...int) {
		t.Helper()
		n, err := f.store.Retain(f.ctx(), f.now, p)
		f.must(err)
		if n != wantDeleted {
			t.Errorf("%v deleted %d, want %d", p, n, wantDeleted)
		}
		f.same("left", wantLeft, left())
	}
	retain(statestore.Retention{}, 0, 7, 6, 5, 4, 3, 2, 1, 0)
	retain(statestore.Retention{MaxCount: 6, MaxAge: 6 * time.Hour}, 0, 7, 6, 5, 4, 3, 2, 1, 0)
	retain(statestore.Retention{MaxCount: 5}, 1, 7, 6, 5, 4, 2, 1, 0)
	f.reopen()
	retain(statestore.Retention{MaxAge: 3*time.Hour + time.Minute}, 1, 7, 6, 5, 4, 2, 0)
	retain(statestore.Retention{MaxCount: 3, MaxAge: 90 * time.Minute}, 2, 7, 6, 5, 4)
	_, err := f.store.Workflow(f.ctx(), ids[3])
	f.wantError("deleted workflow", err, statestore.ErrNotFound)
	_, err = f.store.Task(f.ctx(), task(ids[3], 0))
	f.wantError("its task", err, statestore.ErrNotFound)
	_, err = f.store.Events(f.ctx(), ids[3], 0, 0)
	f.wantError("its events", err, statestore.ErrNotFound)
	again := f.workflow(func(w *mlopsv1.Workflow) { w.IdempotencyKey = ids[3] })
	if _, existed, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: again}); existed || err != nil {
		t.Errorf("the deleted workflow's key: existed %v, %v", existed, err)
	}
}

func testDrained(_ *testing.T, f *fixture) {
	for _, c := range []struct {
		worker  string
		drained bool
	}{{"b", true}, {"a", true}, {"b", true}, {"c", false}, {"a", false}, {"d", true}} {
		f.must(f.store.SetDrained(f.ctx(), c.worker, c.drained))
	}
	f.reopen()
	got, err := f.store.Drained(f.ctx())
	f.must(err)
	f.same("drained", []string{"b", "d"}, got)
}

func testLinks(t *testing.T, f *fixture) {
	all := []string{"logs/1", "logs/10", "logs/2", "logs/2/a", "model"}
	for i, name := range append(all, "logs/2") {
		f.must(f.store.PutLink(f.ctx(), &mlopsv1.ArtifactLink{Name: name, Digest: fmt.Sprint(i), Size: int64(i)}))
	}
	if err := f.store.PutLink(f.ctx(), &mlopsv1.ArtifactLink{}); err == nil {
		t.Error("a link without a name was kept")
	}
	f.reopen()
	for prefix, want := range map[string][]string{"": all, "logs/": all[:4], "logs/2": all[2:4], "nothing": nil} {
		for _, limit := range []int{0, 1, 2} {
			var got []string
			for token, more := "", true; more; more = token != "" {
				page, next, err := f.store.Links(f.ctx(), prefix, token, limit)
				f.must(err)
				for _, l := range page {
					got = append(got, l.Name)
					if l.Name == "logs/2" && l.Digest != "5" {
						t.Errorf("the link was not replaced: %v", l)
					}
				}
				token = next
			}
			f.same(fmt.Sprintf("links %q by %d", prefix, limit), want, got)
		}
	}
}

func testClosed(_ *testing.T, f *fixture) {
	w := f.workflow()
	f.must(f.store.Close())
	f.must(f.store.Close())
	_, _, err := f.store.Submit(f.ctx(), statestore.Submission{Workflow: w})
	f.wantError("Submit", err, statestore.ErrClosed)
	_, err = f.store.Apply(f.ctx(), f.now, statestore.Command{CancelWorkflow: w.WorkflowId})
	f.wantError("Apply", err, statestore.ErrClosed)
	_, err = f.store.Workflow(f.ctx(), w.WorkflowId)
	f.wantError("Workflow", err, statestore.ErrClosed)
	for _, err := range f.store.Unfinished(f.ctx()) {
		f.wantError("Unfinished", err, statestore.ErrClosed)
	}
	f.wantError("Payloads", f.store.Payloads(f.ctx(), func([]byte) {}), statestore.ErrClosed)
}

func testCancelledContext(_ *testing.T, f *fixture) {
	w := f.workflow()
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	_, _, err := f.store.Submit(ctx, statestore.Submission{Workflow: w})
	f.wantError("Submit", err, context.Canceled)
	_, err = f.store.Workflow(f.ctx(), w.WorkflowId)
	f.wantError("the workflow", err, statestore.ErrNotFound)
}

// testConcurrentGrants lets workers fight for tasks: each task goes to exactly
// one, and lives its whole life.
func testConcurrentGrants(t *testing.T, f *fixture) {
	const tasks, workers = 40, 8
	var ids []string
	for range tasks {
		ids = append(ids, f.submit())
	}
	now := f.now
	won := make([][]string, workers)
	var wg sync.WaitGroup
	for n := range workers {
		wg.Go(func() {
			me := fmt.Sprint("worker-", n)
			for _, w := range ids {
				won[n] = append(won[n], liveIfWon(f, now, w, me)...)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(won...)
	slices.Sort(all)
	f.same("tasks won", ids, all)
	for _, w := range ids {
		f.wantState(w, workflowSucceeded, 1, 1, 1)
		events, err := f.store.Events(f.ctx(), w, 0, 0)
		f.must(err)
		if len(events) != 8 {
			t.Errorf("%d events of %s", len(events), w)
		}
	}
}

// liveIfWon tries for a workflow's task and, if it is granted, takes it to its
// end; it returns what it won.
func liveIfWon(f *fixture, now time.Time, w, me string) []string {
	ref := statestore.Ref{Attempt: 1, SessionID: me}
	for i, e := range []statestore.Event{
		statestore.Grant{WorkerID: me, SessionID: me}, statestore.Running{Ref: ref}, statestore.Succeed{Ref: ref, Result: result(me)},
	} {
		if i == 2 {
			if _, err := f.store.Append(f.ctx(), []*mlopsv1.Event{line(w, "hello")}); err != nil {
				f.t.Error(err)
			}
		}
		outcomes, err := f.store.Apply(f.ctx(), now, statestore.Command{TaskID: task(w, 0), Event: e})
		if err != nil {
			f.t.Error(err)
			return nil
		}
		if outcomes[0].Err != nil {
			if i > 0 {
				f.t.Errorf("%T of the winner: %v", e, outcomes[0].Err)
			}
			return nil
		}
	}
	return []string{w}
}
