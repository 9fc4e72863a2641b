package storage

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Subtree is the part of a bucket that a URL names: a [Bucket] whose keys are
// relative to that URL.
type Subtree struct {
	bucket Bucket
	prefix string // "" or ends in a slash
	close  func() error
}

// OpenBucket returns the bucket part that a URL names, such as file:///srv/models
// or scheme://bucket/prefix for a scheme that was registered. A directory that is
// missing is made; it must lie in an allowed root. The caller closes what it
// gets. Errors are those of [Opener.Open], and a [*NotDirectoryError].
func (o *Opener) OpenBucket(ctx context.Context, location string) (*Subtree, error) {
	if IsLocal(location) {
		if err := o.MkdirAll(location); err != nil {
			return nil, err
		}
	}
	return o.tree(ctx, location)
}

// tree is [Opener.OpenBucket] of what exists.
func (o *Opener) tree(ctx context.Context, location string) (*Subtree, error) {
	bucket, key, err := o.bucket(ctx, location)
	if err != nil {
		return nil, err
	}
	if bucket != nil {
		s := &Subtree{bucket: bucket, close: func() error { return nil }}
		if key = strings.Trim(key, "/"); key != "" {
			if err := checkKey(key); err != nil {
				return nil, fmt.Errorf("%s: %w", location, err)
			}
			s.prefix = key + "/"
		}
		return s, nil
	}
	if !IsLocal(location) {
		scheme := schemeOf(location)
		if _, ok := o.options.Resolvers[scheme]; ok {
			return nil, &SchemeError{Location: location, Scheme: scheme, Problem: "is no bucket"}
		}
		return nil, o.unknown(location, scheme)
	}
	folder, err := o.openFolder(location)
	if err != nil {
		return nil, err
	}
	return &Subtree{bucket: folder, close: folder.Close}, nil
}

// Close releases what was opened.
func (s *Subtree) Close() error { return s.close() }

func (s *Subtree) key(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return s.prefix + key, nil
}

// Open implements [Bucket].
func (s *Subtree) Open(ctx context.Context, key string) (Reader, error) {
	full, err := s.key(key)
	if err != nil {
		return nil, err
	}
	return s.bucket.Open(ctx, full)
}

// WriteAtomic implements [Bucket].
func (s *Subtree) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	full, err := s.key(key)
	if err != nil {
		return err
	}
	return s.bucket.WriteAtomic(ctx, full, write)
}

// WriteIf implements [Bucket].
func (s *Subtree) WriteIf(ctx context.Context, key, tag string, write func(io.Writer) error) error {
	full, err := s.key(key)
	if err != nil {
		return err
	}
	return s.bucket.WriteIf(ctx, full, tag, write)
}

// Copy implements [Bucket].
func (s *Subtree) Copy(ctx context.Context, from, to string) error {
	source, err := s.key(from)
	if err != nil {
		return err
	}
	target, err := s.key(to)
	if err != nil {
		return err
	}
	return s.bucket.Copy(ctx, source, target)
}

// Stat implements [Bucket].
func (s *Subtree) Stat(ctx context.Context, key string) (Entry, error) {
	full, err := s.key(key)
	if err != nil {
		return Entry{}, err
	}
	e, err := s.bucket.Stat(ctx, full)
	e.Key = strings.TrimPrefix(e.Key, s.prefix)
	return e, err
}

// List implements [Bucket].
func (s *Subtree) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for entry, err := range s.bucket.List(ctx, s.prefix+prefix) {
			entry.Key = strings.TrimPrefix(entry.Key, s.prefix)
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Delete implements [Bucket].
func (s *Subtree) Delete(ctx context.Context, key string) error {
	full, err := s.key(key)
	if err != nil {
		return err
	}
	return s.bucket.Delete(ctx, full)
}
