package storage_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"mlops/runner/storage"
	"mlops/runner/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFolder(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Bucket {
		folder, err := storage.OpenFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { folder.Close() })
		return folder
	})
}

func TestMemory(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Bucket { return new(storage.Memory) })
}

func TestFolderDoesNotFollowLinksOut(t *testing.T) {
	dir := t.TempDir()
	inside, outside := filepath.Join(dir, "inside"), filepath.Join(dir, "secret")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	folder, err := storage.OpenFolder(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if r, err := folder.Open(t.Context(), "link"); err == nil {
		r.Close()
		t.Error("a link out of the folder was followed")
	}
}
