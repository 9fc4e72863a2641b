package workdir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADirectoryBelongsToOneWorker(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "--work-dir") {
		t.Errorf("a second worker got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = Open(path)
	if err != nil {
		t.Fatalf("after the first has left: %v", err)
	}
	d.Close()
}

func TestWorkersFindFreeDirectories(t *testing.T) {
	parent := t.TempDir()
	var seen []string
	for range 3 {
		d, err := OpenFree(parent)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		seen = append(seen, filepath.Base(d.Path()))
	}
	if strings.Join(seen, ",") != "1,2,3" {
		t.Errorf("directories %v", seen)
	}
}

func TestWhatDeadAttemptsLeftIsRemoved(t *testing.T) {
	path := t.TempDir()
	litter := filepath.Join(path, "attempts", "attempt-1-x", "big")
	kept := filepath.Join(path, "journal", "results")
	for _, f := range []string{litter, kept} {
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := os.Stat(litter); !os.IsNotExist(err) {
		t.Errorf("scratch of a dead attempt: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the journal: %v", err)
	}
}

func TestTheIDIsDrawnOnce(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	first, err := d.ID("", "büro host.local")
	if err != nil || !strings.HasPrefix(first, "b-ro-host.local-") || !validID.MatchString(first) {
		t.Fatalf("id %q, %v", first, err)
	}
	if again, err := d.ID("", "another"); err != nil || again != first {
		t.Errorf("the second time it is %q, %v; want %q", again, err, first)
	}
	if chosen, err := d.ID("mine", "another"); err != nil || chosen != "mine" {
		t.Errorf("a chosen id became %q, %v", chosen, err)
	}
	if err := os.WriteFile(filepath.Join(path, "worker-id"), []byte("../evil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if redrawn, err := d.ID("", "..."); err != nil || !strings.HasPrefix(redrawn, "worker-") {
		t.Errorf("in place of an unfit one: %q, %v", redrawn, err)
	}
}
