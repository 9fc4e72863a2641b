package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"mlops/cmd/program"
	"mlops/proto/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
	"mlops/runner"
	"mlops/runner/observe/outbound"
	userprogram "mlops/runner/program"
	"mlops/worker"
	"mlops/worker/artifactcache"
	"mlops/worker/isolation"
	"mlops/worker/journal"
	"mlops/worker/workdir"
)

// run works until the worker is drained, or can no longer work.
func run(ctx context.Context, s settings, logs io.Writer) error {
	logger, err := s.log.Logger(logs)
	if err != nil {
		return err
	}
	o, reach, err := s.options()
	if err != nil {
		return err
	}
	client, err := s.clientOptions()
	if err != nil {
		return err
	}
	memoryLimit, err := parseSize("--memory-limit", s.memoryLimit, 0)
	if err != nil {
		return err
	}
	cacheSize, err := parseSize("--cache-size", s.cacheSize, artifactcache.DefaultMaxBytes)
	if err != nil {
		return err
	}
	if s.isolation == "none" && memoryLimit > 0 {
		return errors.New("--memory-limit needs --isolation=process")
	}
	conn, err := transport.Dial(client)
	if err != nil {
		return err
	}
	defer conn.Close()

	dir, err := s.openWorkDir()
	if err != nil {
		return failure{err}
	}
	defer dir.Close()
	if o.ID, err = dir.ID(s.id, o.Hostname); err != nil {
		return failure{err}
	}
	o.WorkDir = dir.Path()
	kept, replay, err := journal.Open(dir.Journal(), logger)
	if err != nil {
		return failure{err}
	}
	defer kept.Close()
	o.Journal, o.Replay = kept, replay
	cache, err := artifactcache.New(artifacts.New(mlopsv1.NewArtifactServiceClient(conn)), dir.Artifacts(), cacheSize, logger)
	if err != nil {
		return failure{err}
	}
	o.Artifacts, o.Logger = cache.Session, logger
	switch s.isolation {
	case "process":
		o.Executor = &isolation.Process{Reach: reach, MemoryLimit: memoryLimit, Logger: logger}
	case "none":
		o.Executor = &isolation.InProcess{NewRunner: newRunner(), Reach: reach}
	default:
		return fmt.Errorf("--isolation %q: use process or none", s.isolation)
	}
	w, err := worker.New(mlopsv1.NewWorkerServiceClient(conn), o)
	if err != nil {
		return err
	}
	logger.Info("connecting", "master", s.master, "worker", o.ID, "work_dir", o.WorkDir, "isolation", s.isolation)
	ctx, stop := drainOnSignal(ctx, w, logger)
	defer stop()
	if err := w.Run(ctx); err != nil {
		return failure{err}
	}
	return nil
}

// drainOnSignal drains the worker at the first signal and ends the context at
// the second.
func drainOnSignal(ctx context.Context, w *worker.Worker, logger *slog.Logger) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var listener sync.WaitGroup
	listener.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case sig := <-signals:
				if n > 0 {
					logger.Warn("leaving at once", "signal", sig)
					cancel()
					return
				}
				w.Drain()
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		cancel()
		listener.Wait()
	}
}

// options are the worker's, as far as the flags alone decide them.
func (s *settings) options() (worker.Options, isolation.Reach, error) {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = ""
	}
	o := worker.Options{
		Slots:            s.slots,
		InteractiveSlots: s.interactive,
		Capabilities:     runner.Capabilities(s.probes),
		Version:          program.Version(),
		HostID:           transport.HostID(),
		Hostname:         hostname,
		DrainTimeout:     s.drain,
		DisconnectLimit:  s.disconnect,
		UnreachableLimit: s.unreachable,
	}
	reach := isolation.Reach{ProbesAllowed: s.probes, Version: program.Version()}
	if o.Labels, err = parseLabels(s.labels); err != nil {
		return o, reach, err
	}
	if s.drain < 0 || s.disconnect <= 0 || s.unreachable < 0 {
		return o, reach, errors.New("--drain-timeout and --exit-if-unreachable must not be negative, --disconnect-limit must be positive")
	}
	if !transport.IsLoopback(s.master) || len(s.roots) > 0 {
		reach.AllowedRoots = []string{} // nothing but artifacts
	}
	for _, prefix := range s.urls {
		if err := outbound.CheckPrefix(prefix); err != nil {
			return o, reach, fmt.Errorf("--allow-url: %w", err)
		}
	}
	reach.AllowedURLs = s.urls
	for _, allowed := range s.programs {
		path, err := userprogram.CheckAllowed(".", allowed)
		if err != nil {
			return o, reach, fmt.Errorf("--allow-program: %w", err)
		}
		reach.AllowedPrograms = append(reach.AllowedPrograms, path)
	}
	for _, root := range s.roots {
		path, err := filepath.Abs(root)
		if err != nil {
			return o, reach, fmt.Errorf("--allow-root %s: %w", root, err)
		}
		if info, err := os.Stat(path); err != nil {
			return o, reach, fmt.Errorf("--allow-root: %w", err)
		} else if !info.IsDir() {
			return o, reach, fmt.Errorf("--allow-root %s is not a directory", root)
		}
		reach.AllowedRoots = append(reach.AllowedRoots, path)
	}
	return o, reach, nil
}

func (s *settings) clientOptions() (transport.ClientOptions, error) {
	o := transport.ClientOptions{
		Address: s.master, Token: os.Getenv("MLOPS_TOKEN"),
		CAFile: s.ca, CertFile: s.cert, KeyFile: s.key, ServerName: s.serverName, Insecure: s.insecure,
	}
	if s.tokenFile != "" {
		token, err := transport.ReadToken(s.tokenFile)
		if err != nil {
			return o, err
		}
		o.Token = token
	}
	return o, nil
}

// openWorkDir opens the directory that was named, or a free one.
func (s *settings) openWorkDir() (*workdir.Dir, error) {
	if s.workDir != "" {
		return workdir.Open(s.workDir)
	}
	state := os.Getenv("MLOPS_STATE")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("--work-dir is not set and there is no home directory: %w", err)
		}
		state = filepath.Join(home, ".local", "state", "mlops")
	}
	return workdir.OpenFree(filepath.Join(state, "workers"))
}
