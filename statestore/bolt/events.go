package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Append implements [statestore.Store].
func (s *Store) Append(ctx context.Context, events []*mlopsv1.Event) ([]*mlopsv1.Event, error) {
	for _, e := range events {
		if e.GetProgress() == nil && e.GetLog() == nil {
			return nil, fmt.Errorf("appending to workflow %q: only progress and log events are appended", e.GetWorkflowId())
		}
	}
	var appended []*mlopsv1.Event
	err := s.write(ctx, func(v view) error {
		appended = appended[:0]
		logs := map[string]*eventLog{}
		var rows rows
		for _, given := range events {
			l, err := v.openLog(logs, given.WorkflowId)
			if errors.Is(err, statestore.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			e := proto.CloneOf(given)
			if err := l.add(&rows, e); err != nil {
				return err
			}
			appended = append(appended, e)
		}
		for _, l := range logs {
			if err := l.finish(v, &rows, s.options.EventLimit); err != nil {
				return err
			}
		}
		return rows.put(v.tx)
	})
	if err != nil {
		return nil, err
	}
	return appended, nil
}

// eventLog is a workflow's progress and log events while some are added.
type eventLog struct {
	wid   uuid.UUID
	w     *mlopsv1.Workflow
	lines uint64   // kept and added
	added [][]byte // keys of those added, oldest first
}

// openLog returns a workflow's log, opened once.
func (v view) openLog(logs map[string]*eventLog, id string) (*eventLog, error) {
	if l := logs[id]; l != nil {
		return l, nil
	}
	wid, err := statestore.ParseWorkflowID(id)
	if err != nil {
		return nil, err
	}
	w, err := v.workflowRecord(wid)
	if err != nil {
		return nil, err
	}
	l := &eventLog{wid: wid, w: w}
	if b := v.tx.Bucket(bucketLine).Get(seqKey(wid, 0)); b != nil {
		l.lines = binary.BigEndian.Uint64(b)
	}
	logs[id] = l
	return l, nil
}

// add numbers an event and adds its row.
func (l *eventLog) add(rows *rows, e *mlopsv1.Event) error {
	l.w.LastSeq++
	e.Seq = l.w.LastSeq
	b, err := encodeLine(e)
	if err != nil {
		return err
	}
	key := seqKey(l.wid, e.Seq)
	rows.add(bucketLine, key, b)
	l.added = append(l.added, key)
	l.lines++
	return nil
}

// finish drops the oldest events beyond the limit and adds the new counts.
func (l *eventLog) finish(v view, rows *rows, limit int) error {
	c := v.tx.Bucket(bucketLine).Cursor()
	k, _ := c.Seek(seqKey(l.wid, 1))
	for ; l.lines > uint64(limit); l.lines-- {
		if bytes.HasPrefix(k, l.wid[:]) {
			rows.add(bucketLine, bytes.Clone(k), nil)
			k, _ = c.Next()
			continue
		}
		rows.add(bucketLine, l.added[0], nil)
		l.added = l.added[1:]
	}
	rows.add(bucketLine, seqKey(l.wid, 0), binary.BigEndian.AppendUint64(nil, l.lines))
	b, err := encodeWorkflow(l.w)
	if err != nil {
		return err
	}
	rows.add(bucketWorkflow, l.wid[:], b)
	return nil
}

// Events implements [statestore.Store]: state changes and lines, merged by their
// numbers.
func (s *Store) Events(_ context.Context, workflowID string, fromSeq uint64, limit int) (events []*mlopsv1.Event, err error) {
	wid, err := statestore.ParseWorkflowID(workflowID)
	if err != nil {
		return nil, err
	}
	err = s.read(func(v view) error {
		if _, err := v.workflowRecord(wid); err != nil {
			return err
		}
		changes, lines := v.changesFrom(wid, fromSeq), v.linesFrom(wid, max(fromSeq, 1))
		change, err := changes()
		if err != nil {
			return err
		}
		line, err := lines()
		if err != nil {
			return err
		}
		for (limit <= 0 || len(events) < limit) && (change != nil || line != nil) {
			if line == nil || change != nil && change.Seq < line.Seq {
				events = append(events, change)
				change, err = changes()
			} else {
				events = append(events, line)
				line, err = lines()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return events, err
}

// changesFrom returns a function that returns the workflow's state changes from
// a number on, one after the other, then nil.
func (v view) changesFrom(wid uuid.UUID, from uint64) func() (*mlopsv1.Event, error) {
	c := v.tx.Bucket(bucketChange).Cursor()
	// The row that begins at or before from may hold it.
	k, b := c.Seek(seqKey(wid, from))
	if k == nil || !bytes.Equal(k, seqKey(wid, from)) {
		if p, pb := c.Prev(); bytes.HasPrefix(p, wid[:]) {
			k, b = p, pb
		} else {
			k, b = c.Seek(seqKey(wid, from))
		}
	}
	var row []*mlopsv1.Event
	return func() (*mlopsv1.Event, error) {
		for {
			for len(row) > 0 {
				e := row[0]
				row = row[1:]
				if e.Seq >= from {
					return e, nil
				}
			}
			if !bytes.HasPrefix(k, wid[:]) {
				return nil, nil
			}
			var err error
			if row, err = decodeChanges(wid, binary.BigEndian.Uint64(k[16:]), b); err != nil {
				return nil, err
			}
			k, b = c.Next()
		}
	}
}

// linesFrom is changesFrom for progress and log events.
func (v view) linesFrom(wid uuid.UUID, from uint64) func() (*mlopsv1.Event, error) {
	c := v.tx.Bucket(bucketLine).Cursor()
	k, b := c.Seek(seqKey(wid, from))
	return func() (*mlopsv1.Event, error) {
		if !bytes.HasPrefix(k, wid[:]) {
			return nil, nil
		}
		e, err := decodeLine(wid, binary.BigEndian.Uint64(k[16:]), b)
		k, b = c.Next()
		return e, err
	}
}
