package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	stagingPrefix = ".staging-"
	trashPrefix   = ".trash-"
	// abandonedAfter is how long a staging directory of somebody else must have
	// been untouched, beside being unlocked, before it is taken for a dead
	// process's: its owner makes it and locks it in two steps.
	abandonedAfter = time.Hour
	// maxNameTries bounds the counter behind a deployment's name.
	maxNameTries = 10_000
)

// Owner names the attempt that publishes.
type Owner struct {
	Task    string // id of the task; unique, any text
	Attempt uint32
}

// staging is a hidden directory beside the final one, on the same file system,
// in which a deployment is put together. It is locked while its process lives.
type staging struct {
	disk   FileSystem
	parent string
	hidden string // locked; of no name that a deployment has
	dir    string // what the steps write to: hidden itself, or a directory in it
	lock   *flock.Flock
}

// stage makes a staging directory beneath parent, after clearing away what dead
// attempts left there. A deployment that is to be sent elsewhere has its own name
// from the start: a directory of that name is made in the hidden one. Otherwise
// name is "".
func stage(disk FileSystem, parent, name string, owner Owner, now time.Time) (*staging, error) {
	if err := makeParent(disk, parent); err != nil {
		return nil, fmt.Errorf("make the output directory: %w", err)
	}
	if err := RemoveStale(disk, parent, owner, now); err != nil {
		return nil, err
	}
	hidden := filepath.Join(parent, stagingName(owner))
	s := &staging{disk: disk, parent: parent, hidden: hidden, dir: filepath.Join(hidden, name)}
	if err := disk.Mkdir(hidden, 0o777); err != nil {
		return nil, fmt.Errorf("make the staging directory: %w", err)
	}
	// A lock on the directory itself goes with it when it is renamed and leaves
	// no file behind. Where directories cannot be locked there is none, and
	// nobody else's are cleared away either.
	s.lock = flock.New(hidden, flock.SetFlag(os.O_RDONLY))
	if _, err := s.lock.TryLock(); err != nil {
		s.lock = nil
	}
	if name != "" {
		if err := disk.Mkdir(s.dir, 0o777); err != nil {
			return nil, errors.Join(fmt.Errorf("make the staging directory: %w", err), s.discard())
		}
	}
	return s, nil
}

// makeParent makes a directory, and durable what leads to it.
func makeParent(disk FileSystem, parent string) error {
	var grew []string // directories that get an entry
	for dir := parent; ; {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		dir = filepath.Dir(dir)
		grew = append(grew, dir)
	}
	if err := disk.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	for _, dir := range grew {
		// A directory may be one to make entries in and not to read.
		if err := disk.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// stagingName is .staging-<task>-<attempt>, with what cannot stand in a file
// name replaced.
func stagingName(owner Owner) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		}
		return '-'
	}, owner.Task)
	return stagingPrefix + safe + "-" + strconv.FormatUint(uint64(owner.Attempt), 10)
}

// discard removes the directory with all that is in it, unless it was published.
func (s *staging) discard() error {
	defer s.unlock()
	if err := s.disk.RemoveAll(s.hidden); err != nil {
		return fmt.Errorf("remove the staging directory: %w", err)
	}
	return nil
}

func (s *staging) unlock() {
	if s.lock != nil {
		s.lock.Close()
	}
}

// deploymentName is PREFIX_YYYYMMDD_HHMMSS in UTC.
func deploymentName(prefix string, at time.Time) string {
	return prefix + "_" + at.UTC().Format("20060102_150405")
}

// publish gives the staging directory its name, with a counter if that is taken,
// and returns the path it got.
func (s *staging) publish(name string) (string, error) {
	if err := s.disk.SyncDir(s.dir); err != nil {
		return "", fmt.Errorf("sync the staging directory: %w", err)
	}
	base := filepath.Join(s.parent, name)
	for i := range maxNameTries {
		final := base
		if i > 0 {
			final += "_" + strconv.Itoa(i)
		}
		err := s.disk.RenameNew(s.dir, final)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("publish the deployment: %w", err)
		}
		s.unlock()
		if err := s.disk.SyncDir(s.parent); err != nil {
			// What may be gone after a power cut must not be reported as there.
			return "", fmt.Errorf("sync the output directory: %w", errors.Join(err, s.disk.RemoveAll(final)))
		}
		return final, nil
	}
	return "", fmt.Errorf("publish the deployment: %s and its first %d numbered variants exist already", base, maxNameTries-1)
}

// freeName returns the name that publish would give now.
func (s *staging) freeName(name string) string {
	free := name
	for i := 1; i < maxNameTries; i++ {
		if _, err := os.Lstat(filepath.Join(s.parent, free)); err != nil {
			break
		}
		free = name + "_" + strconv.Itoa(i)
	}
	return free
}

// RemoveStale clears away the staging directories of earlier attempts of the
// owner's task, and those of others whose process is gone. [Publish] does that
// too; an attempt may do it as soon as it starts.
func RemoveStale(disk FileSystem, parent string, owner Owner, now time.Time) error {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for abandoned staging directories: %w", err)
	}
	own := strings.TrimSuffix(stagingName(owner), strconv.FormatUint(uint64(owner.Attempt), 10))
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(parent, name)
		attempt, err := strconv.ParseUint(strings.TrimPrefix(name, own), 10, 32)
		switch {
		case !e.IsDir():
			continue
		case strings.HasPrefix(name, own) && err == nil && uint32(attempt) <= owner.Attempt:
		case strings.HasPrefix(name, stagingPrefix) && abandoned(path, e, now):
		case strings.HasPrefix(name, trashPrefix):
		default:
			continue
		}
		if err := throwAway(disk, parent, name); err != nil {
			return fmt.Errorf("remove an abandoned staging directory: %w", err)
		}
	}
	return nil
}

// abandoned reports whether nobody holds the directory's lock and nobody has
// touched it for long.
func abandoned(path string, e fs.DirEntry, now time.Time) bool {
	info, err := e.Info()
	if err != nil || now.Sub(info.ModTime()) < abandonedAfter {
		return false
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer lock.Close()
	free, err := lock.TryLock()
	return err == nil && free
}

// throwAway gives a directory a name that nobody publishes before it deletes it,
// so that an attempt that is not quite dead cannot publish half of it.
func throwAway(disk FileSystem, parent, name string) error {
	path := filepath.Join(parent, name)
	if strings.HasPrefix(name, trashPrefix) {
		return disk.RemoveAll(path)
	}
	trash := filepath.Join(parent, trashPrefix+strings.TrimPrefix(name, stagingPrefix))
	if err := disk.RemoveAll(trash); err != nil {
		return err
	}
	if err := disk.RenameNew(path, trash); errors.Is(err, fs.ErrNotExist) {
		return nil // published or removed in the meantime
	} else if err != nil {
		return err
	}
	return disk.RemoveAll(trash)
}

// FindPublished looks in parent for a deployment that an earlier attempt of the
// task already published and returns its directory, or "".
func FindPublished(ctx context.Context, parent, prefix, task string) (string, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for an earlier attempt's deployment: %w", err)
	}
	for i := len(entries) - 1; i >= 0; i-- { // the newest are last
		if err := ctx.Err(); err != nil {
			return "", err
		}
		e := entries[i]
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix+"_") {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		if origin, err := readOrigin(dir); err == nil && origin.TaskID == task {
			return dir, nil
		}
	}
	return "", nil
}
