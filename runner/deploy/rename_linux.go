package deploy

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew uses renameat2, which checks and renames in one step; file systems
// that lack it get the reservation.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return reserveAndRename(from, to)
	}
	return &os.LinkError{Op: "renameat2", Old: from, New: to, Err: err}
}
