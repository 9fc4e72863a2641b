package storage_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"mlops/runner/storage"
	"mlops/runner/storage/storagetest"
)

func openBucket(t *testing.T, o *storage.Opener, location string) *storage.Subtree {
	t.Helper()
	s, err := o.OpenBucket(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAPartOfABucketIsABucket(t *testing.T) {
	t.Run("a folder", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storage.Bucket {
			dir := t.TempDir()
			return openBucket(t, storage.New(storage.Options{AllowedRoots: []string{dir}}), "file://"+dir+"/made/on/the/way")
		})
	})
	t.Run("a registered scheme", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storage.Bucket {
			memory := new(storage.Memory)
			if err := memory.WriteAtomic(t.Context(), "elsewhere", func(io.Writer) error { return nil }); err != nil {
				t.Fatal(err)
			}
			return openBucket(t, storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{
				"memory": func(context.Context, string) (storage.Bucket, error) { return memory, nil },
			}}), "memory://bucket/some/prefix/")
		})
	})
}

func TestABucketThatCannotBeOpenedIsTold(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	if err := errors.Join(os.Mkdir(inside, 0o777), os.WriteFile(filepath.Join(inside, "file"), nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	o := storage.New(storage.Options{AllowedRoots: []string{inside}, Buckets: map[string]storage.OpenBucket{
		"memory": func(context.Context, string) (storage.Bucket, error) { return new(storage.Memory), nil },
	}})
	var forbidden *storage.ForbiddenError
	if _, err := o.OpenBucket(t.Context(), "file://"+dir+"/outside"); !errors.As(err, &forbidden) {
		t.Errorf("outside the roots: %v", err)
	}
	var scheme *storage.SchemeError
	if _, err := o.OpenBucket(t.Context(), "s3://bucket/x"); !errors.As(err, &scheme) {
		t.Errorf("an unknown scheme: %v", err)
	}
	var notDirectory *storage.NotDirectoryError
	if _, err := o.OpenBucket(t.Context(), "file://"+inside+"/file"); !errors.As(err, &notDirectory) {
		t.Errorf("a file: %v", err)
	}
	var key *storage.KeyError
	if _, err := o.OpenBucket(t.Context(), "memory://bucket/a/../b"); !errors.As(err, &key) {
		t.Errorf("a prefix that climbs: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "outside")); err == nil {
		t.Error("a directory was made outside the roots")
	}
}
