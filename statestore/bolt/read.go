package bolt

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"
	bolterrors "go.etcd.io/bbolt/errors"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

func isClosed(err error) bool { return errors.Is(err, bolterrors.ErrDatabaseNotOpen) }

// Workflow implements [statestore.Store].
func (s *Store) Workflow(_ context.Context, id string) (w *mlopsv1.Workflow, err error) {
	wid, err := statestore.ParseWorkflowID(id)
	if err != nil {
		return nil, err
	}
	err = s.read(func(v view) error {
		w, err = v.workflow(wid)
		return err
	})
	return w, err
}

// FindWorkflow implements [statestore.Store].
func (s *Store) FindWorkflow(_ context.Context, prefix string) (w *mlopsv1.Workflow, err error) {
	first, ok := firstWithPrefix(prefix)
	if !ok {
		return nil, fmt.Errorf("workflow %q: %w", prefix, statestore.ErrNotFound)
	}
	err = s.read(func(v view) error {
		c := v.tx.Bucket(bucketWorkflow).Cursor()
		k, _ := c.Seek(first[:])
		if !begins(k, prefix) {
			return fmt.Errorf("workflow %q: %w", prefix, statestore.ErrNotFound)
		}
		wid := uuid.UUID(k)
		if next, _ := c.Next(); begins(next, prefix) {
			return fmt.Errorf("workflow %q: %w: several ids begin so, among them %s and %s", prefix, statestore.ErrAmbiguous, wid, uuid.UUID(next))
		}
		w, err = v.workflow(wid)
		return err
	})
	return w, err
}

// firstWithPrefix returns the least id that can begin with prefix.
func firstWithPrefix(prefix string) (uuid.UUID, bool) {
	const shape = "00000000-0000-0000-0000-000000000000"
	if prefix == "" || len(prefix) > len(shape) {
		return uuid.UUID{}, false
	}
	id, err := uuid.Parse(prefix + shape[len(prefix):])
	return id, err == nil && strings.HasPrefix(id.String(), prefix)
}

// begins says whether the workflow with this key has an id that begins so.
func begins(k []byte, prefix string) bool {
	return len(k) == 16 && strings.HasPrefix(uuid.UUID(k).String(), prefix)
}

// Tasks implements [statestore.Store].
func (s *Store) Tasks(_ context.Context, workflowID string, limit int) (list []*mlopsv1.Task, err error) {
	wid, err := statestore.ParseWorkflowID(workflowID)
	if err != nil {
		return nil, err
	}
	err = s.read(func(v view) error {
		if _, err := v.workflowRecord(wid); err != nil {
			return err
		}
		for t, err := range v.tasks(wid) {
			if err != nil {
				return err
			}
			if limit > 0 && len(list) == limit {
				return nil
			}
			if err := v.complete(wid, t); err != nil {
				return err
			}
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// Task implements [statestore.Store].
func (s *Store) Task(_ context.Context, id string) (t *mlopsv1.Task, err error) {
	workflowID, ordinal, err := statestore.ParseTaskID(id)
	if err != nil {
		return nil, err
	}
	wid, err := statestore.ParseWorkflowID(workflowID)
	if err != nil {
		return nil, fmt.Errorf("task %q: %w", id, err)
	}
	err = s.read(func(v view) error {
		t, err = v.task(wid, ordinal)
		return err
	})
	return t, err
}

// payloadPage is how many payloads are looked at in one transaction: a long one
// would keep freed pages from being used again.
const payloadPage = 4096

// Payloads implements [statestore.Store].
func (s *Store) Payloads(ctx context.Context, each func(encoded []byte)) error {
	for from, more := []byte(nil), true; more; {
		more = false
		err := s.read(func(v view) error {
			c := v.tx.Bucket(bucketPayload).Cursor()
			n := 0
			for k, b := c.Seek(from); k != nil; k, b = c.Next() {
				if n == payloadPage {
					from, more = bytes.Clone(k), true
					return nil
				}
				each(b)
				n++
			}
			return nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("reading payloads: %w", err)
		}
	}
	return nil
}

// queuePage is how many tasks Unfinished reads in one transaction: it holds none
// while its caller works, who may well write.
const queuePage = 512

// Unfinished implements [statestore.Store].
func (s *Store) Unfinished(ctx context.Context) iter.Seq2[*mlopsv1.Task, error] {
	return func(yield func(*mlopsv1.Task, error) bool) {
		var from []byte
		for {
			page, next, err := s.queuePage(from)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading the queue: %w", err))
				return
			}
			for _, t := range page {
				if !yield(t, nil) {
					return
				}
			}
			if next == nil {
				return
			}
			from = next
		}
	}
}

// queuePage reads tasks from a place in the queue on, and returns where the next
// page begins, nil for nowhere.
func (s *Store) queuePage(from []byte) (page []*mlopsv1.Task, next []byte, err error) {
	err = s.read(func(v view) error {
		c := v.tx.Bucket(bucketQueue).Cursor()
		for k, _ := c.Seek(from); k != nil; k, _ = c.Next() {
			if len(page) == queuePage {
				next = bytes.Clone(k)
				return nil
			}
			wid, ordinal, ok := parseQueueKey(k)
			if !ok {
				return fmt.Errorf("the queue has a key of another form: %s", hex.EncodeToString(k))
			}
			t, err := v.task(wid, ordinal)
			if err != nil {
				return err
			}
			page = append(page, t)
		}
		return nil
	})
	return page, next, err
}
