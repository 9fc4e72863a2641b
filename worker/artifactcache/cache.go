package artifactcache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mlops/proto/artifacts"
	"mlops/runner"
)

// DefaultMaxBytes is the cache's size unless an operator says otherwise.
const DefaultMaxBytes = int64(20) << 30

// Store is the artifact service; [artifacts.Client] has it.
type Store interface {
	Upload(ctx context.Context, path string, progress func(done, total int64)) (url string, err error)
	UploadDir(ctx context.Context, dir string) (url string, err error)
	Fetch(ctx context.Context, url, cacheDir string) (path string, err error)
	Link(ctx context.Context, url, name string) error
	List(ctx context.Context, prefix string) (map[string]string, error)
}

// Cache keeps fetched artifacts. It is safe for concurrent use; two processes
// must not share its directory.
type Cache struct {
	store Store
	dir   string
	max   int64
	log   *slog.Logger

	mu   sync.Mutex
	pins map[string]int // attempts that use an artifact, by digest
}

// New makes a cache in dir, which is made if it is absent, of at most maxBytes
// beyond what is in use.
func New(store Store, dir string, maxBytes int64, log *slog.Logger) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the artifact cache: %w", err)
	}
	c := &Cache{store: store, dir: dir, max: maxBytes, log: log, pins: map[string]int{}}
	c.evict()
	return c, nil
}

// Session gives one attempt its access; release ends its use of what it fetched.
func (c *Cache) Session() (a runner.Artifacts, release func()) {
	s := &session{cache: c}
	return s, s.release
}

// session is one attempt's access.
type session struct {
	cache *Cache

	mu     sync.Mutex
	pinned []string
}

// Publish stores a file or directory and links it.
func (s *session) Publish(ctx context.Context, path, link string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("publishing an artifact: %w", err)
	}
	var url string
	if info.IsDir() {
		url, err = s.cache.store.UploadDir(ctx, path)
	} else {
		url, err = s.cache.store.Upload(ctx, path, nil)
	}
	if err == nil && link != "" {
		err = s.cache.store.Link(ctx, url, link)
	}
	return url, judge(err)
}

// Fetch makes an artifact available for as long as the session lasts.
func (s *session) Fetch(ctx context.Context, url string) (string, error) {
	digest, _, err := artifacts.ParseURL(url)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.pinned = append(s.pinned, digest)
	s.mu.Unlock()
	s.cache.pin(digest)
	path, err := s.cache.store.Fetch(ctx, url, s.cache.dir)
	if err != nil {
		return "", judge(err)
	}
	now := time.Now()
	if err := os.Chtimes(filepath.Join(s.cache.dir, digest), now, now); err != nil {
		s.cache.log.Debug("the use of a cached artifact could not be noted", "digest", digest, "error", err)
	}
	s.cache.evict()
	return path, nil
}

// List lists linked artifacts.
func (s *session) List(ctx context.Context, prefix string) (map[string]string, error) {
	links, err := s.cache.store.List(ctx, prefix)
	return links, judge(err)
}

func (s *session) release() {
	s.mu.Lock()
	pinned := s.pinned
	s.pinned = nil
	s.mu.Unlock()
	if len(pinned) == 0 {
		return
	}
	s.cache.unpin(pinned)
	s.cache.evict()
}

// judge marks faults of the way to the master as passing. What is wrong with the
// artifact itself stays wrong.
func judge(err error) error {
	var url *artifacts.URLError
	var archive *artifacts.ArchiveError
	var checksum *artifacts.ChecksumError
	var local *fs.PathError
	switch {
	case err == nil, errors.Is(err, artifacts.ErrNotFound), errors.As(err, &url), errors.As(err, &archive), errors.As(err, &checksum),
		errors.As(err, &local) && errors.Is(err, fs.ErrNotExist),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &runner.RetryableError{Reason: "io", Err: err}
}

func (c *Cache) pin(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pins[digest]++
}

func (c *Cache) unpin(digests []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range digests {
		if c.pins[d]--; c.pins[d] == 0 {
			delete(c.pins, d)
		}
	}
}

// cached is what the disk holds under one digest.
type cached struct {
	digest string
	paths  []string
	bytes  int64
	used   time.Time
}

// evict removes what was not used for longest until the rest fits. A cache that
// cannot be cleaned is a matter for the log, not for the attempt.
func (c *Cache) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, total, err := c.contents()
	if err != nil {
		c.log.Warn("the artifact cache cannot be read", "dir", c.dir, "error", err)
		return
	}
	for _, e := range all {
		if total <= c.max {
			return
		}
		if c.pins[e.digest] > 0 {
			continue
		}
		for _, path := range e.paths {
			if err := removeAll(path); err != nil {
				c.log.Warn("an artifact cannot be removed from the cache", "path", path, "error", err)
			}
		}
		total -= e.bytes
	}
}

// contents lists what is cached, the least recently used first.
func (c *Cache) contents() (all []cached, total int64, err error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, 0, err
	}
	byDigest := map[string]*cached{}
	for _, entry := range entries {
		digest, ending, _ := strings.Cut(entry.Name(), ".")
		if ending == "lock" {
			continue // empty, and somebody may hold it
		}
		e := byDigest[digest]
		if e == nil {
			e = &cached{digest: digest}
			byDigest[digest] = e
		}
		path := filepath.Join(c.dir, entry.Name())
		e.paths = append(e.paths, path)
		if info, err := entry.Info(); err == nil && info.ModTime().After(e.used) {
			e.used = info.ModTime()
		}
		e.bytes += sizeOf(path)
	}
	for _, e := range byDigest {
		all = append(all, *e)
		total += e.bytes
	}
	slices.SortFunc(all, func(a, b cached) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.digest, b.digest))
	})
	return all, total, nil
}
