package registry_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mlops/runner/registry"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open returns an empty registry with a clock that stands still.
func open(t testing.TB) *registry.Registry {
	t.Helper()
	return registry.New(filepath.Join(t.TempDir(), "models", "registry"), func() time.Time { return noon })
}

// deployment makes a directory to register, whose model file says content.
func deployment(t testing.TB, content string) string {
	t.Helper()
	dir := t.TempDir()
	for name, perm := range map[string]os.FileMode{"model.txt": 0o644, "predict.sh": 0o755, "logs/history": 0o644} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), perm); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func register(t testing.TB, r *registry.Registry, name, content string, aliases ...string) int {
	t.Helper()
	v, err := r.Register(t.Context(), registry.Registration{
		Name: name, Dir: deployment(t, content), Aliases: aliases, Facts: registry.Facts{By: "ann"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.Number
}

func ref(t testing.TB, text string) registry.Ref {
	t.Helper()
	r, err := registry.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// content returns what the model file of a reference says.
func content(t testing.TB, r *registry.Registry, text string) string {
	t.Helper()
	_, dir, err := r.Resolve(ref(t, text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "model.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q", err, part)
		}
	}
}

// names lists a directory without the lock file.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.Name() != ".lock" {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out
}
