package needs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// Granted fails the test where err is one, unless it says that the machine has not
// got, or does not permit, what the test needs: then nothing is shown of it here.
func Granted(t testing.TB, err error, what string) {
	t.Helper()
	for _, lack := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.EROFS, syscall.ENODEV} {
		if errors.Is(err, lack) {
			t.Skipf("skipped, this machine lacks or does not permit %s: %v", what, err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// RealData is the path of a part of the real data, such as "tabular": beneath
// MLOPS_SHARED_DATA, or shared/data beside the repository. The repository does not
// hold it.
func RealData(t testing.TB, part ...string) string {
	t.Helper()
	dir := os.Getenv("MLOPS_SHARED_DATA")
	if dir == "" {
		_, here, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(here), "..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{dir}, part...)...)
	_, err := os.Stat(path)
	Granted(t, err, "the real data (set MLOPS_SHARED_DATA to its folder)")
	return path
}

// Program is the path of a program that other tools than the ones every build needs
// bring along. why says what it is to show.
func Program(t testing.TB, name, why string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("skipped, it is not shown that %s: there is no %s on this machine", why, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// FullDevice is a file to which nothing can be written for want of room.
func FullDevice(t testing.TB) string {
	t.Helper()
	const path = "/dev/full"
	_, err := os.Stat(path)
	Granted(t, err, "a device that is full")
	return path
}

// Proc asks for figures of processes in /proc.
func Proc(t testing.TB) {
	t.Helper()
	_, err := os.Stat("/proc/self/status")
	Granted(t, err, "/proc, where figures of processes stand")
}
