package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// LockedError says that somebody else holds a lock.
type LockedError struct{ Location string }

// Error names the file.
func (e *LockedError) Error() string { return e.Location + " is locked" }

// Lock locks the local file at location, which is made where it is missing, and
// does not wait: where the lock is held in a way that excludes this one, it gives
// a [*LockedError]. Shared locks exclude only the others. Closing what it returns
// frees the lock, as does the end of the process, of whatever kind. A file system
// without locks gives an error that is [errors.ErrUnsupported].
func (o *Opener) Lock(location string, shared bool) (io.Closer, error) {
	p, err := o.locate(location, false)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	var file *os.File
	err = p.do(func(root *os.Root) error {
		// NFS locks only what may be written; elsewhere a file of another user's
		// will do that may be read.
		if file, err = root.OpenFile(p.rel, os.O_RDWR|os.O_CREATE, 0o666); errors.Is(err, fs.ErrPermission) {
			file, err = root.Open(p.rel)
		}
		if err != nil {
			return fmt.Errorf("lock %s: %w", location, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		err = &LockedError{Location: location}
	case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.EBADF):
		err = fmt.Errorf("lock %s: %w: %w", location, errors.ErrUnsupported, err)
	default:
		err = fmt.Errorf("lock %s: %w", location, err)
	}
	return nil, errors.Join(err, file.Close())
}
