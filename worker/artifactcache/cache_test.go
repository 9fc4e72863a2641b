package artifactcache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mlops/proto/artifacts"
	"mlops/runner"
)

const kib = 1 << 10

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func url(n int) string { return artifacts.FormatURL(digest(n), "data.csv") }

// fakeStore serves artifacts of one KiB, whose digests are numbers.
type fakeStore struct {
	fetched, uploaded, links []string
	err                      error
}

func (s *fakeStore) Upload(_ context.Context, path string, _ func(int64, int64)) (string, error) {
	s.uploaded = append(s.uploaded, "file "+filepath.Base(path))
	return url(1), s.err
}

func (s *fakeStore) UploadDir(_ context.Context, dir string) (string, error) {
	s.uploaded = append(s.uploaded, "directory "+filepath.Base(dir))
	return url(2), s.err
}

func (s *fakeStore) Fetch(_ context.Context, u, dir string) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	d, name, err := artifacts.ParseURL(u)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, d, "file", name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	s.fetched = append(s.fetched, d)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, d+".lock"), nil, 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, bytes.Repeat([]byte("x"), kib), 0o400)
}

func (s *fakeStore) Link(_ context.Context, u, name string) error {
	s.links = append(s.links, name+"="+u)
	return s.err
}

func (s *fakeStore) List(context.Context, string) (map[string]string, error) { return nil, s.err }

func newCache(t *testing.T, store Store, maxBytes int64) *Cache {
	t.Helper()
	c, err := New(store, filepath.Join(t.TempDir(), "cache"), maxBytes, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fetch fetches an artifact and makes its use look so many minutes old.
func fetch(t *testing.T, c *Cache, a runner.Artifacts, n, age int) string {
	t.Helper()
	path, err := a.Fetch(t.Context(), url(n))
	if err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-time.Duration(age) * time.Minute)
	if err := os.Chtimes(filepath.Join(c.dir, digest(n)), when, when); err != nil {
		t.Fatal(err)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestWhatWasNotUsedForLongestIsRemoved(t *testing.T) {
	store := &fakeStore{}
	c := newCache(t, store, 2*kib)
	var paths []string
	for n, age := range []int{30, 40, 20} {
		a, release := c.Session()
		paths = append(paths, fetch(t, c, a, n, age))
		release()
	}
	if !exists(paths[0]) || exists(paths[1]) || !exists(paths[2]) {
		t.Errorf("left: %v %v %v, want the second gone", exists(paths[0]), exists(paths[1]), exists(paths[2]))
	}
	a, release := c.Session()
	defer release()
	fetch(t, c, a, 0, 0)
	if len(store.fetched) != 3 {
		t.Errorf("fetched %d times, want 3: what is cached is not fetched again", len(store.fetched))
	}
}

func TestWhatIsInUseStays(t *testing.T) {
	c := newCache(t, &fakeStore{}, kib)
	a, releaseA := c.Session()
	b, releaseB := c.Session()
	shared := fetch(t, c, a, 1, 60)
	fetch(t, c, b, 1, 60)
	other := fetch(t, c, b, 2, 0)
	if !exists(shared) || !exists(other) {
		t.Fatal("an artifact in use was removed")
	}
	releaseA()
	if !exists(shared) {
		t.Fatal("an artifact was removed while another attempt used it")
	}
	releaseB()
	if exists(shared) || !exists(other) {
		t.Errorf("after all have ended: old %v, new %v, want only the new one", exists(shared), exists(other))
	}
}

func TestPublishing(t *testing.T) {
	store := &fakeStore{}
	a, release := newCache(t, store, kib).Session()
	defer release()
	dir := t.TempDir()
	file := filepath.Join(dir, "out.csv")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ path, link, url string }{{file, "", url(1)}, {dir, "models/m", url(2)}} {
		got, err := a.Publish(t.Context(), tc.path, tc.link)
		if err != nil || got != tc.url {
			t.Errorf("publishing %s: %q, %v", tc.path, got, err)
		}
	}
	if want := []string{"file out.csv", "directory " + filepath.Base(dir)}; strings.Join(store.uploaded, ",") != strings.Join(want, ",") {
		t.Errorf("uploaded %v", store.uploaded)
	}
	if len(store.links) != 1 || store.links[0] != "models/m="+url(2) {
		t.Errorf("links %v", store.links)
	}
}

// Whether another try may help decides what the master does with the failure.
func TestWhichFaultsPass(t *testing.T) {
	for _, tc := range []struct {
		err    error
		passes bool
	}{
		{errors.New("connection refused"), true},
		{fmt.Errorf("fetching: %w", artifacts.ErrNotFound), false},
		{&artifacts.ChecksumError{}, false},
		{context.Canceled, false},
	} {
		a, release := newCache(t, &fakeStore{err: tc.err}, kib).Session()
		_, err := a.Fetch(t.Context(), url(1))
		var retryable *runner.RetryableError
		if errors.As(err, &retryable) != tc.passes || !errors.Is(err, tc.err) {
			t.Errorf("%v became %v (%T)", tc.err, err, err)
		}
		release()
	}
	a, release := newCache(t, &fakeStore{}, kib).Session()
	defer release()
	if _, err := a.Fetch(t.Context(), "artifact://../../etc/passwd"); err == nil {
		t.Error("a malformed URL was fetched")
	}
	if _, err := a.Publish(t.Context(), filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("publishing a missing file: %v", err)
	}
}
