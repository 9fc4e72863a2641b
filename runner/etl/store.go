package etl

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mlops/runner/storage"
)

// Entry is a file in a folder.
type Entry struct {
	// Name is the path within the folder that was listed, slash-separated; of
	// [Store.Stat] the last element.
	Name string
	// Location is what [Store.Open] opens.
	Location string
	// Size in bytes.
	Size int64
	// Tag is that of a [storage.Entry].
	Tag string
}

// Store is all that pipelines read and write: local folders and buckets, within
// the allowed roots.
type Store struct {
	opener *storage.Opener
	own    string // the job's own output folder, for Files; "": none
}

// NewStore returns the store behind an opener.
func NewStore(opener *storage.Opener) *Store { return &Store{opener: opener} }

// Open opens a file. Errors are those of [storage.Opener.Open].
func (s *Store) Open(ctx context.Context, location string) (storage.Reader, error) {
	return s.opener.Open(ctx, location)
}

// WriteAtomic writes a file, whole or not at all.
func (s *Store) WriteAtomic(ctx context.Context, location string, write func(io.Writer) error) error {
	return s.opener.WriteAtomic(ctx, location, write)
}

// WriteIf writes a file on the condition of [storage.Opener.WriteIf].
func (s *Store) WriteIf(ctx context.Context, location, tag string, write func(io.Writer) error) error {
	return s.opener.WriteIf(ctx, location, tag, write)
}

// Stat describes a file; nothing there gives a [*storage.NotFoundError].
func (s *Store) Stat(ctx context.Context, location string) (Entry, error) {
	e, err := s.opener.Entry(ctx, location)
	return Entry{Name: e.Key, Location: location, Size: e.Size, Tag: e.Tag}, err
}

// IsFolder reports whether a location is a local folder, or in a bucket has
// files beneath it.
func (s *Store) IsFolder(ctx context.Context, location string) (bool, error) {
	return s.opener.IsFolder(ctx, location)
}

// List yields the files beneath a folder, at any depth, sorted by name. What is
// hidden is left out: names, and folders' names, that begin with a dot. A local
// folder that is missing gives a [*storage.NotFoundError], a missing prefix of a
// bucket nothing.
func (s *Store) List(ctx context.Context, folder string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range s.opener.List(ctx, folder, "") {
			if err != nil {
				yield(Entry{}, fmt.Errorf("list %s: %w", folder, err))
				return
			}
			if isHidden(e.Key) {
				continue
			}
			if !yield(Entry{Name: e.Key, Location: Join(folder, e.Key), Size: e.Size, Tag: e.Tag}, nil) {
				return
			}
		}
	}
}

// Files lists the files beneath a folder that have one of the endings, such as
// .parquet: the inputs of a job. Left out are the folder metadata, where pipelines
// describe what they made, and the job's own output folder, where that lies in the
// listed one. It gives an error where there is none.
func (s *Store) Files(ctx context.Context, folder string, endings ...string) ([]Entry, error) {
	var found []Entry
	for e, err := range s.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		if s.own != "" && strings.HasPrefix(cleanLocation(e.Location), cleanLocation(s.own)+"/") {
			continue
		}
		if strings.HasPrefix(e.Name, "metadata/") || !slices.Contains(endings, strings.ToLower(path.Ext(e.Name))) {
			continue
		}
		found = append(found, e)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no file that ends in %s", folder, strings.Join(endings, " or "))
	}
	return found, nil
}

// Remove removes a file; a missing one is no error.
func (s *Store) Remove(ctx context.Context, location string) error {
	return s.opener.Delete(ctx, location)
}

// Join returns the location of a slash-separated name beneath a folder, or beside it,
// where the name begins with dots.
func Join(folder, name string) string {
	bucket, key := SplitBucket(folder)
	if bucket == "" {
		return filepath.Join(key, filepath.FromSlash(name))
	}
	return bucket + "/" + path.Join(strings.TrimPrefix(key, "/"), name)
}

// SplitBucket splits a location into its bucket, such as s3://plant, and the path in
// it, which begins with a slash; a local location has no bucket and is all path.
func SplitBucket(location string) (bucket, path string) {
	if storage.IsLocal(location) {
		return "", location
	}
	scheme, rest, _ := strings.Cut(location, "://")
	name, key, _ := strings.Cut(rest, "/")
	return scheme + "://" + name, "/" + key
}

// Relative names one location from a folder on the same disk or in the same bucket,
// so that both can be moved together; any other as it is. [Join] undoes it.
func Relative(folder, location string) string {
	bucket, from := SplitBucket(folder)
	other, to := SplitBucket(location)
	if bucket != other {
		return location
	}
	if rel, err := filepath.Rel(from, to); err == nil {
		return filepath.ToSlash(rel)
	}
	return location
}

func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}
