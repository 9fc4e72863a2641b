package bolt

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Submit implements [statestore.Store].
func (s *Store) Submit(ctx context.Context, sub statestore.Submission) (changes statestore.Changes, existed bool, err error) {
	effect, err := statestore.Begin(sub.Workflow)
	if err != nil {
		return statestore.Changes{}, false, fmt.Errorf("submitting: %w", err)
	}
	w := effect.Changes.Workflow
	wid, err := statestore.ParseWorkflowID(w.WorkflowId)
	if err != nil {
		return statestore.Changes{}, false, fmt.Errorf("submitting: %w", err)
	}
	key, err := idempotencyKey(w.Owner, w.IdempotencyKey)
	if err != nil {
		return statestore.Changes{}, false, fmt.Errorf("submitting: %w", err)
	}
	var rows rows
	if err := rows.addNew(wid, w, key); err != nil {
		return statestore.Changes{}, false, fmt.Errorf("submitting: %w", err)
	}
	if err := rows.addEffect(wid, effect, false, func(uint32) bool { return true }); err != nil {
		return statestore.Changes{}, false, fmt.Errorf("submitting: %w", err)
	}
	err = s.write(ctx, func(v view) error {
		if earlier, err := v.byKey(w, key); earlier != nil || err != nil {
			changes, existed = statestore.Changes{Workflow: earlier}, earlier != nil
			return err
		}
		if v.tx.Bucket(bucketWorkflow).Get(wid[:]) != nil {
			return fmt.Errorf("submitting: workflow %s exists already", w.WorkflowId)
		}
		changes, existed = effect.Changes, false
		return rows.put(v.tx)
	})
	if err != nil {
		return statestore.Changes{}, false, err
	}
	return changes, existed, nil
}

// byKey returns the workflow that was submitted under the same idempotency key,
// or nil.
func (v view) byKey(w *mlopsv1.Workflow, key []byte) (*mlopsv1.Workflow, error) {
	if w.IdempotencyKey == "" {
		return nil, nil
	}
	b := v.tx.Bucket(bucketKey).Get(key)
	if b == nil {
		return nil, nil
	}
	earlier, err := v.workflow(uuid.UUID(b))
	if err != nil {
		return nil, err
	}
	if !proto.Equal(earlier.Spec, w.Spec) {
		return nil, fmt.Errorf("key %q of workflow %s: %w", w.IdempotencyKey, earlier.WorkflowId, statestore.ErrKeyReused)
	}
	return earlier, nil
}

// Apply implements [statestore.Store].
func (s *Store) Apply(ctx context.Context, now time.Time, commands ...statestore.Command) ([]statestore.Outcome, error) {
	outcomes := make([]statestore.Outcome, len(commands))
	err := s.write(ctx, func(v view) error {
		for i, c := range commands {
			changes, err := v.carryOut(c, now)
			if broken := (*brokenError)(nil); asBroken(err, &broken) {
				return err
			}
			outcomes[i] = statestore.Outcome{Changes: changes, Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// carryOut carries out one command. It writes all of its rows or, with an error
// that is not a *brokenError, none.
func (v view) carryOut(c statestore.Command, now time.Time) (statestore.Changes, error) {
	if c.CancelWorkflow != "" {
		return v.cancel(c.CancelWorkflow, c.Reason, now)
	}
	id, ordinal, err := statestore.ParseTaskID(c.TaskID)
	if err != nil {
		return statestore.Changes{}, err
	}
	wid, err := statestore.ParseWorkflowID(id)
	if err != nil {
		return statestore.Changes{}, fmt.Errorf("task %q: %w", c.TaskID, err)
	}
	t, err := v.taskRecord(wid, ordinal)
	if err != nil {
		return statestore.Changes{}, err
	}
	w, err := v.workflowRecord(wid)
	if err != nil {
		return statestore.Changes{}, err
	}
	if t.Spec, err = v.spec(wid, ordinal); err != nil {
		return statestore.Changes{}, err
	}
	effect, err := statestore.Carry(w, t, c.Event, now, siblings{v, wid})
	if err != nil {
		return statestore.Changes{}, err
	}
	if err := v.inputs(wid, effect.Changes.Tasks[0]); err != nil {
		return statestore.Changes{}, err
	}
	return v.store(wid, w, effect)
}

// cancel cancels a workflow.
func (v view) cancel(id, reason string, now time.Time) (statestore.Changes, error) {
	wid, err := statestore.ParseWorkflowID(id)
	if err != nil {
		return statestore.Changes{}, err
	}
	w, err := v.workflowRecord(wid)
	if err != nil {
		return statestore.Changes{}, err
	}
	effect, err := statestore.CancelWorkflow(w, reason, now, siblings{v, wid})
	if err != nil {
		return statestore.Changes{}, err
	}
	if len(effect.Changes.Events) == 0 {
		w, err = v.workflow(wid)
		return statestore.Changes{Workflow: w}, err
	}
	return v.store(wid, w, effect)
}

// store writes an effect on a workflow that stood as before, and completes its
// changes for the caller.
func (v view) store(wid uuid.UUID, before *mlopsv1.Workflow, effect statestore.Effect) (statestore.Changes, error) {
	known := before.TasksTotal
	var rows rows
	if err := rows.addEffect(wid, effect, statestore.FinalWorkflow(before.State), func(ordinal uint32) bool { return ordinal >= known }); err != nil {
		return statestore.Changes{}, err
	}
	changes := effect.Changes
	spec, err := v.spec(wid, 0)
	if err != nil {
		return statestore.Changes{}, err
	}
	if err := rows.put(v.tx); err != nil {
		return statestore.Changes{}, err
	}
	changes.Workflow.Spec = spec
	return changes, nil
}
