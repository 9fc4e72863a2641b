//go:build unix

package deploy

import (
	"os"

	"golang.org/x/sys/unix"
)

// reserveAndRename claims the name by making an empty directory, which alone can
// succeed once, and then replaces that, which rename(2) does in one step; os.Rename
// would refuse to.
func reserveAndRename(from, to string) error {
	if _, err := os.Lstat(from); err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o777); err != nil {
		return err
	}
	if err := unix.Rename(from, to); err != nil {
		os.Remove(to)
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
