package storetest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Model is a [statestore.Store] in memory, as simple as it can be: whole
// messages in maps, everything else found by searching.
type Model struct {
	mu         sync.Mutex
	closed     bool
	eventLimit int
	workflows  map[string]*modelWorkflow
	drained    map[string]bool
	links      map[string]*mlopsv1.ArtifactLink
}

// modelWorkflow is a workflow with all that belongs to it.
type modelWorkflow struct {
	workflow *mlopsv1.Workflow
	tasks    []*mlopsv1.Task // by ordinal
	events   []*mlopsv1.Event
}

var _ statestore.Store = (*Model)(nil)

// NewModel returns an empty model that keeps so many progress and log events per
// workflow.
func NewModel(eventLimit int) *Model {
	return &Model{
		eventLimit: eventLimit,
		workflows:  map[string]*modelWorkflow{},
		drained:    map[string]bool{},
		links:      map[string]*mlopsv1.ArtifactLink{},
	}
}

// enter locks the model, unless it is closed or nobody waits any more.
func (m *Model) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return statestore.ErrClosed
	}
	return nil
}

// Submit implements [statestore.Store].
func (m *Model) Submit(ctx context.Context, s statestore.Submission) (statestore.Changes, bool, error) {
	if err := m.enter(ctx); err != nil {
		return statestore.Changes{}, false, err
	}
	defer m.mu.Unlock()
	w := s.Workflow
	for _, earlier := range m.workflows {
		e := earlier.workflow
		if w.GetIdempotencyKey() == "" || e.IdempotencyKey != w.IdempotencyKey || e.Owner != w.Owner {
			continue
		}
		if !proto.Equal(e.Spec, w.Spec) {
			return statestore.Changes{}, false, statestore.ErrKeyReused
		}
		return statestore.Changes{Workflow: proto.CloneOf(e)}, true, nil
	}
	effect, err := statestore.Begin(w)
	if err != nil {
		return statestore.Changes{}, false, err
	}
	if m.workflows[w.WorkflowId] != nil {
		return statestore.Changes{}, false, fmt.Errorf("workflow %s exists", w.WorkflowId)
	}
	m.workflows[w.WorkflowId] = &modelWorkflow{}
	return m.keep(effect), false, nil
}

// keep makes an effect the state of affairs.
func (m *Model) keep(e statestore.Effect) statestore.Changes {
	held := m.workflows[e.Changes.Workflow.WorkflowId]
	held.workflow = proto.CloneOf(e.Changes.Workflow)
	for _, t := range slices.Concat(e.Changes.Tasks, e.Joins) {
		for int(t.Ordinal) >= len(held.tasks) {
			held.tasks = append(held.tasks, nil)
		}
		held.tasks[t.Ordinal] = proto.CloneOf(t)
	}
	for _, event := range e.Changes.Events {
		held.events = append(held.events, proto.CloneOf(event))
	}
	return e.Changes
}

// Apply implements [statestore.Store].
func (m *Model) Apply(ctx context.Context, now time.Time, commands ...statestore.Command) ([]statestore.Outcome, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	outcomes := make([]statestore.Outcome, len(commands))
	for i, c := range commands {
		effect, err := m.carryOut(c, now)
		if err != nil {
			outcomes[i].Err = err
			continue
		}
		outcomes[i].Changes = m.keep(effect)
	}
	return outcomes, nil
}

func (m *Model) carryOut(c statestore.Command, now time.Time) (statestore.Effect, error) {
	if c.CancelWorkflow != "" {
		w, err := m.find(c.CancelWorkflow)
		if err != nil {
			return statestore.Effect{}, err
		}
		return statestore.CancelWorkflow(w.workflow, c.Reason, now, modelSiblings{w.tasks})
	}
	w, t, err := m.findTask(c.TaskID)
	if err != nil {
		return statestore.Effect{}, err
	}
	return statestore.Carry(w.workflow, t, c.Event, now, modelSiblings{w.tasks})
}

func (m *Model) find(id string) (*modelWorkflow, error) {
	if w := m.workflows[id]; w != nil {
		return w, nil
	}
	return nil, fmt.Errorf("workflow %q: %w", id, statestore.ErrNotFound)
}

func (m *Model) findTask(id string) (*modelWorkflow, *mlopsv1.Task, error) {
	workflowID, ordinal, err := statestore.ParseTaskID(id)
	if err != nil {
		return nil, nil, err
	}
	w, err := m.find(workflowID)
	if err != nil {
		return nil, nil, err
	}
	if int(ordinal) >= len(w.tasks) {
		return nil, nil, fmt.Errorf("task %q: %w", id, statestore.ErrNotFound)
	}
	return w, w.tasks[ordinal], nil
}

// modelSiblings are a workflow's tasks.
type modelSiblings struct{ tasks []*mlopsv1.Task }

// Joining implements [statestore.Siblings].
func (s modelSiblings) Joining(ordinal uint32) (*mlopsv1.Task, error) { return s.tasks[ordinal], nil }

// Join implements [statestore.Siblings].
func (s modelSiblings) Join(ordinal uint32) (*mlopsv1.Join, error) {
	return s.tasks[ordinal].Join, nil
}

// Result implements [statestore.Siblings].
func (s modelSiblings) Result(ordinal uint32) (*mlopsv1.Result, error) {
	return s.tasks[ordinal].Result, nil
}

// Unfinished implements [statestore.Siblings].
func (s modelSiblings) Unfinished() iter.Seq2[*mlopsv1.Task, error] {
	return func(yield func(*mlopsv1.Task, error) bool) {
		for _, t := range s.tasks {
			if !statestore.Final(t.State) && !yield(t, nil) {
				return
			}
		}
	}
}

// Append implements [statestore.Store].
func (m *Model) Append(ctx context.Context, events []*mlopsv1.Event) ([]*mlopsv1.Event, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var appended []*mlopsv1.Event
	for _, e := range events {
		if !bounded(e) {
			return nil, fmt.Errorf("only progress and log events are appended")
		}
	}
	for _, e := range events {
		held := m.workflows[e.WorkflowId]
		if held == nil {
			continue
		}
		held.workflow.LastSeq++
		e = proto.CloneOf(e)
		e.Seq = held.workflow.LastSeq
		held.events = append(held.events, e)
		appended = append(appended, proto.CloneOf(e))
		held.bound(m.eventLimit)
	}
	return appended, nil
}

// bounded says whether an event is of the kinds that are kept in bounds.
func bounded(e *mlopsv1.Event) bool { return e.GetProgress() != nil || e.GetLog() != nil }

// bound drops the oldest progress and log events beyond the limit.
func (w *modelWorkflow) bound(limit int) {
	lines := 0
	for _, e := range w.events {
		if bounded(e) {
			lines++
		}
	}
	w.events = slices.DeleteFunc(w.events, func(e *mlopsv1.Event) bool {
		drop := bounded(e) && lines > limit
		if drop {
			lines--
		}
		return drop
	})
}

// Retain implements [statestore.Store].
func (m *Model) Retain(ctx context.Context, now time.Time, p statestore.Retention) (int, error) {
	if err := m.enter(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	var final []*mlopsv1.Workflow
	for _, w := range m.workflows {
		if statestore.FinalWorkflow(w.workflow.State) {
			final = append(final, w.workflow)
		}
	}
	slices.SortFunc(final, func(a, b *mlopsv1.Workflow) int {
		return cmp.Or(a.FinishedAt.AsTime().Compare(b.FinishedAt.AsTime()), cmp.Compare(a.WorkflowId, b.WorkflowId))
	})
	deleted := 0
	for i, w := range final {
		if p.MaxCount > 0 && len(final)-i > p.MaxCount || p.MaxAge > 0 && now.Sub(w.FinishedAt.AsTime()) > p.MaxAge {
			delete(m.workflows, w.WorkflowId)
			deleted++
		}
	}
	return deleted, nil
}

// SetDrained implements [statestore.Store].
func (m *Model) SetDrained(ctx context.Context, workerID string, drained bool) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if drained {
		m.drained[workerID] = true
	} else {
		delete(m.drained, workerID)
	}
	return nil
}

// Drained implements [statestore.Store].
func (m *Model) Drained(ctx context.Context) ([]string, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.drained)), nil
}

// PutLink implements [statestore.Store].
func (m *Model) PutLink(ctx context.Context, link *mlopsv1.ArtifactLink) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if link.GetName() == "" {
		return fmt.Errorf("a link needs a name")
	}
	m.links[link.Name] = proto.CloneOf(link)
	return nil
}

// Links implements [statestore.Store].
func (m *Model) Links(ctx context.Context, prefix, token string, limit int) ([]*mlopsv1.ArtifactLink, string, error) {
	if err := m.enter(ctx); err != nil {
		return nil, "", err
	}
	defer m.mu.Unlock()
	var page []*mlopsv1.ArtifactLink
	for _, name := range slices.Sorted(maps.Keys(m.links)) {
		if !strings.HasPrefix(name, prefix) || name <= token {
			continue
		}
		if len(page) == cmp.Or(limit, 1000) {
			return page, page[len(page)-1].Name, nil
		}
		page = append(page, proto.CloneOf(m.links[name]))
	}
	return page, "", nil
}

// Close implements [statestore.Store].
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// Reopen returns the model's content as a store that is open, as if the process
// had been started again.
func (m *Model) Reopen() *Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	again := NewModel(m.eventLimit)
	again.workflows, again.drained, again.links = m.workflows, m.drained, m.links
	return again
}
