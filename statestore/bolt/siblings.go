package bolt

import (
	"bytes"
	"encoding/binary"
	"iter"

	"github.com/google/uuid"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// siblings reads a workflow's tasks for [statestore.Carry].
type siblings struct {
	view
	wid uuid.UUID
}

// Joining returns a task's record.
func (s siblings) Joining(ordinal uint32) (*mlopsv1.Task, error) {
	return s.taskRecord(s.wid, ordinal)
}

// Join returns a whole join.
func (s siblings) Join(ordinal uint32) (*mlopsv1.Join, error) {
	t, err := s.taskRecord(s.wid, ordinal)
	if err != nil {
		return nil, err
	}
	return s.join(s.wid, ordinal, t.GetJoin())
}

// Result returns a task's result.
func (s siblings) Result(ordinal uint32) (*mlopsv1.Result, error) {
	return s.result(s.wid, ordinal)
}

// Unfinished yields the workflow's tasks that are not final.
func (s siblings) Unfinished() iter.Seq2[*mlopsv1.Task, error] {
	return func(yield func(*mlopsv1.Task, error) bool) {
		for t, err := range s.tasks(s.wid) {
			if err == nil && statestore.Final(t.State) {
				continue
			}
			if err == nil {
				err = s.complete(s.wid, t)
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// tasks yields the records of a workflow's tasks by ordinal.
func (v view) tasks(wid uuid.UUID) iter.Seq2[*mlopsv1.Task, error] {
	return func(yield func(*mlopsv1.Task, error) bool) {
		c := v.tx.Bucket(bucketTask).Cursor()
		for k, b := c.Seek(wid[:]); bytes.HasPrefix(k, wid[:]); k, b = c.Next() {
			t, err := decodeTask(wid, binary.BigEndian.Uint32(k[len(wid):]), b)
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}
