package bolt

import (
	"context"
	"fmt"
)

// SetDrained implements [statestore.Store].
func (s *Store) SetDrained(ctx context.Context, workerID string, drained bool) error {
	if workerID == "" || len(workerID) > maxNameBytes {
		return fmt.Errorf("draining a worker: its id has %d bytes; 1 to %d are allowed", len(workerID), maxNameBytes)
	}
	return s.write(ctx, func(v view) error {
		var rows rows
		if drained {
			rows.add(bucketDrained, []byte(workerID), nothing)
		} else {
			rows.add(bucketDrained, []byte(workerID), nil)
		}
		return rows.put(v.tx)
	})
}

// Drained implements [statestore.Store].
func (s *Store) Drained(context.Context) (ids []string, err error) {
	err = s.read(func(v view) error {
		return v.tx.Bucket(bucketDrained).ForEach(func(k, _ []byte) error {
			ids = append(ids, string(k))
			return nil
		})
	})
	return ids, err
}
