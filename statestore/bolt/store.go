package bolt

import (
	"errors"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"mlops/statestore"
)

// Options of a store; the zero value is good.
type Options struct {
	// Timeout is how long Open waits for another process's lock; 0: one second.
	Timeout time.Duration
	// EventLimit is how many progress and log events a workflow keeps; 0: 1,000.
	EventLimit int
	// MaxBatch is how many requests share a transaction at most; 0: 512.
	MaxBatch int
	// NoSync leaves out fsync: for tests that are not about durability.
	NoSync bool
	// Now is the clock that names backups; nil: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	if o.EventLimit <= 0 {
		o.EventLimit = 1000
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 512
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Store is a [statestore.Store] in one bbolt file.
type Store struct {
	db       *bbolt.DB
	path     string
	options  Options
	requests chan *request // unbuffered: who has sent is being served
	closing  chan struct{}
	written  chan struct{} // closed when the writer has ended
	close    sync.Once
	closeErr error
}

var _ statestore.Store = (*Store)(nil)

// serve wraps an open database and starts its writer.
func serve(db *bbolt.DB, path string, o Options) *Store {
	s := &Store{
		db: db, path: path, options: o,
		requests: make(chan *request),
		closing:  make(chan struct{}),
		written:  make(chan struct{}),
	}
	go s.writer()
	return s
}

// Close implements [statestore.Store]. It leaves the list of free pages in the
// file, so that the next Open need not search for them.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		<-s.written
		s.db.NoFreelistSync = false
		err := s.db.Update(func(*bbolt.Tx) error { return nil })
		removeHolder(s.path)
		s.closeErr = errors.Join(err, s.db.Close())
	})
	return s.closeErr
}

// read runs work in a read transaction of its own.
func (s *Store) read(work func(view) error) error {
	err := s.db.View(func(tx *bbolt.Tx) error { return work(view{tx}) })
	if isClosed(err) {
		return statestore.ErrClosed
	}
	return err
}
