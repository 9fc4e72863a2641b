package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// testModel drives the store and the model with the same random commands.
func testModel(t *testing.T, f Factory) {
	rapid.Check(t, func(rt *rapid.T) {
		p := &pair{
			t: t, rt: rt, factory: f,
			store: f.Open(t), model: NewModel(EventLimit),
			now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		}
		defer p.store.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"submit":  p.submit,
			"event":   p.event,
			"event 2": p.event, // more often than the others
			"event 3": p.event,
			"event 4": p.event,
			"cancel":  p.cancel,
			"append":  p.append,
			"retain":  p.retain,
			"reopen":  func(*rapid.T) { p.store = f.Reopen(t, p.store) },
			"queue":   p.compareQueue,
		})
		p.compareQueue(rt)
		p.compareAll()
	})
}

// pair is a store and the model, side by side.
type pair struct {
	t       *testing.T
	rt      *rapid.T
	factory Factory
	store   statestore.Store
	model   *Model
	now     time.Time
	ids     []string
}

// both does the same to the store and the model and compares what they say.
func (p *pair) both(what string, do func(statestore.Store) (any, error)) {
	got, gotErr := do(p.store)
	want, wantErr := do(p.model)
	if kind(gotErr) != kind(wantErr) {
		p.rt.Fatalf("%s: error is %v, the model's %v", what, gotErr, wantErr)
	}
	if wantErr != nil || cmp.Equal(want, got, cmp.Comparer(proto.Equal), cmpopts.EquateEmpty()) {
		return
	}
	p.rt.Fatalf("%s (-model +store):\n%s", what, cmp.Diff(want, got, protocmp.Transform(), cmpopts.EquateEmpty()))
}

// kind is what callers can tell of an error.
func kind(err error) string {
	var refusal *statestore.RefusedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return fmt.Sprintf("%v, stale %v, done %v", refusal, refusal.Stale, refusal.Done)
	case errors.Is(err, statestore.ErrNotFound):
		return "not found"
	case errors.Is(err, statestore.ErrKeyReused):
		return "key reused"
	default:
		return "other"
	}
}

func (p *pair) submit(rt *rapid.T) {
	p.now = p.now.Add(time.Second)
	w := (&fixture{now: p.now, ids: len(p.ids)}).workflow()
	w.Priority = rapid.Int32Range(-1, 1).Draw(rt, "priority")
	w.IdempotencyKey = rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "key")
	w.Spec = probe(rapid.SampledFrom([]string{"x", "x", "y"}).Draw(rt, "spec"))
	p.ids = append(p.ids, w.WorkflowId)
	p.both("submit", func(s statestore.Store) (any, error) {
		changes, existed, err := s.Submit(p.t.Context(), statestore.Submission{Workflow: w})
		return []any{changes, existed}, err
	})
}

// anyID draws the id of a workflow, mostly of one that exists.
func (p *pair) anyID(rt *rapid.T) string {
	return rapid.SampledFrom(append([]string{id(1_000_000)}, p.ids...)).Draw(rt, "workflow")
}

// event sends one or more events about tasks, mostly such as fit.
func (p *pair) event(rt *rapid.T) {
	p.now = p.now.Add(time.Duration(rapid.IntRange(0, 10).Draw(rt, "seconds")) * time.Second)
	var commands []statestore.Command
	for range rapid.IntRange(1, 3).Draw(rt, "commands") {
		w := p.anyID(rt)
		tasks, err := p.model.Tasks(p.t.Context(), w, 0)
		if err != nil {
			tasks = []*mlopsv1.Task{{TaskId: task(w, 0)}}
		}
		commands = append(commands, statestore.Command{
			TaskID: rapid.SampledFrom(tasks).Draw(rt, "task").TaskId,
			Event:  p.drawEvent(rt, rapid.SampledFrom(tasks).Draw(rt, "ref of")),
		})
	}
	p.both("apply", func(s statestore.Store) (any, error) {
		outcomes, err := s.Apply(p.t.Context(), p.now, commands...)
		var said []any
		for _, o := range outcomes {
			said = append(said, o.Changes, kind(o.Err))
		}
		return said, err
	})
}

func (p *pair) drawEvent(rt *rapid.T, of *mlopsv1.Task) statestore.Event {
	ref := statestore.Ref{Attempt: max(1, of.Attempt), SessionID: session}
	if rapid.IntRange(0, 9).Draw(rt, "stale") == 0 {
		ref.Attempt--
	}
	failure := &mlopsv1.Failure{
		Kind:    mlopsv1.FailureKind(rapid.IntRange(0, 5).Draw(rt, "failure")),
		Message: "why",
	}
	spawn := &mlopsv1.Spawn{}
	for i := range rapid.IntRange(0, 3).Draw(rt, "children") {
		spawn.Children = append(spawn.Children, probe(fmt.Sprint(i)))
	}
	if rapid.Bool().Draw(rt, "then") {
		spawn.Then = probe("then")
	}
	name := fmt.Sprint("of ", of.TaskId)
	return rapid.SampledFrom([]statestore.Event{
		statestore.Grant{WorkerID: "worker-1", SessionID: session},
		statestore.Grant{WorkerID: "worker-2", SessionID: session},
		statestore.Grant{WorkerID: "worker-3", SessionID: session},
		statestore.Reoffer{Ref: ref}, statestore.Running{Ref: ref},
		statestore.Succeed{Ref: ref, Result: result(name)}, statestore.Succeed{Ref: ref, Result: result(name)},
		statestore.SpawnTasks{Ref: ref, Spawn: spawn}, statestore.Fail{Ref: ref, Failure: failure},
		statestore.Release{Ref: ref}, statestore.Lose{Ref: ref, Reason: "lease_expired"},
		statestore.RequestCancel{Reason: "enough"},
	}).Draw(rt, "event")
}

func (p *pair) cancel(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "really") > 0 {
		return
	}
	w := p.anyID(rt)
	p.both("cancel", func(s statestore.Store) (any, error) {
		outcomes, err := s.Apply(p.t.Context(), p.now, statestore.Command{CancelWorkflow: w, Reason: "enough"})
		return []any{outcomes[0].Changes, kind(outcomes[0].Err)}, err
	})
}

func (p *pair) append(rt *rapid.T) {
	var events []*mlopsv1.Event
	for i := range rapid.IntRange(0, EventLimit+5).Draw(rt, "lines") {
		events = append(events, line(p.anyID(rt), fmt.Sprint(i)))
	}
	p.both("append", func(s statestore.Store) (any, error) { return s.Append(p.t.Context(), events) })
}

func (p *pair) retain(rt *rapid.T) {
	policy := statestore.Retention{
		MaxCount: rapid.IntRange(0, 6).Draw(rt, "count"),
		MaxAge:   time.Duration(rapid.IntRange(0, 60).Draw(rt, "age")) * time.Second,
	}
	p.both("retain", func(s statestore.Store) (any, error) { return s.Retain(p.t.Context(), p.now, policy) })
}

func (p *pair) compareQueue(*rapid.T) {
	p.both("unfinished", func(s statestore.Store) (any, error) {
		var all []*mlopsv1.Task
		for t, err := range s.Unfinished(p.t.Context()) {
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		return all, nil
	})
}

// compareAll compares all that can be read.
func (p *pair) compareAll() {
	ctx := p.t.Context()
	p.both("list", func(s statestore.Store) (any, error) {
		page, _, err := s.List(ctx, statestore.Filter{Limit: 1000})
		return page, err
	})
	for _, w := range p.ids {
		p.both("workflow", func(s statestore.Store) (any, error) { return s.Workflow(ctx, w) })
		p.both("tasks", func(s statestore.Store) (any, error) { return s.Tasks(ctx, w, 0) })
		p.both("events", func(s statestore.Store) (any, error) { return s.Events(ctx, w, 0, 0) })
	}
}
