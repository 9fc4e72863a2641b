package storetest

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Workflow implements [statestore.Store].
func (m *Model) Workflow(ctx context.Context, id string) (*mlopsv1.Workflow, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	w, err := m.find(id)
	if err != nil {
		return nil, err
	}
	return proto.CloneOf(w.workflow), nil
}

// FindWorkflow implements [statestore.Store].
func (m *Model) FindWorkflow(ctx context.Context, prefix string) (*mlopsv1.Workflow, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var found *mlopsv1.Workflow
	for id, w := range m.workflows {
		if prefix == "" || !strings.HasPrefix(id, prefix) {
			continue
		}
		if found != nil {
			return nil, statestore.ErrAmbiguous
		}
		found = w.workflow
	}
	if found == nil {
		return nil, statestore.ErrNotFound
	}
	return proto.CloneOf(found), nil
}

// Tasks implements [statestore.Store].
func (m *Model) Tasks(ctx context.Context, workflowID string, limit int) ([]*mlopsv1.Task, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	w, err := m.find(workflowID)
	if err != nil {
		return nil, err
	}
	list := clones(w.tasks)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}

// Task implements [statestore.Store].
func (m *Model) Task(ctx context.Context, id string) (*mlopsv1.Task, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	_, t, err := m.findTask(id)
	return proto.CloneOf(t), err
}

// Events implements [statestore.Store].
func (m *Model) Events(ctx context.Context, workflowID string, fromSeq uint64, limit int) ([]*mlopsv1.Event, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	w, err := m.find(workflowID)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(clones(w.events), func(e *mlopsv1.Event) bool { return e.Seq < fromSeq })
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}

// List implements [statestore.Store]. Its tokens are offsets, which serve as long
// as nothing is submitted in between.
func (m *Model) List(ctx context.Context, f statestore.Filter) ([]*mlopsv1.Workflow, string, error) {
	if err := m.enter(ctx); err != nil {
		return nil, "", err
	}
	defer m.mu.Unlock()
	offset := 0
	if f.Token != "" {
		n, err := strconv.Atoi(f.Token)
		if err != nil {
			return nil, "", statestore.ErrBadToken
		}
		offset = n
	}
	var all []*mlopsv1.Workflow
	for _, held := range m.workflows {
		w := proto.CloneOf(held.workflow)
		w.Spec, w.Result = nil, nil
		if matches(f, w) {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b *mlopsv1.Workflow) int {
		return cmp.Or(b.CreatedAt.AsTime().Compare(a.CreatedAt.AsTime()), cmp.Compare(b.WorkflowId, a.WorkflowId))
	})
	limit := cmp.Or(f.Limit, 50)
	page := all[min(offset, len(all)):min(offset+limit, len(all))]
	if offset+limit < len(all) {
		return page, strconv.Itoa(offset + limit), nil
	}
	return page, "", nil
}

// matches says whether a workflow passes a filter.
func matches(f statestore.Filter, w *mlopsv1.Workflow) bool {
	for k, v := range f.Labels {
		if got, ok := w.Labels[k]; !ok || got != v {
			return false
		}
	}
	return (len(f.States) == 0 || slices.Contains(f.States, w.State)) &&
		(len(f.Operations) == 0 || slices.Contains(f.Operations, w.Operation)) &&
		(f.Owner == "" || f.Owner == w.Owner) &&
		(f.CreatedAfter.IsZero() || !w.CreatedAt.AsTime().Before(f.CreatedAfter))
}

// Unfinished implements [statestore.Store].
func (m *Model) Unfinished(ctx context.Context) iter.Seq2[*mlopsv1.Task, error] {
	return func(yield func(*mlopsv1.Task, error) bool) {
		if err := m.enter(ctx); err != nil {
			yield(nil, err)
			return
		}
		var all []*mlopsv1.Task
		for _, w := range m.workflows {
			for _, t := range w.tasks {
				if !statestore.Final(t.State) {
					all = append(all, proto.CloneOf(t))
				}
			}
		}
		m.mu.Unlock()
		slices.SortFunc(all, func(a, b *mlopsv1.Task) int {
			return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.CreatedAt.AsTime().Compare(b.CreatedAt.AsTime()),
				cmp.Compare(a.WorkflowId, b.WorkflowId), cmp.Compare(a.Ordinal, b.Ordinal))
		})
		for _, t := range all {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func clones[M proto.Message](list []M) []M {
	out := make([]M, len(list))
	for i, m := range list {
		out[i] = proto.CloneOf(m)
	}
	return out
}

// Payloads implements [statestore.Store]: it gives whole tasks.
func (m *Model) Payloads(ctx context.Context, each func(encoded []byte)) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, w := range m.workflows {
		for _, t := range w.tasks {
			encoded, err := proto.Marshal(t)
			if err != nil {
				return err
			}
			each(encoded)
		}
	}
	return nil
}
