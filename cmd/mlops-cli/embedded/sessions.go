package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
)

// identity is a session's id with the lock that says that it lives. The lock is
// of the operating system: it ends with the process, however that ends.
type identity struct {
	name string // a UUID
	dir  string // the session's own directory
	path string // of the lock
	lock *flock.Flock
}

func newIdentity(stateDir string) (*identity, error) {
	drawn, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("draw a session's id: %w", err)
	}
	home := filepath.Join(stateDir, "sessions")
	id := &identity{name: drawn.String(), dir: filepath.Join(home, drawn.String()), path: filepath.Join(home, drawn.String()+".lock")}
	for {
		id.lock = flock.New(id.path, flock.SetPermissions(0o600))
		got, err := id.lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock session %s: %w", id.name, err)
		}
		// Between making the file and locking it another session may have taken it
		// for a dead one's and removed it.
		if got && isLinked(id.lock, id.path) {
			return id, nil
		}
		if err := id.lock.Close(); err != nil {
			return nil, fmt.Errorf("lock session %s: %w", id.name, err)
		}
	}
}

// isLinked reports whether the locked file is still the one at its path.
func isLinked(lock *flock.Flock, path string) bool {
	locked, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(locked, there)
}

// release removes what is the session's own.
func (id *identity) release() error {
	return errors.Join(os.RemoveAll(id.dir), os.Remove(id.path), id.lock.Close())
}

// cancelDead cancels the workflows of sessions that no longer live and removes
// what they left.
func (s *Session) cancelDead(ctx context.Context) error {
	c := client.New(s.conn, client.Tuning{Patience: Patience})
	unfinished := client.Filter{States: []mlopsv1.WorkflowState{
		mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED, mlopsv1.WorkflowState_WORKFLOW_STATE_RUNNING,
	}}
	dead := map[string]bool{}
	var orphans []string
	for w, err := range c.List(ctx, unfinished) {
		if err != nil {
			return err
		}
		name := w.GetLabels()[SessionLabel]
		if name == "" || name == s.id.name {
			continue
		}
		gone, known := dead[name]
		if !known {
			gone = s.isDead(name)
			dead[name] = gone
		}
		if gone {
			orphans = append(orphans, w.GetWorkflowId())
		}
	}
	for _, id := range orphans {
		if _, err := c.Cancel(ctx, id, "the command that ran it is gone"); err != nil && !errors.Is(err, client.ErrNotFound) {
			return err
		}
	}
	for name, gone := range dead {
		if gone {
			s.signOff(ctx, name)
		}
	}
	return s.sweep()
}

// signOff tells the master that a dead session's worker holds nothing any more.
// Otherwise its lease would have to run out first, and begin anew with each host:
// where all commands are short, its work would never end. Where this fails, that
// is what happens.
func (s *Session) signOff(ctx context.Context, name string) {
	_, err := mlopsv1.NewWorkerServiceClient(s.conn).Synchronize(ctx, &mlopsv1.SynchronizeRequest{
		WorkerId: workerID(name), SessionId: uuid.NewString(), Seq: 1, Draining: true,
	})
	if err != nil {
		s.options.Logger.Warn("the worker of a session that died could not be signed off", "session", name, "error", err)
	}
}

// workerID is the id of a session's worker.
func workerID(session string) string { return "embedded-" + session }

// isDead reports whether no process holds a session's lock.
func (s *Session) isDead(name string) bool {
	if uuid.Validate(name) != nil {
		return false // not a session's label: somebody else's
	}
	lock := flock.New(filepath.Join(s.options.StateDir, "sessions", name+".lock"), flock.SetFlag(os.O_RDONLY))
	defer lock.Close()
	got, err := lock.TryLock()
	return got || errors.Is(err, fs.ErrNotExist)
}

// sweep removes the files of dead sessions.
func (s *Session) sweep() error {
	home := filepath.Join(s.options.StateDir, "sessions")
	entries, err := os.ReadDir(home)
	if err != nil {
		return fmt.Errorf("look for dead sessions: %w", err)
	}
	for _, e := range entries {
		name, isLock := strings.CutSuffix(e.Name(), ".lock")
		if !isLock || uuid.Validate(name) != nil || name == s.id.name {
			continue
		}
		if err := removeDead(home, name); err != nil {
			return err
		}
	}
	return nil
}

// removeDead removes a session's files while holding its lock, so that it cannot
// be a living one's.
func removeDead(home, name string) error {
	path := filepath.Join(home, name+".lock")
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer lock.Close()
	got, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !got {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for dead sessions: %w", err)
	}
	return errors.Join(os.RemoveAll(filepath.Join(home, name)), ignoreMissing(os.Remove(path)))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
