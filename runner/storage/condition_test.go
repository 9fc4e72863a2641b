package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// On a file system that has no links the lock decides, as it does of what is replaced.
func TestWithoutLinksALockDecides(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	place := func(ctx context.Context, content string) error {
		if err := os.WriteFile(filepath.Join(dir, "pending"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return placeLocked(ctx, root, "pending", "name", &ConflictError{Location: "name"})
	}
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := place(ended, "zeroth"); !errors.Is(err, context.Canceled) {
		t.Errorf("while another holds the lock: %v", err)
	}
	held.Close()
	if err := place(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	var conflict *ConflictError
	if err := place(t.Context(), "second"); !errors.As(err, &conflict) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "name")); string(got) != "first" || err != nil {
		t.Errorf("it holds %q, %v", got, err)
	}
}
