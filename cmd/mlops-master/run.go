package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/google/renameio/v2"

	"mlops/cmd/program"
	"mlops/master"
	"mlops/master/auth"
	"mlops/proto/transport"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// collectAt is how far the heap grows, in percent, before garbage is collected.
// A master's live heap is small and its garbage, messages mostly, plenty: at Go's
// usual 100 a sixth of its time under load went into collecting.
const collectAt = 400

// run serves until ctx ends.
func run(ctx context.Context, s settings, logs io.Writer) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	logger, err := s.log.Logger(logs)
	if err != nil {
		return err
	}
	options, err := s.options(logger)
	if err != nil {
		return err
	}
	for _, address := range s.listen {
		if s.insecure {
			break
		}
		network, addr := splitAddress(address)
		if err := auth.CheckListen(network, addr, options.TLS != nil, s.tokens != "" || s.clientCA != ""); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		return failure{fmt.Errorf("make the state folder: %w", err)}
	}
	store, err := bolt.Open(filepath.Join(s.state, "state.db"), bolt.Options{})
	if err != nil {
		return failure{err}
	}
	defer func() {
		if closing := store.Close(); closing != nil && err == nil {
			err = failure{closing}
		}
	}()
	m, err := master.New(store, options)
	if err != nil {
		return err
	}
	defer func() {
		if closing := m.Close(); closing != nil && err == nil {
			err = failure{closing}
		}
	}()
	listeners, err := listen(ctx, s.listen)
	if err != nil {
		return failure{err}
	}
	if err := announce(s, logger, listeners); err != nil {
		closeAll(listeners)
		return failure{err}
	}
	if err := m.Serve(ctx, listeners...); err != nil {
		return failure{err}
	}
	logger.Info("stopped")
	return nil
}

// options are the master's, as the flags say.
func (s *settings) options(logger *slog.Logger) (master.Options, error) {
	o := master.Options{
		Heartbeat:        s.heartbeat,
		LeaseTTL:         s.leaseTTL,
		Retention:        statestore.Retention{MaxAge: orNever(s.retainAge), MaxCount: orNever(s.retainCount)},
		MaxQueued:        s.maxQueued,
		MaxArtifactBytes: s.maxArtifact,
		Logger:           logger,
		Version:          program.Version(),
		HostID:           transport.HostID(),
	}
	switch {
	case s.heartbeat <= 0:
		return o, fmt.Errorf("--heartbeat must be positive, is %s", s.heartbeat)
	case s.leaseTTL < 0:
		return o, fmt.Errorf("--lease-ttl must be positive, is %s", s.leaseTTL)
	case s.retainAge < 0 || s.retainCount < 0:
		return o, errors.New("--retain-age and --retain-count must not be negative")
	case s.maxQueued <= 0 || s.maxArtifact <= 0:
		return o, errors.New("--max-queued and --max-artifact-size must be positive")
	case (s.tlsCert == "") != (s.tlsKey == ""):
		return o, errors.New("--tls-cert and --tls-key go together")
	case s.clientCA != "" && s.tlsCert == "":
		return o, errors.New("--client-ca needs --tls-cert and --tls-key")
	case len(s.listen) == 0:
		return o, errors.New("--listen names no address")
	}
	if s.tlsCert != "" {
		config, err := auth.TLSConfig(s.tlsCert, s.tlsKey, s.clientCA)
		if err != nil {
			return o, err
		}
		o.TLS = config
		o.Authority.Certificates = s.clientCA != ""
	}
	if s.tokens != "" {
		tokens, err := auth.LoadTokens(s.tokens)
		if err != nil {
			return o, err
		}
		o.Authority.Tokens = tokens
	}
	if s.state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return o, fmt.Errorf("--state is not set and there is no home folder: %w", err)
		}
		s.state = filepath.Join(home, ".local", "state", "mlops-master")
	}
	o.ArtifactDir = filepath.Join(s.state, "artifacts")
	return o, nil
}

// orNever turns the flags' 0, no bound, into the options' negative.
func orNever[T ~int | ~int64](bound T) T {
	if bound == 0 {
		return -1
	}
	return bound
}

func splitAddress(address string) (network, addr string) {
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		return "unix", path
	}
	return "tcp", address
}

// listen opens all addresses or none.
func listen(ctx context.Context, addresses []string) ([]net.Listener, error) {
	var listeners []net.Listener
	for _, address := range addresses {
		l, err := listenOn(ctx, address)
		if err != nil {
			closeAll(listeners)
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// listenOn opens one address. A socket that an earlier master left behind is
// replaced: the lock on the state folder says that no other master uses it.
func listenOn(ctx context.Context, address string) (net.Listener, error) {
	network, addr := splitAddress(address)
	var config net.ListenConfig
	if network == "tcp" {
		return config.Listen(ctx, network, addr)
	}
	if !filepath.IsAbs(addr) {
		return nil, errors.New("a socket's path must be absolute: unix:///path")
	}
	if info, err := os.Lstat(addr); err == nil && info.Mode()&os.ModeSocket != 0 {
		if c, err := (&net.Dialer{}).DialContext(ctx, network, addr); err == nil {
			c.Close()
			return nil, errors.New("address already in use")
		}
		if err := os.Remove(addr); err != nil {
			return nil, fmt.Errorf("remove the socket left behind: %w", err)
		}
	}
	l, err := config.Listen(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(addr, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("close the socket to others: %w", err)
	}
	return l, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// announce says where the master listens: in its log, and in the ready file.
func announce(s settings, logger *slog.Logger, listeners []net.Listener) error {
	var lines strings.Builder
	for _, l := range listeners {
		address := l.Addr().String()
		if l.Addr().Network() == "unix" {
			address = "unix://" + address
		}
		lines.WriteString(address + "\n")
		logger.Info("listening", "address", address, "state", s.state, "version", program.Version())
	}
	if s.readyFile == "" {
		return nil
	}
	if err := renameio.WriteFile(s.readyFile, []byte(lines.String()), 0o644); err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	return nil
}
