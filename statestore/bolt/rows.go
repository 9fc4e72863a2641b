package bolt

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// brokenError says that writing failed half-way, so that the transaction must
// not be committed.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "writing the state store: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

func asBroken(err error, target **brokenError) bool { return errors.As(err, target) }

// rows collects what a command writes, encoded, so that nothing that can fail
// for the command's own sake is left to do once writing begins.
type rows struct {
	list     []row
	finished bool // one more final workflow
}

// row is one key to put, or with a nil value to delete.
type row struct{ bucket, key, value []byte }

// nothing is the value of a key that says all.
var nothing = []byte{}

func (r *rows) add(bucket, key, value []byte) { r.list = append(r.list, row{bucket, key, value}) }

func (r *rows) addMessage(bucket, key []byte, m proto.Message) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding a row of %s: %w", bucket, err)
	}
	if b == nil {
		b = nothing
	}
	r.add(bucket, key, b)
	return nil
}

// addNew adds what only a new workflow has.
func (r *rows) addNew(wid uuid.UUID, w *mlopsv1.Workflow, key []byte) error {
	r.add(bucketCreated, timeKey(w.CreatedAt.AsTime(), wid), nothing)
	if w.IdempotencyKey != "" {
		r.add(bucketKey, key, wid[:])
	}
	return nil
}

// addEffect adds the rows of an effect. wasFinal says whether the workflow was
// final before, isNew which tasks did not exist.
func (r *rows) addEffect(wid uuid.UUID, e statestore.Effect, wasFinal bool, isNew func(ordinal uint32) bool) error {
	w := e.Changes.Workflow
	b, err := encodeWorkflow(w)
	if err != nil {
		return err
	}
	r.add(bucketWorkflow, wid[:], b)
	if !wasFinal && statestore.FinalWorkflow(w.State) {
		r.add(bucketFinished, timeKey(w.FinishedAt.AsTime(), wid), nothing)
		r.finished = true
	}
	for _, t := range e.Changes.Tasks {
		if err := r.addTask(wid, t, isNew(t.Ordinal)); err != nil {
			return err
		}
	}
	for _, t := range e.Joins {
		b, err := encodeTask(t)
		if err != nil {
			return err
		}
		r.add(bucketTask, taskKey(wid, t.Ordinal), b)
	}
	return r.addChanges(wid, e.Changes.Events)
}

// addTask adds a task's record, its place in the queue, and the payloads that it
// has newly got.
func (r *rows) addTask(wid uuid.UUID, t *mlopsv1.Task, isNew bool) error {
	b, err := encodeTask(t)
	if err != nil {
		return err
	}
	r.add(bucketTask, taskKey(wid, t.Ordinal), b)
	place := queueKey(t.Priority, t.CreatedAt.AsTime(), wid, t.Ordinal)
	if isNew {
		if err := r.addMessage(bucketPayload, payloadKey(wid, t.Ordinal, payloadSpec), t.Spec); err != nil {
			return err
		}
		if len(t.Inputs) > 0 {
			if err := r.addMessage(bucketPayload, payloadKey(wid, t.Ordinal, payloadInputs), &mlopsv1.Task{Inputs: t.Inputs}); err != nil {
				return err
			}
		}
	}
	switch final := statestore.Final(t.State); {
	case isNew && !final:
		r.add(bucketQueue, place, nothing)
	case final && !isNew:
		r.add(bucketQueue, place, nil)
	}
	if t.Result != nil {
		if err := r.addMessage(bucketPayload, payloadKey(wid, t.Ordinal, payloadResult), t.Result); err != nil {
			return err
		}
	}
	if t.Join != nil {
		join := &mlopsv1.Join{Children: t.Join.Children, Then: t.Join.Then}
		return r.addMessage(bucketPayload, payloadKey(wid, t.Ordinal, payloadJoin), join)
	}
	return nil
}

// addChanges adds events of state changes, numbered without a gap.
func (r *rows) addChanges(wid uuid.UUID, events []*mlopsv1.Event) error {
	for len(events) > 0 {
		n := min(len(events), changesPerRow)
		b, err := encodeChanges(events[:n])
		if err != nil {
			return err
		}
		r.add(bucketChange, seqKey(wid, events[0].Seq), b)
		events = events[n:]
	}
	return nil
}

// put writes the rows.
func (r *rows) put(tx *bbolt.Tx) error {
	for _, row := range r.list {
		b := tx.Bucket(row.bucket)
		b.FillPercent = fillPercent
		var err error
		if row.value == nil {
			err = b.Delete(row.key)
		} else {
			err = b.Put(row.key, row.value)
		}
		if err != nil {
			return &brokenError{fmt.Errorf("bucket %s: %w", row.bucket, err)}
		}
	}
	if r.finished {
		if _, err := tx.Bucket(bucketFinished).NextSequence(); err != nil {
			return &brokenError{err}
		}
	}
	return nil
}

// fillPercent is how full a page is left when it is split: keys come nearly in
// order, so that pages are hardly ever split again.
const fillPercent = 0.85
