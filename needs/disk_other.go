//go:build !linux

package needs

import (
	"runtime"
	"testing"
)

// SmallDisk has no small file system to mount here.
func SmallDisk(t testing.TB, _, _ string) {
	t.Helper()
	t.Skipf("skipped, nothing is shown of a full disk: no small file system is mounted on %s", runtime.GOOS)
}
