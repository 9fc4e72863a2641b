package needs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

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
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped, nothing is shown of real data: %s is not there; set MLOPS_SHARED_DATA to the folder of the data", path)
	}
	if err != nil {
		t.Fatal(err)
	}
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
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped, nothing is shown of a full device: %s has no %s", runtime.GOOS, path)
	}
	return path
}
