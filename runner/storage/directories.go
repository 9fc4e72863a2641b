package storage

import (
	"context"
	"fmt"
	"io/fs"
	"os"
)

// The methods in this file work on local locations only, plain or file://, and
// only within the allowed roots.

// ResolveDir returns the absolute, real path of a directory, which need not
// exist yet; a file in its place gives a [*NotDirectoryError].
func (o *Opener) ResolveDir(location string) (string, error) {
	p, err := o.locate(location, true)
	if err != nil {
		return "", err
	}
	err = p.do(func(root *os.Root) error {
		info, err := root.Stat(p.rel)
		switch {
		case notExist(err):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", location, err)
		case !info.IsDir():
			return &NotDirectoryError{Location: location}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return p.abs(), nil
}

// Stat describes the file or directory at location; nothing there gives a
// [*NotFoundError].
func (o *Opener) Stat(location string) (fs.FileInfo, error) {
	p, err := o.locate(location, true)
	if err != nil {
		return nil, err
	}
	var info fs.FileInfo
	err = p.do(func(root *os.Root) error {
		if info, err = root.Stat(p.rel); err != nil {
			return fmt.Errorf("%s: %w", location, err)
		}
		return nil
	})
	return info, err
}

// MkdirAll makes the directory at location and those above it, where they are
// missing.
func (o *Opener) MkdirAll(location string) error {
	p, err := o.locate(location, true)
	if err != nil {
		return err
	}
	return p.do(func(root *os.Root) error {
		if info, err := root.Stat(p.rel); err == nil && !info.IsDir() {
			return &NotDirectoryError{Location: location}
		}
		if err := root.MkdirAll(p.rel, 0o777); err != nil {
			return fmt.Errorf("make directory %s: %w", location, err)
		}
		return nil
	})
}

// Rename moves a file or directory within one allowed root, in one step. A
// symbolic link is moved itself. A directory that is not empty is never replaced.
func (o *Opener) Rename(from, to string) error {
	p, err := o.locate(from, false)
	if err != nil {
		return err
	}
	q, err := o.locate(to, false)
	if err != nil {
		return err
	}
	if p.root != q.root {
		return &ForbiddenError{Location: to, Path: q.abs(), Roots: o.namedRoots(),
			Reason: "lies in another allowed directory than " + from + ", so that it cannot be moved there in one step"}
	}
	return p.do(func(root *os.Root) error {
		if err := root.Rename(p.rel, q.rel); err != nil {
			return fmt.Errorf("move %s to %s: %w", from, to, err)
		}
		return nil
	})
}

// RemoveAll removes a file, or a directory with all that is in it; nothing there
// is no error. A symbolic link is removed itself. An allowed root is never
// removed.
func (o *Opener) RemoveAll(location string) error {
	p, err := o.locate(location, false)
	if err != nil {
		return err
	}
	if p.rel == "." {
		return &ForbiddenError{Location: location, Path: p.abs(), Reason: "is a root and is never removed"}
	}
	return p.do(func(root *os.Root) error {
		if err := root.RemoveAll(p.rel); err != nil {
			return fmt.Errorf("remove %s: %w", location, err)
		}
		return nil
	})
}

// deleteLocal removes a file.
func (o *Opener) deleteLocal(ctx context.Context, location string) error {
	p, err := o.locate(location, false)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete %s: %w", location, err)
	}
	return p.do(func(root *os.Root) error {
		info, err := root.Lstat(p.rel)
		if err == nil && info.IsDir() {
			return &IsDirectoryError{Location: location}
		}
		if err == nil {
			err = root.Remove(p.rel)
		}
		if err != nil && !notExist(err) {
			return fmt.Errorf("delete %s: %w", location, err)
		}
		return nil
	})
}
