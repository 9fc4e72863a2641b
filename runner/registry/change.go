package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

const (
	lockFile      = ".lock"
	stagingPrefix = ".staging-"
	trashPrefix   = ".trash-"
	pendingPrefix = ".model-"
	// lockPatience is how long a change waits for others; each holds the lock for
	// a few file operations.
	lockPatience = 30 * time.Second
	lockPoll     = 2 * time.Millisecond
)

// change is the registry while its lock is held.
type change struct {
	registry *Registry
	root     *os.Root
	lock     *os.File
}

// begin makes the registry's directory, takes its lock and clears away what a
// crash left. Closing the lock's file, as the end of the process does, frees it.
func (r *Registry) begin(ctx context.Context) (*change, error) {
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the model registry: %w", err)
	}
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return nil, fmt.Errorf("open the model registry: %w", err)
	}
	c := &change{registry: r, root: root}
	if c.lock, err = root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the model registry: %w", err), root.Close())
	}
	if err := lock(ctx, c.lock); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the model registry %s: %w", r.dir, err), c.end())
	}
	if err := c.clean(); err != nil {
		return nil, errors.Join(fmt.Errorf("clear away what an interrupted change of the model registry left: %w", err), c.end())
	}
	return c, nil
}

// end frees the lock.
func (c *change) end() error { return errors.Join(c.lock.Close(), c.root.Close()) }

// lock waits for an exclusive lock.
func lock(ctx context.Context, f *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lockPatience, fmt.Errorf("another process has held it for %v", lockPatience))
	defer cancel()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// clean removes the trash, and staging directories whose process is gone: each is
// locked from its beginning until its end.
func (c *change) clean() error {
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		dead := strings.HasPrefix(e.Name(), trashPrefix)
		if strings.HasPrefix(e.Name(), stagingPrefix) && e.IsDir() {
			if dead, err = c.abandoned(e.Name()); err != nil {
				return err
			}
		}
		if dead {
			if err := c.root.RemoveAll(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *change) abandoned(name string) (bool, error) {
	dir, err := c.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil, nil
}

// read returns a model's document, after removing what an interrupted change left
// beside it.
func (c *change) read(name string) (*document, error) {
	d, err := c.registry.read(c.root, name)
	if err != nil || d == nil {
		return d, err
	}
	numbers, err := versionDirs(c.root, name)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		if d.version(n) >= 0 {
			continue
		}
		if err := c.root.RemoveAll(versionDir(name, n)); err != nil {
			return nil, fmt.Errorf("remove a half-written version: %w", err)
		}
	}
	entries, err := fs.ReadDir(c.root.FS(), name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), pendingPrefix) {
			if err := c.root.Remove(filepath.Join(name, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// existing is read for a change of what is there.
func (c *change) existing(ref Ref) (*document, error) {
	d, err := c.read(ref.Name)
	if err == nil && (d == nil || len(d.Versions) == 0) {
		err = c.registry.noModel(c.root, ref)
	}
	return d, err
}

// write replaces a model's document, durably and in one step.
func (c *change) write(d *document) (err error) {
	if len(d.History) > maxHistory {
		d.History = slices.Delete(d.History, 0, len(d.History)-maxHistory)
	}
	data, err := d.encode()
	if err != nil {
		return err
	}
	pending := filepath.Join(d.Name, pendingPrefix+uuid.NewString())
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s of %s: %w", documentFile, d.Name, err)
			if removed := c.root.Remove(pending); !errors.Is(removed, fs.ErrNotExist) {
				err = errors.Join(err, removed)
			}
		}
	}()
	if err := writeFile(c.root, pending, data); err != nil {
		return err
	}
	if err := c.root.Rename(pending, filepath.Join(d.Name, documentFile)); err != nil {
		return err
	}
	return syncDir(c.root, d.Name)
}

func writeFile(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a directory's entries durable, where the file system knows such a
// thing.
func syncDir(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EINVAL) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

func versionDir(name string, number int) string { return filepath.Join(name, strconv.Itoa(number)) }
