package needs

import (
	"errors"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system of so many bytes, such as 64k, on a directory, for
// the time of the test. Mounting takes leave that not every user has.
func SmallDisk(t testing.TB, dir, size string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENODEV) {
		t.Skipf("skipped, nothing is shown of a full disk: this user may not mount a small file system: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}
