package needs

import (
	"syscall"
	"testing"
)

// SmallDisk mounts a file system of so many bytes, such as 64k, on a directory, for
// the time of the test. Mounting takes leave that not every user has.
func SmallDisk(t testing.TB, dir, size string) {
	t.Helper()
	Granted(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size), "mounting a small file system, to be full")
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}
