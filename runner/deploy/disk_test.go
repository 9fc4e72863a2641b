package deploy_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

// faultyDisk fails one call, counted from 0, as a full disk does.
type faultyDisk struct {
	deploy.LocalDisk
	calls  atomic.Int64
	failAt int64
}

func (d *faultyDisk) fault() error {
	if d.calls.Add(1)-1 == d.failAt {
		return &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	return nil
}

func (d *faultyDisk) MkdirAll(path string, perm fs.FileMode) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.MkdirAll(path, perm) })
}

func (d *faultyDisk) Mkdir(path string, perm fs.FileMode) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.Mkdir(path, perm) })
}

func (d *faultyDisk) SyncDir(path string) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.SyncDir(path) })
}

func (d *faultyDisk) RenameNew(from, to string) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.RenameNew(from, to) })
}

func (d *faultyDisk) Create(path string, perm fs.FileMode) (deploy.File, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	f, err := d.LocalDisk.Create(path, perm)
	return faultyFile{File: f, disk: d}, err
}

func cmpErr(fault error, otherwise func() error) error {
	if fault != nil {
		return fault
	}
	return otherwise()
}

type faultyFile struct {
	deploy.File
	disk *faultyDisk
}

func (f faultyFile) Write(p []byte) (int, error) {
	if err := f.disk.fault(); err != nil {
		n, _ := f.File.Write(p[:len(p)/2]) // a full disk takes what fits
		return n, err
	}
	return f.File.Write(p)
}

func (f faultyFile) Sync() error { return cmpErr(f.disk.fault(), f.File.Sync) }

func (f faultyFile) Close() error {
	return errors.Join(f.File.Close(), f.disk.fault())
}

func TestAFullDiskLeavesNothingWhereverItStrikes(t *testing.T) {
	send := func(_ context.Context, dir string) (string, error) { return "artifact://" + dir, nil }
	for _, send := range []func(context.Context, string) (string, error){nil, send} {
		fillDisk(t, send)
	}
}

func fillDisk(t *testing.T, send func(context.Context, string) (string, error)) {
	for n := int64(0); ; n++ {
		parent := t.TempDir()
		o := options(t, parent)
		disk := &faultyDisk{failAt: n}
		o.Disk, o.Send = disk, send
		_, err := deploy.Publish(t.Context(), candidate(t), o)
		if disk.calls.Load() <= n {
			if err != nil || n < 20 {
				t.Fatalf("publishing made %d calls and gave %v", disk.calls.Load(), err)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("fault at call %d: got %v", n, err)
		}
		wantNames(t, parent)
	}
}

// cautiousDisk notes which directories have entries that a power cut could still
// take.
type cautiousDisk struct {
	deploy.LocalDisk
	t       *testing.T
	loose   map[string]bool
	renamed bool
}

func (d *cautiousDisk) MkdirAll(path string, perm fs.FileMode) error {
	for dir := path; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		d.loose[filepath.Dir(dir)] = true
	}
	return d.LocalDisk.MkdirAll(path, perm)
}

func (d *cautiousDisk) Create(path string, perm fs.FileMode) (deploy.File, error) {
	d.loose[filepath.Dir(path)] = true
	return d.LocalDisk.Create(path, perm)
}

func (d *cautiousDisk) SyncDir(path string) error {
	delete(d.loose, path)
	return d.LocalDisk.SyncDir(path)
}

func (d *cautiousDisk) RenameNew(from, to string) error {
	if len(d.loose) > 0 {
		d.t.Errorf("published while %v were not durable", slices.Sorted(maps.Keys(d.loose)))
	}
	d.loose[filepath.Dir(to)], d.renamed = true, true
	return d.LocalDisk.RenameNew(from, to)
}

func TestWhatIsPublishedIsDurable(t *testing.T) {
	o := options(t, filepath.Join(t.TempDir(), "deep", "models"))
	for _, name := range []string{"create_directory", "test_upload", "save_model", "save_preprocessor", "save_metadata"} {
		o.Config.Steps = append(o.Config.Steps, config.Step{Type: name})
	}
	o.Steps = steps(t, o.Config)
	disk := &cautiousDisk{t: t, loose: make(map[string]bool)}
	o.Disk = disk
	publish(t, o)
	if !disk.renamed || len(disk.loose) > 0 {
		t.Errorf("after publishing %v are not durable", disk.loose)
	}
}

func TestFileSystemsThatCannotSyncDirectoriesAreTakenAtTheirWord(t *testing.T) {
	for err, fails := range map[error]bool{syscall.EINVAL: false, syscall.ENOTSUP: false, syscall.EIO: true, syscall.ENOSPC: true} {
		wrapped := &fs.PathError{Op: "sync", Path: "dir", Err: err}
		if got := deploy.UnlessUnknown(wrapped); (got != nil) != fails {
			t.Errorf("%v gives %v", err, got)
		}
	}
}
