package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"mlops/master"
	"mlops/proto/transport"
	"mlops/statestore/bolt"
)

const (
	// turnPoll is how often a guest looks whether the lock is free.
	turnPoll = 50 * time.Millisecond
	// heartbeat is the pace of workers, which are all on this host.
	heartbeat = time.Second
	// leaseTTL outlasts a change of the host by far.
	leaseTTL = 15 * time.Second
	// stopTimeout is what calls of guests get when the host leaves.
	stopTimeout = 2 * time.Second
	// pipeBytes is the in-memory connection's buffer.
	pipeBytes = 1 << 18
	// storePatience is how long a former host may take to close the store.
	storePatience = 10 * time.Second
)

// takeRole makes this session the host if the lock is free, and else lets it
// wait for its turn in the background.
func (s *Session) takeRole(ctx context.Context) error {
	got, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the state directory: %w", err)
	}
	if !got {
		s.roles.Go(func() { s.waitForTurn(ctx) })
		return nil
	}
	h, err := s.startHost(ctx)
	if err != nil {
		return err
	}
	s.roles.Go(func() { s.serve(ctx, h) })
	return nil
}

// waitForTurn hosts as soon as the lock is free, until ctx ends.
func (s *Session) waitForTurn(ctx context.Context) {
	got, err := s.lock.TryLockContext(ctx, turnPoll)
	if ctx.Err() != nil || err == nil && !got {
		return
	}
	if err != nil {
		s.fail(fmt.Errorf("lock the state directory: %w", err))
		return
	}
	h, err := s.startHost(ctx)
	if err != nil {
		s.fail(err)
		return
	}
	s.roles.Go(func() {
		if err := s.cancelDead(ctx); err != nil && ctx.Err() == nil {
			s.options.Logger.Warn("work of sessions that died could not be cancelled", "error", err)
		}
	})
	s.serve(ctx, h)
}

// host is a master that this session runs.
type host struct {
	store  *bolt.Store
	master *master.Master
	memory *bufconn.Listener // for this session
	socket net.Listener      // for the others
}

// startHost opens the store, starts the master and opens its listeners; the lock
// is held.
func (s *Session) startHost(ctx context.Context) (*host, error) {
	store, err := bolt.Open(filepath.Join(s.options.StateDir, "state.db"), bolt.Options{Timeout: storePatience})
	if err != nil {
		return nil, err
	}
	m, err := master.New(store, master.Options{
		Heartbeat: heartbeat, LeaseTTL: leaseTTL, StopTimeout: stopTimeout,
		ArtifactDir: filepath.Join(s.options.StateDir, "artifacts"),
		Logger:      s.options.Logger, Version: s.options.Version, HostID: transport.HostID(),
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	socket, err := listen(ctx, s.socket)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the master's socket: %w", err), m.Close(), store.Close())
	}
	h := &host{store: store, master: m, memory: bufconn.Listen(pipeBytes), socket: socket}
	s.setMemory(h.memory)
	return h, nil
}

// serve hosts until ctx ends, and then gives up the lock.
func (s *Session) serve(ctx context.Context, h *host) {
	err := h.master.Serve(ctx, h.memory, h.socket)
	s.setMemory(nil)
	// The lock goes last: the next host finds the store closed.
	err = errors.Join(err, h.master.Close(), h.store.Close())
	if err != nil {
		s.fail(fmt.Errorf("host the master: %w", err))
	}
	if err := s.lock.Unlock(); err != nil {
		s.fail(fmt.Errorf("unlock the state directory: %w", err))
	}
}

func (s *Session) setMemory(l *bufconn.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = l
}

// fail keeps an error for callers: it is what dialling says from then on.
func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = errors.Join(s.failure, err)
}
