package bolt

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"

	"mlops/statestore"
)

// Deleting a workflow takes two steps, so that no transaction grows with it.
// First it is doomed: its record and its places in the indexes go, after which
// nobody sees it any more. Then its tasks, payloads and events are swept away, a
// bounded number of rows at a time. A sweep that was interrupted goes on with the
// next call.
const (
	doomPerTransaction  = 256
	sweepPerTransaction = 4096
)

// Retain implements [statestore.Store].
func (s *Store) Retain(ctx context.Context, now time.Time, policy statestore.Retention) (deleted int, err error) {
	for {
		n := 0
		err := s.write(ctx, func(v view) error {
			var err error
			n, err = v.doom(now, policy)
			return err
		})
		deleted += n
		if err != nil {
			return deleted, err
		}
		if n < doomPerTransaction {
			return deleted, s.sweep(ctx)
		}
	}
}

// doom makes some of the workflows invisible that are beyond the policy.
func (v view) doom(now time.Time, policy statestore.Retention) (n int, err error) {
	finished := v.tx.Bucket(bucketFinished)
	beyond := uint64(0)
	if most := uint64(max(policy.MaxCount, 0)); most > 0 && finished.Sequence() > most {
		beyond = finished.Sequence() - most
	}
	var rows rows
	c := finished.Cursor()
	for k, _ := c.First(); k != nil && n < doomPerTransaction; k, _ = c.Next() {
		tooOld := policy.MaxAge > 0 && now.Sub(parseTime(k)) > policy.MaxAge
		if !tooOld && uint64(n) >= beyond {
			break
		}
		wid := uuid.UUID(k[8:])
		w, err := v.workflowRecord(wid)
		if err != nil {
			return 0, err
		}
		rows.add(bucketFinished, bytes.Clone(k), nil)
		rows.add(bucketWorkflow, wid[:], nil)
		rows.add(bucketCreated, timeKey(w.CreatedAt.AsTime(), wid), nil)
		if w.IdempotencyKey != "" {
			key, err := idempotencyKey(w.Owner, w.IdempotencyKey)
			if err != nil {
				return 0, err
			}
			rows.add(bucketKey, key, nil)
		}
		rows.add(bucketDoomed, wid[:], nothing)
		n++
	}
	if err := rows.put(v.tx); err != nil {
		return 0, err
	}
	if err := finished.SetSequence(finished.Sequence() - uint64(n)); err != nil {
		return 0, &brokenError{err}
	}
	return n, nil
}

// sweep deletes what doomed workflows have left.
func (s *Store) sweep(ctx context.Context) error {
	for more := true; more; {
		err := s.write(ctx, func(v view) (err error) {
			more, err = v.sweepSome()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepSome deletes a bounded number of rows and says whether there are more.
func (v view) sweepSome() (more bool, err error) {
	var rows rows
	doomed := v.tx.Bucket(bucketDoomed).Cursor()
	for id, _ := doomed.First(); id != nil; id, _ = doomed.Next() {
		wid := uuid.UUID(id)
		for _, name := range [][]byte{bucketTask, bucketPayload, bucketChange, bucketLine} {
			c := v.tx.Bucket(name).Cursor()
			for k, _ := c.Seek(wid[:]); bytes.HasPrefix(k, wid[:]); k, _ = c.Next() {
				if len(rows.list) >= sweepPerTransaction {
					return true, rows.put(v.tx)
				}
				rows.add(name, bytes.Clone(k), nil)
			}
		}
		rows.add(bucketDoomed, wid[:], nil)
	}
	return false, rows.put(v.tx)
}
