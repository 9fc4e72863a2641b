package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"mlops/proto/transport"
)

// SessionLabel is the label by which a session's work finds its worker.
const SessionLabel = "mlops.session"

// Patience is how long a client should wait for the master: as long as the
// change from one host to the next may take.
const Patience = 20 * time.Second

// Options of a session.
type Options struct {
	StateDir string       // directory of the state; made with mode 0700 if it is not there
	Worker   bool         // run a worker
	Probes   bool         // the worker takes probes
	Programs []string     // absolute paths that the worker may run, or run from; none: it runs no programs
	Version  string       // of the program
	Logger   *slog.Logger // of master and worker; nil: nothing is logged
}

// Session is one process's, or one test's, part in the embedded runtime.
type Session struct {
	options Options
	socket  string // path of the host's socket
	id      *identity
	conn    *grpc.ClientConn
	worker  *hand
	lock    *flock.Flock // held while this session hosts
	stop    context.CancelFunc
	roles   sync.WaitGroup // the goroutine that hosts, or waits for its turn

	mu      sync.Mutex
	memory  *bufconn.Listener // set while this session hosts
	failure error             // why this session could not host when it was to
}

// Open joins the embedded runtime of a state directory, as its host if nobody
// hosts it yet. Close must be called in the end.
func Open(ctx context.Context, o Options) (_ *Session, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := makeStateDir(o.StateDir); err != nil {
		return nil, err
	}
	socket, err := socketPath(o.StateDir)
	if err != nil {
		return nil, err
	}
	id, err := newIdentity(o.StateDir)
	if err != nil {
		return nil, err
	}
	roleCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{options: o, socket: socket, id: id, stop: stop, lock: flock.New(filepath.Join(o.StateDir, "embedded.lock"), flock.SetPermissions(0o600))}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.conn, err = transport.Dial(transport.ClientOptions{Address: "embedded", ContextDialer: s.dial}); err != nil {
		return nil, err
	}
	if err := s.takeRole(roleCtx); err != nil {
		return nil, err
	}
	if err := s.cancelDead(ctx); err != nil {
		return nil, err
	}
	if o.Worker {
		if s.worker, err = s.startWorker(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Conn returns the connection to the master, whoever hosts it.
func (s *Session) Conn() grpc.ClientConnInterface { return s.conn }

// Labels returns the labels that the session's submissions must carry and
// require.
func (s *Session) Labels() map[string]string { return map[string]string{SessionLabel: s.id.name} }

// Hosts reports whether this session hosts the master now.
func (s *Session) Hosts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory != nil
}

// Close leaves the runtime: the worker ends, then the master if this session
// hosts it, and the lock falls to the next.
func (s *Session) Close() error {
	var failures []error
	if s.worker != nil {
		failures = append(failures, s.worker.stop())
	}
	if s.conn != nil {
		failures = append(failures, s.conn.Close())
	}
	s.stop()
	s.roles.Wait()
	s.mu.Lock()
	failures = append(failures, s.failure)
	s.mu.Unlock()
	return errors.Join(append(failures, s.lock.Close(), s.id.release())...)
}

// dial connects to the host: in memory where it is this session itself.
func (s *Session) dial(ctx context.Context, _ string) (net.Conn, error) {
	s.mu.Lock()
	memory, failure := s.memory, s.failure
	s.mu.Unlock()
	switch {
	case failure != nil:
		return nil, failure
	case memory != nil:
		return memory.DialContext(ctx)
	}
	return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
}

// makeStateDir makes the directory for its owner alone. One that is there must
// be the caller's and closed to writing by others.
func makeStateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	if !ownedByCaller(info) {
		return fmt.Errorf("state directory %s belongs to another user; name one of your own with --state or MLOPS_STATE", dir)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("state directory %s can be written by others (mode %04o); run: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	for _, sub := range []string{"sessions", "artifacts"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("state directory: %w", err)
		}
	}
	return nil
}
