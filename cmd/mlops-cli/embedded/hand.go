package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"mlops/proto/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
	"mlops/runner"
	"mlops/runner/observe/outbound"
	"mlops/worker"
	"mlops/worker/isolation"
)

const (
	// interactiveSlots are for status and observe.
	interactiveSlots = 2
	// farewell is how long a worker may take to tell the master that it leaves.
	farewell = 2 * time.Second
	// stragglers is how long attempts may take that do not stop when asked.
	stragglers = 5 * time.Second
)

// hand is the session's worker and the goroutine that runs it.
type hand struct {
	worker   *worker.Worker
	executor *isolation.InProcess
	cancel   context.CancelFunc
	ended    sync.WaitGroup
	err      error // of Run; read after ended
}

func (s *Session) startWorker() (*hand, error) {
	executor := &isolation.InProcess{
		NewRunner: func(env runner.Environment) isolation.Runner { return runner.New(env) },
		Reach: isolation.Reach{
			AllowedURLs: outbound.Anywhere, AllowedPrograms: s.options.Programs, ProbesAllowed: s.options.Probes, Version: s.options.Version,
		},
	}
	if err := os.MkdirAll(s.id.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the worker's directory: %w", err)
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost"
	}
	kept := store{client: artifacts.New(mlopsv1.NewArtifactServiceClient(s.conn)), cache: filepath.Join(s.id.dir, "artifacts")}
	w, err := worker.New(mlopsv1.NewWorkerServiceClient(s.conn), worker.Options{
		ID:               workerID(s.id.name),
		Slots:            max(runtime.GOMAXPROCS(0), 1),
		InteractiveSlots: interactiveSlots,
		Labels:           map[string]string{SessionLabel: s.id.name, "mlops.host": transport.HostID()},
		Capabilities:     runner.Capabilities(s.options.Probes),
		Executor:         executor,
		Artifacts:        func() (runner.Artifacts, func()) { return kept, func() {} },
		WorkDir:          s.id.dir,
		Version:          s.options.Version,
		HostID:           transport.HostID(),
		Hostname:         hostname,
		Logger:           s.options.Logger,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &hand{worker: w, executor: executor, cancel: cancel}
	h.ended.Go(func() { h.err = w.Run(ctx) })
	return h, nil
}

// stop ends the worker; what it still runs is stopped and handed back.
func (h *hand) stop() error {
	h.worker.Drain()
	last := time.AfterFunc(farewell, h.cancel)
	h.ended.Wait()
	last.Stop()
	h.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), stragglers)
	defer cancel()
	if err := h.executor.Wait(ctx); err != nil {
		return err
	}
	return h.err
}

// store gives attempts the master's artifacts.
type store struct {
	client *artifacts.Client
	cache  string
}

// Publish stores a file or a directory and links it.
func (s store) Publish(ctx context.Context, path, link string) (url string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("publish an artifact: %w", err)
	}
	if info.IsDir() {
		url, err = s.client.UploadDir(ctx, path)
	} else {
		url, err = s.client.Upload(ctx, path, nil)
	}
	if err != nil || link == "" {
		return url, err
	}
	return url, s.client.Link(ctx, url, link)
}

// Fetch makes an artifact available on the local disk.
func (s store) Fetch(ctx context.Context, url string) (path string, err error) {
	return s.client.Fetch(ctx, url, s.cache)
}

// List returns the URLs of linked artifacts by name.
func (s store) List(ctx context.Context, prefix string) (map[string]string, error) {
	return s.client.List(ctx, prefix)
}
