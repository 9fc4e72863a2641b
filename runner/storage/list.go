package storage

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path"
	"strings"
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

// Entry describes one file, whose Key is its name alone; nothing there gives a
// [*NotFoundError], a directory an [*IsDirectoryError].
func (o *Opener) Entry(ctx context.Context, location string) (Entry, error) {
	if IsLocal(location) {
		info, err := o.Stat(location)
		if err != nil {
			return Entry{}, err
		}
		if info.IsDir() {
			return Entry{}, &IsDirectoryError{Location: location}
		}
		return entryOf(info.Name(), info), nil
	}
	parent, name := path.Split(location)
	for e, err := range o.List(ctx, strings.TrimSuffix(parent, "/"), name) {
		if err != nil {
			return Entry{}, err
		}
		if e.Key == name {
			return e, nil
		}
	}
	return Entry{}, &NotFoundError{Location: location}
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
