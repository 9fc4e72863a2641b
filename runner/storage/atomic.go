package storage

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// temporaryPrefix begins the names of files that are being written.
const temporaryPrefix = ".writing-"

// placing moves the temporary file pending to name, both within root; it may leave
// a link of the old name.
type placing func(ctx context.Context, root *os.Root, pending, name string) error

// replace places a file in place of any that is there.
func replace(_ context.Context, root *os.Root, pending, name string) error {
	return root.Rename(pending, name)
}

// writeAtomic makes the file name within root of what write writes, by way of a
// temporary file in the directory temp, which must be on the same file system.
// Directories that are missing are made. Package renameio would put the temporary
// file of a write within a root into the root itself: without allowed roots that
// is /, where few may write and from where little can be renamed.
func writeAtomic(ctx context.Context, root *os.Root, temp, name string, place placing, write func(io.Writer) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	parent := filepath.Dir(name)
	for _, dir := range []string{temp, parent} {
		if err := root.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	pending := filepath.Join(temp, temporaryPrefix+uuid.NewString())
	f, err := root.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	placed := false
	defer func() { // also when write panics
		f.Close() // an error leaves nothing more to do: the file goes
		if left := root.Remove(pending); !placed {
			err = errors.Join(err, left)
		}
	}()
	if err := fill(ctx, f, write); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := place(ctx, root, pending, name); err != nil {
		return err
	}
	placed = true
	// The file is there, whole; whether its name outlasts a power cut is all that
	// is still open, and that is no reason to call the write failed.
	syncDir(root, parent)
	return nil
}

// fill writes the content and makes it durable.
func fill(ctx context.Context, f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes a directory's entries durable where the file system can.
func syncDir(root *os.Root, name string) {
	if dir, err := root.Open(name); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}
