package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"mlops/statestore"
)

// Group commit. One goroutine owns all writing. It takes a request and whatever
// else waits by then, up to Options.MaxBatch, runs them one after the other in
// one transaction, commits it with one fsync and answers them all. While it
// commits, the next batch gathers by itself: the busier the store, the larger
// the batches, and an idle store answers at once.
//
// A request that refuses what it was asked writes nothing, so that the others of
// its batch are not concerned. One that fails half-way in writing is reported as
// a *brokenError: the transaction is rolled back, and the batch run again, one
// request to a transaction.

// request is one caller's work.
type request struct {
	run  func(view) error
	err  error
	done chan struct{}
	// state is taken by the writer or withdrawn by the caller, whoever is first.
	state atomic.Int32
}

const (
	requestWaits int32 = iota
	requestTaken
	requestWithdrawn
)

// write has the writer run work in a transaction and returns once it is durable.
// A context that ends before the writer has begun withdraws it; afterwards the
// outcome is awaited, so that it is never unknown.
func (s *Store) write(ctx context.Context, work func(view) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("writing the state store: %w", err)
	}
	r := &request{run: work, done: make(chan struct{})}
	select {
	case s.requests <- r:
	case <-s.closing:
		return statestore.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("writing the state store: %w", ctx.Err())
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(requestWaits, requestWithdrawn) {
			return fmt.Errorf("writing the state store: %w", ctx.Err())
		}
		<-r.done
	}
	return r.err
}

// writer serves requests until the store closes, and then those that it had
// accepted.
func (s *Store) writer() {
	defer close(s.written)
	batch := make([]*request, 0, s.options.MaxBatch)
	for {
		select {
		case r := <-s.requests:
			batch = s.gather(append(batch[:0], r))
			s.commit(batch)
		case <-s.closing:
			for batch = s.gather(batch[:0]); len(batch) > 0; batch = s.gather(batch[:0]) {
				s.commit(batch)
			}
			return
		}
	}
}

// gather adds what waits already.
func (s *Store) gather(batch []*request) []*request {
	for len(batch) < s.options.MaxBatch {
		select {
		case r := <-s.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch and answers it.
func (s *Store) commit(batch []*request) {
	taken := batch[:0]
	for _, r := range batch {
		if r.state.CompareAndSwap(requestWaits, requestTaken) {
			taken = append(taken, r)
		}
	}
	var broken *brokenError
	if err := s.transact(taken); asBroken(err, &broken) && len(taken) > 1 {
		for _, r := range taken {
			_ = s.transact([]*request{r}) // the error is the request's own
		}
	}
	for _, r := range taken {
		close(r.done)
	}
}

// transact runs requests in one transaction and leaves each one's error in it.
func (s *Store) transact(batch []*request) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range batch {
			r.err = r.run(view{tx})
			if broken := (*brokenError)(nil); errors.As(r.err, &broken) {
				return r.err
			}
		}
		return nil
	})
	if err != nil {
		for _, r := range batch {
			r.err = fmt.Errorf("committing to the state store: %w", err)
		}
	}
	return err
}
