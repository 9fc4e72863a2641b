package storage_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"mlops/runner/storage"
)

func TestRemoveLeftoversTakesOldTemporaryFilesOnly(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for name, at := range map[string]time.Time{".writing-old": old, ".writing-new": time.Now(), ".other": old, "file": old} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	n, err := storage.New(storage.Options{AllowedRoots: []string{dir}}).RemoveLeftovers(dir, time.Now().Add(-time.Minute))
	if n != 1 || err != nil {
		t.Fatalf("removed %d, %v", n, err)
	}
	for name, want := range map[string]bool{".writing-old": false, ".writing-new": true, ".other": true, "file": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := storage.New(storage.Options{}).RemoveLeftovers(filepath.Join(dir, "missing"), time.Now()); n != 0 || err != nil {
		t.Errorf("of a missing directory: %d, %v", n, err)
	}
}
