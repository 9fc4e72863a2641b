package pipeline

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"mlops/runner/storage"
)

// Locate resolves a relative path from base, where one is given. URLs and
// absolute paths stay as they are.
func Locate(base, location string) string {
	if base == "" || location == "" || strings.Contains(location, "://") || filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(base, location)
}

// WriteAtomic writes a file as [storage.Opener.WriteAtomic] does, by way of a
// temporary file in the very directory that the file is in. The opener's own lies
// in the allowed root: without roots that is /, where few may write and from
// where nothing can be renamed to another file system.
func WriteAtomic(ctx context.Context, o *storage.Opener, location string, write func(io.Writer) error) error {
	if strings.Contains(location, "://") {
		return o.WriteAtomic(ctx, location, write)
	}
	parent := filepath.Dir(location)
	dir, err := o.ResolveDir(parent)
	if err != nil {
		return err
	}
	if err := o.MkdirAll(parent); err != nil {
		return err
	}
	within := storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}})
	return within.WriteAtomic(ctx, filepath.Join(dir, filepath.Base(location)), write)
}
