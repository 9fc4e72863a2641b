package storage

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Folder is a [Bucket] of the files under one local directory. Symbolic links
// that lead out of it are refused.
type Folder struct{ root *os.Root }

// folderTemporary is where files are written before they are moved into place.
const folderTemporary = ".tmp"

// OpenFolder returns the bucket of a directory that exists.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open bucket folder: %w", err)
	}
	return &Folder{root: root}, nil
}

// Close releases the directory.
func (f *Folder) Close() error { return f.root.Close() }

// checkKey refuses what is no key, and keys among temporary files.
func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.IndexByte(key, 0) >= 0 {
		return &KeyError{Key: key}
	}
	if key == folderTemporary || strings.HasPrefix(key, folderTemporary+"/") {
		return &KeyError{Key: key}
	}
	return nil
}

// Open implements [Bucket].
func (f *Folder) Open(ctx context.Context, key string) (Reader, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	reader, err := openRegular(f.root, filepath.FromSlash(key), key)
	if notExist(err) {
		return nil, &NotFoundError{Location: key}
	}
	return reader, err
}

// WriteAtomic implements [Bucket].
func (f *Folder) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	return f.write(ctx, key, replace, write)
}

// WriteIf implements [Bucket]. Nothing that is written by WriteIf comes between the look
// at what is there and its replacement, whichever process of this machine does; what is
// made where nothing is replaces nothing, whoever wrote it.
func (f *Folder) WriteIf(ctx context.Context, key, tag string, write func(io.Writer) error) error {
	return f.write(ctx, key, placeIf(key, tag), write)
}

func (f *Folder) write(ctx context.Context, key string, place placing, write func(io.Writer) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := writeAtomic(ctx, f.root, folderTemporary, filepath.FromSlash(key), place, write); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

// Copy implements [Bucket].
func (f *Folder) Copy(ctx context.Context, from, to string) error {
	return CopyThrough(ctx, f, from, f, to)
}

// List implements [Bucket]. It holds all entries in memory to sort them.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		entries, err := f.entries(ctx, prefix)
		if err != nil {
			yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
			return
		}
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (f *Folder) entries(ctx context.Context, prefix string) ([]Entry, error) {
	start := path.Dir(prefix)
	if !fs.ValidPath(start) {
		return nil, nil // no key begins like that
	}
	var entries []Entry
	err := fs.WalkDir(f.root.FS(), start, func(key string, d fs.DirEntry, err error) error {
		switch {
		case notExist(err):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && key == folderTemporary:
			return fs.SkipDir
		case !d.Type().IsRegular() || !strings.HasPrefix(key, prefix):
			return nil
		}
		info, err := d.Info()
		if notExist(err) {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		entries = append(entries, entryOf(key, info))
		return nil
	})
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return entries, err
}

func entryOf(key string, info fs.FileInfo) Entry {
	return Entry{Key: key, Size: info.Size(), Modified: info.ModTime(), Tag: fileTag(info)}
}

// Stat implements [Bucket].
func (f *Folder) Stat(ctx context.Context, key string) (Entry, error) {
	if err := checkKey(key); err != nil {
		return Entry{}, err
	}
	if err := ctx.Err(); err != nil {
		return Entry{}, fmt.Errorf("look for %s: %w", key, err)
	}
	info, err := f.root.Stat(filepath.FromSlash(key))
	switch {
	case notExist(err), err == nil && !info.Mode().IsRegular():
		return Entry{}, &NotFoundError{Location: key}
	case err != nil:
		return Entry{}, fmt.Errorf("look for %s: %w", key, err)
	}
	return entryOf(key, info), nil
}

// Delete implements [Bucket].
func (f *Folder) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := ctx.Err()
	if err == nil {
		err = f.root.Remove(filepath.FromSlash(key))
	}
	if err != nil && !notExist(err) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}
