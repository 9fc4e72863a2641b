package bolt

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// listDefault is how long a page is that names no limit.
const listDefault = 50

// List implements [statestore.Store].
func (s *Store) List(ctx context.Context, f statestore.Filter) (page []*mlopsv1.Workflow, next string, err error) {
	before, err := parseToken(f.Token)
	if err != nil {
		return nil, "", err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = listDefault
	}
	err = s.read(func(v view) error {
		var last []byte
		c := v.tx.Bucket(bucketCreated).Cursor()
		for k := lastBefore(c, before); k != nil; k, _ = c.Prev() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !f.CreatedAfter.IsZero() && parseTime(k).Before(f.CreatedAfter) {
				return nil
			}
			w, err := v.workflowRecord(uuid.UUID(k[8:]))
			if err != nil {
				return err
			}
			if !passes(f, w) {
				continue
			}
			if len(page) == limit {
				next = base64.RawURLEncoding.EncodeToString(last)
				return nil
			}
			page, last = append(page, w), k
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing workflows: %w", err)
	}
	return page, next, nil
}

// lastBefore places the cursor on the last key before one, or on the very last.
func lastBefore(c *bbolt.Cursor, before []byte) []byte {
	if before != nil {
		if k, _ := c.Seek(before); k != nil {
			k, _ = c.Prev()
			return k
		}
	}
	k, _ := c.Last()
	return k
}

// parseToken returns the key behind which a page's successor begins; nil for the
// first page.
func parseToken(token string) ([]byte, error) {
	if token == "" {
		return nil, nil
	}
	k, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(k) != 24 {
		return nil, fmt.Errorf("listing workflows: %w", statestore.ErrBadToken)
	}
	return k, nil
}

// passes says whether a workflow passes a filter.
func passes(f statestore.Filter, w *mlopsv1.Workflow) bool {
	if len(f.States) > 0 && !slices.Contains(f.States, w.State) ||
		len(f.Operations) > 0 && !slices.Contains(f.Operations, w.Operation) ||
		f.Owner != "" && f.Owner != w.Owner {
		return false
	}
	for k, want := range f.Labels {
		if got, ok := w.Labels[k]; !ok || got != want {
			return false
		}
	}
	return true
}
