package artifacts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// artifactURL finds the digests that a message names.
var artifactURL = regexp.MustCompile(`artifact://([0-9a-f]{64})`)

// References calls each with the encoded messages in which artifacts may be named.
type References func(ctx context.Context, each func(message []byte)) error

// Collector removes artifacts that nothing names any more.
type Collector struct {
	// Folder is what it cleans.
	Folder *Folder
	// Links are names that keep artifacts.
	Links Links
	// References are the workflows and tasks that keep artifacts.
	References References
	// MinAge is how long an artifact must have been left alone to be collected, and
	// an unfinished upload too.
	MinAge time.Duration
	// Logger takes what was removed.
	Logger *slog.Logger
}

// Collect removes what has not been touched for MinAge and is named nowhere, and
// returns how many artifacts.
func (c *Collector) Collect(ctx context.Context) (int, error) {
	before := c.Folder.now().Add(-c.MinAge)
	if err := c.dropPartials(before); err != nil {
		return 0, err
	}
	old, err := c.old(before)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	if err := c.spareNamed(ctx, old); err != nil {
		return 0, err
	}
	removed := 0
	for digest, path := range old {
		// It may have been used since it was found.
		if info, err := os.Stat(path); err != nil || info.ModTime().After(before) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return removed, fmt.Errorf("remove artifact: %w", err)
		}
		c.Logger.Info("artifact collected", "digest", digest)
		removed++
	}
	return removed, nil
}

// old finds artifacts that were last used before an instant, by digest.
func (c *Collector) old(before time.Time) (map[string]string, error) {
	found := map[string]string{}
	root := filepath.Join(c.Folder.root, "sha256")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !ValidDigest(d.Name()) {
			return err
		}
		info, err := d.Info()
		if err == nil && info.ModTime().Before(before) {
			found[d.Name()] = path
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look through artifacts: %w", err)
	}
	return found, nil
}

// spareNamed takes out of old what a link, a workflow or a task names.
func (c *Collector) spareNamed(ctx context.Context, old map[string]string) error {
	for token := ""; ; {
		links, next, err := c.Links.Links(ctx, "", token, MaxPage)
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		for _, link := range links {
			delete(old, link.GetDigest())
		}
		if next == "" {
			break
		}
		token = next
	}
	err := c.References(ctx, func(message []byte) {
		if !bytes.Contains(message, []byte("artifact://")) {
			return // most: searching for a pattern takes longer
		}
		for _, m := range artifactURL.FindAllSubmatch(message, -1) {
			delete(old, string(m[1]))
		}
	})
	if err != nil {
		return fmt.Errorf("read references to artifacts: %w", err)
	}
	return nil
}

// dropPartials removes uploads that broke off and were never resumed.
func (c *Collector) dropPartials(before time.Time) error {
	dir := filepath.Join(c.Folder.root, "partial")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look through partial uploads: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("examine partial upload: %w", err)
		}
		if info.ModTime().Before(before) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove partial upload: %w", err)
			}
		}
	}
	return nil
}
