package storage_test

import (
	"errors"
	"path/filepath"
	"testing"

	"mlops/runner/storage"
)

func TestLock(t *testing.T) {
	root := t.TempDir()
	opener := storage.New(storage.Options{AllowedRoots: []string{root}})
	location := filepath.Join(root, "lock")
	free := func(shared bool) bool {
		t.Helper()
		lock, err := opener.Lock(location, shared)
		var locked *storage.LockedError
		if errors.As(err, &locked) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		return true
	}
	for _, shared := range []bool{true, false} {
		lock, err := opener.Lock(location, shared)
		if err != nil {
			t.Fatal(err)
		}
		if free(false) {
			t.Errorf("shared %v: another has it alone", shared)
		}
		if free(true) != shared {
			t.Errorf("shared %v: another may share it: %v", shared, !shared)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		if !free(true) || !free(false) {
			t.Errorf("shared %v: it is not free when it is closed", shared)
		}
	}
	var forbidden *storage.ForbiddenError
	if _, err := opener.Lock(filepath.Join(filepath.Dir(root), "lock"), false); !errors.As(err, &forbidden) {
		t.Errorf("outside the allowed root: %v", err)
	}
}
