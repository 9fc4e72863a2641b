package deploy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// FileSystem is what publishing a deployment asks of a disk. Paths are the
// system's own. Tests put a faulty one in the real one's place.
type FileSystem interface {
	// MkdirAll makes a directory and its parents; one that exists is no error.
	MkdirAll(path string, perm fs.FileMode) error
	// Mkdir makes a directory; one that exists is fs.ErrExist.
	Mkdir(path string, perm fs.FileMode) error
	// Create makes a new file; one that exists is fs.ErrExist.
	Create(path string, perm fs.FileMode) (File, error)
	// SyncDir makes a directory's entries durable.
	SyncDir(path string) error
	// RenameNew gives a directory another name; if that is taken it changes
	// nothing and returns fs.ErrExist, even against another process.
	RenameNew(from, to string) error
	// RemoveAll deletes a tree; a missing one is no error.
	RemoveAll(path string) error
}

// File is a file being written.
type File interface {
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	Close() error
}

// LocalDisk is the operating system's file system.
type LocalDisk struct{}

// MkdirAll is os.MkdirAll.
func (LocalDisk) MkdirAll(path string, perm fs.FileMode) error { return os.MkdirAll(path, perm) }

// Mkdir is os.Mkdir.
func (LocalDisk) Mkdir(path string, perm fs.FileMode) error { return os.Mkdir(path, perm) }

// Create opens a new file for writing.
func (LocalDisk) Create(path string, perm fs.FileMode) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

// SyncDir calls fsync on the directory. File systems that know no such thing are
// taken at their word.
func (LocalDisk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return unlessUnknown(d.Sync())
}

// unlessUnknown drops the error of a file system that cannot sync directories.
func unlessUnknown(err error) error {
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// RemoveAll is os.RemoveAll.
func (LocalDisk) RemoveAll(path string) error { return os.RemoveAll(path) }

// RenameNew renames from to to unless to exists.
func (LocalDisk) RenameNew(from, to string) error { return renameNew(from, to) }

// writeFile creates a file beneath dir and makes its content durable. A file that
// cannot be finished is left for the caller, who removes the whole directory.
func writeFile(disk FileSystem, dir, name string, perm fs.FileMode, write func(io.Writer) error) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	f, err := disk.Create(path, perm)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
