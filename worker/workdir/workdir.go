package workdir

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// maxShared is how many workers may share one parent directory.
const maxShared = 256

// ErrInUse says that another worker runs in the directory.
var ErrInUse = errors.New("another worker runs in this directory")

// Dir is a worker's directory, locked for this process.
type Dir struct {
	path string
	lock *flock.Flock
}

// Open makes the directory if it is absent, locks it, and removes what dead
// attempts left behind. It returns ErrInUse if another worker runs in it.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("work directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the work directory: %w", err)
	}
	lock := flock.New(filepath.Join(path, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the work directory %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("work directory %s: %w; give each worker its own with --work-dir", path, ErrInUse)
	}
	d := &Dir{path: path, lock: lock}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return d, nil
}

// OpenFree opens the first directory beneath parent, by number, in which no
// other worker runs: so that several workers can be started on one host without
// naming their directories.
func OpenFree(parent string) (*Dir, error) {
	for n := 1; n <= maxShared; n++ {
		d, err := Open(filepath.Join(parent, strconv.Itoa(n)))
		if !errors.Is(err, ErrInUse) {
			return d, err
		}
	}
	return nil, fmt.Errorf("%d workers run beneath %s already: name a directory with --work-dir", maxShared, parent)
}

func (d *Dir) prepare() error {
	if err := os.RemoveAll(d.join("attempts")); err != nil {
		return fmt.Errorf("removing what dead attempts left: %w", err)
	}
	for _, name := range []string{"attempts", "journal", "artifacts"} {
		if err := os.MkdirAll(d.join(name), 0o700); err != nil {
			return fmt.Errorf("preparing the work directory: %w", err)
		}
	}
	return nil
}

func (d *Dir) join(name string) string { return filepath.Join(d.path, name) }

// Path is the directory itself.
func (d *Dir) Path() string { return d.path }

// Journal is where the journal is kept.
func (d *Dir) Journal() string { return d.join("journal") }

// Artifacts is where fetched artifacts are kept.
func (d *Dir) Artifacts() string { return d.join("artifacts") }

// Close unlocks the directory.
func (d *Dir) Close() error { return d.lock.Close() }

var (
	unfit   = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
	validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
)

// ID returns the worker's id: chosen, if it is not empty, else the one that was
// drawn at the first start in this directory, from the host's name.
func (d *Dir) ID(chosen, hostname string) (string, error) {
	if chosen != "" {
		return chosen, nil
	}
	path := d.join("worker-id")
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("reading the worker's id: %w", err)
	}
	if id := strings.TrimSpace(string(raw)); validID.MatchString(id) {
		return id, nil
	}
	name := strings.Trim(unfit.ReplaceAllString(hostname, "-"), ".-_")
	if name == "" {
		name = "worker"
	}
	suffix := make([]byte, 4)
	if _, err := rand.Read(suffix); err != nil {
		return "", fmt.Errorf("drawing the worker's id: %w", err)
	}
	id := name[:min(len(name), 64)] + "-" + hex.EncodeToString(suffix)
	if err := renameio.WriteFile(path, []byte(id+"\n"), 0o600, renameio.WithTempDir(d.path)); err != nil {
		return "", fmt.Errorf("keeping the worker's id: %w", err)
	}
	return id, nil
}
