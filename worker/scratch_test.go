package worker

import (
	"os"
	"path/filepath"
	"testing"
)

func TestScratchDirectories(t *testing.T) {
	p, err := newScratchPool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	take := func() string {
		t.Helper()
		dir, err := p.take()
		if err != nil || !isEmpty(dir) {
			t.Fatalf("took %q, %v, want an empty directory", dir, err)
		}
		return dir
	}
	giveBack := func(dir string, mayBeInUse bool) {
		t.Helper()
		if err := p.giveBack(dir, mayBeInUse); err != nil {
			t.Fatal(err)
		}
	}
	first, second := take(), take()
	if first == second {
		t.Fatal("two attempts share a directory")
	}
	giveBack(first, false)
	if again := take(); again != first {
		t.Errorf("an untouched directory was not used again")
	}
	if err := os.WriteFile(filepath.Join(first, "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cleared := take()
	if err := os.Mkdir(filepath.Join(cleared, "for a moment"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(cleared, "for a moment")); err != nil {
		t.Fatal(err)
	}
	giveBack(first, false)
	giveBack(second, true)
	giveBack(cleared, false)
	for name, dir := range map[string]string{"one with files in it": first, "one that may be in use": second, "one that was used": cleared} {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s was not removed: %v", name, err)
		}
	}
	giveBack(take(), false)
	if err := p.clear(); err != nil {
		t.Fatal(err)
	}
	if !isEmpty(p.parent) {
		t.Error("directories are left at the end")
	}
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}
