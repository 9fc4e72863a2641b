package master

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	"mlops/master/artifacts"
	"mlops/master/dispatch"
	"mlops/master/watch"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// Master serves clients and workers from one state store.
type Master struct {
	store      statestore.Store
	opts       Options
	started    time.Time
	dispatcher *dispatch.Dispatcher
	hub        *watch.Hub
	folder     *artifacts.Folder
	artifacts  *artifacts.Service

	// stopping is closed when watches must end.
	stopping chan struct{}
	stopOnce sync.Once
	tasks    sync.WaitGroup
	cancel   context.CancelFunc
}

// New loads the store's unfinished tasks and starts to keep their leases. Close
// must be called in the end; the store is the caller's to close after that.
func New(store statestore.Store, opts Options) (*Master, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	folder, err := artifacts.OpenFolder(opts.ArtifactDir, opts.Now)
	if err != nil {
		return nil, fmt.Errorf("master: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Master{
		store:     store,
		opts:      opts,
		started:   opts.Now(),
		hub:       &watch.Hub{},
		folder:    folder,
		artifacts: artifacts.NewService(folder, store, opts.MaxArtifactBytes, opts.Now),
		stopping:  make(chan struct{}),
		cancel:    cancel,
	}
	m.dispatcher, err = dispatch.New(ctx, store, dispatch.Options{
		Now:         opts.Now,
		Heartbeat:   opts.Heartbeat,
		LeaseTTL:    opts.LeaseTTL,
		CancelGrace: opts.CancelGrace,
		MaxQueued:   opts.MaxQueued,
		MaxLogLine:  opts.MaxLogLineBytes,
		Publisher:   m.hub,
		Logger:      opts.Logger,
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("master: %w", err)
	}
	m.tasks.Go(func() { m.runRetention(ctx) })
	return m, nil
}

// Register registers the master's services. Serve does it by itself; Register is
// for a server of the caller's own, who then is to authenticate.
func (m *Master) Register(r grpc.ServiceRegistrar) {
	mlopsv1.RegisterClientServiceServer(r, &clientService{m: m})
	mlopsv1.RegisterWorkerServiceServer(r, &workerService{m: m})
	mlopsv1.RegisterArtifactServiceServer(r, m.artifacts)
}

// quiesce stops granting and ends every watch and every waiting call.
func (m *Master) quiesce() {
	m.stopOnce.Do(func() { close(m.stopping) })
	m.dispatcher.Quiesce()
}

// Close ends all calls, stores what is at hand and stops the master's goroutines.
// The store stays open. Close may be called more than once.
func (m *Master) Close() error {
	m.quiesce()
	m.cancel()
	m.dispatcher.Stop()
	m.tasks.Wait()
	return nil
}
