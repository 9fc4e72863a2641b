package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lockPause is how long to wait before a directory's lock is tried again: it is held
// for no longer than a look and a rename.
const lockPause = time.Millisecond

// placeIf places a file where the one that is there has the tag, or where nothing is
// if tag is "". location is what a conflict calls it.
func placeIf(location, tag string) placing {
	return func(ctx context.Context, root *os.Root, pending, name string) error {
		if tag == "" {
			// A link is made only where nothing is, whoever else writes.
			err := root.Link(pending, name)
			if errors.Is(err, fs.ErrExist) {
				return &ConflictError{Location: location}
			}
			if err == nil || !lacksLinks(err) {
				return err
			}
		}
		return placeLocked(ctx, root, pending, name, &ConflictError{Location: location, Tag: tag})
	}
}

// lacksLinks tells an error of a file system that has no hard links.
func lacksLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM)
}

// placeLocked replaces a file of the conflict's tag, or fails with the conflict. File
// systems have no replacement on a condition: writers on one exclude each other by a
// lock on the directory, which goes with the process that holds it.
func placeLocked(ctx context.Context, root *os.Root, pending, name string, conflict *ConflictError) error {
	dir, err := root.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close() // and the lock with it
	if err := lock(ctx, dir); err != nil {
		return fmt.Errorf("lock %s: %w", filepath.Dir(name), err)
	}
	now := ""
	info, err := root.Stat(name)
	switch {
	case err == nil:
		now = fileTag(info)
	case !notExist(err):
		return err
	}
	if now != conflict.Tag {
		return conflict
	}
	return root.Rename(pending, name)
}

// lock waits for the lock of a directory, at most until the context ends.
func lock(ctx context.Context, dir *os.File) error {
	for {
		err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}
