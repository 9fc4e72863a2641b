package pipeline_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

// tinyDisk mounts a file system of so many bytes; without leave to mount the
// test is skipped.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestARealFullDisk(t *testing.T) {
	dir, env := environment(t)
	disk := tinyDisk(t, "16k")
	env.Storage = storage.New(storage.Options{Base: dir})
	houses(t, dir, "houses.csv", 400)
	c := settings(t, "")

	c.Deployment.OutputDir = filepath.Join(disk, "models")
	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: c}, env)
	wantError(t, err, "deploy", pipeline.Passing, "no space left on device")
	if got := names(t, c.Deployment.OutputDir); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}
