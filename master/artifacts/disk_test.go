package artifacts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mlops/needs"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An upload that does not fit leaves no part of itself, so that the master has
// room again, and works once there is enough.
func TestAnUploadOntoAFullDiskLeavesNothing(t *testing.T) {
	f := serve(t)
	needs.SmallDisk(t, f.root, "1m")
	for _, dir := range []string{"partial", "sha256"} {
		if err := os.Mkdir(filepath.Join(f.root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // 3 MiB
	err := f.upload(digest(data), data, int64(len(data)), 0)
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("the upload ended with %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(f.root, "partial")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if got := f.stat(digest(data)); got.GetExists() || got.GetResumeOffset() != 0 {
		t.Errorf("the master has of it %v", got)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=64m", f.root).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
	if err := f.upload(digest(data), data, int64(len(data)), 0); err != nil {
		t.Errorf("with room the upload ended with %v", err)
	}
}
