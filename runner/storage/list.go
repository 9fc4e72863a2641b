package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// IsLocal tells whether a location is a path or a file:// URL, and no URL of
// another scheme.
func IsLocal(location string) bool {
	scheme := schemeOf(location)
	return scheme == "" || scheme == "file"
}

// List yields the files beneath a local directory, or beneath the part of a bucket
// that a URL names, whose keys relative to it begin with prefix, sorted by key. A
// directory that is missing gives a [*NotFoundError]; a part of a bucket that is
// missing has no files.
func (o *Opener) List(ctx context.Context, location, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		tree, err := o.tree(ctx, location)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer tree.Close()
		for e, err := range tree.List(ctx, prefix) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// Glob yields what [Opener.List] does of the files whose keys match a pattern, such as
// cases/*/data.parquet or **/*.{tpl,genkey}: * and ? stand for characters of one
// element, [a-z] for one of several, ** for any number of elements, {a,b} for one of
// several texts; \ takes its meaning from a character. Only what begins as the pattern
// does is listed. A malformed pattern gives a [*PatternError].
func (o *Opener) Glob(ctx context.Context, location, pattern string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if !doublestar.ValidatePattern(pattern) {
			yield(Entry{}, &PatternError{Pattern: pattern})
			return
		}
		for e, err := range o.List(ctx, location, fixedPart(pattern)) {
			if err == nil && !doublestar.MatchUnvalidated(pattern, e.Key) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// fixedPart is what every key that matches a pattern begins with.
func fixedPart(pattern string) string {
	i := strings.IndexAny(pattern, `*?[{\`)
	if i < 0 {
		return pattern
	}
	if strings.HasPrefix(pattern[i:], "**") {
		return strings.TrimSuffix(pattern[:i], "/") // a/** is also a itself
	}
	return pattern[:i]
}

// Entry describes one file, whose Key is its name alone; nothing there gives a
// [*NotFoundError], a directory an [*IsDirectoryError].
func (o *Opener) Entry(ctx context.Context, location string) (Entry, error) {
	bucket, key, err := o.bucket(ctx, location)
	if err != nil {
		return Entry{}, err
	}
	if bucket != nil {
		e, err := bucket.Stat(ctx, key)
		e.Key = path.Base(key)
		return e, err
	}
	p, err := o.fetch(ctx, location)
	if err != nil {
		return Entry{}, err
	}
	var info fs.FileInfo
	err = p.do(func(root *os.Root) error {
		if info, err = root.Stat(p.rel); err != nil {
			return fmt.Errorf("%s: %w", location, err)
		}
		if info.IsDir() {
			return &IsDirectoryError{Location: location}
		}
		return nil
	})
	if err != nil {
		return Entry{}, err
	}
	return entryOf(info.Name(), info), nil
}

// IsFolder reports whether a location is a local directory, or a part of a bucket with
// files beneath it.
func (o *Opener) IsFolder(ctx context.Context, location string) (bool, error) {
	if IsLocal(location) {
		info, err := o.Stat(location)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil && info.IsDir(), err
	}
	for _, err := range o.List(ctx, location, "") {
		return err == nil, err
	}
	return false, nil
}

// Exists reports whether a file or a folder is at location.
func (o *Opener) Exists(ctx context.Context, location string) (bool, error) {
	_, err := o.Entry(ctx, location)
	var directory *IsDirectoryError
	var key *KeyError // of a whole bucket
	switch {
	case err == nil, errors.As(err, &directory):
		return true, nil
	case errors.As(err, &key), errors.Is(err, fs.ErrNotExist):
		if _, fetched := o.options.Resolvers[schemeOf(location)]; fetched {
			return false, nil
		}
		return o.IsFolder(ctx, location)
	}
	return false, err
}

// openFolder opens a local directory that exists.
func (o *Opener) openFolder(location string) (*Folder, error) {
	p, err := o.locate(location, true)
	if err != nil {
		return nil, err
	}
	var folder *Folder
	err = p.do(func(root *os.Root) error {
		info, err := root.Stat(p.rel)
		if err == nil && !info.IsDir() {
			return &NotDirectoryError{Location: location}
		}
		within, err := root.OpenRoot(p.rel)
		if err != nil {
			return fmt.Errorf("open folder %s: %w", location, err)
		}
		folder = &Folder{root: within}
		return nil
	})
	return folder, err
}
