package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// copyChunk is how much is copied between two looks at the context.
const copyChunk = 64 << 20

// Copy makes a file of another's content, whole or not at all, in place of what is
// there. Within one bucket the store itself copies; errors are those of
// [Opener.Open] and [Opener.WriteAtomic].
func (o *Opener) Copy(ctx context.Context, from, to string) error {
	source, key, err := o.bucket(ctx, from)
	if err != nil {
		return err
	}
	if source != nil && bucketOf(from) == bucketOf(to) {
		_, target, err := o.bucket(ctx, to)
		if err != nil {
			return err
		}
		return source.Copy(ctx, key, target)
	}
	return copyBetween(ctx, o, from, o, to)
}

// source and target are what is copied between: an [Opener], or a [Bucket].
type source interface {
	Open(ctx context.Context, name string) (Reader, error)
}

type target interface {
	WriteAtomic(ctx context.Context, name string, write func(io.Writer) error) error
}

// copyBetween copies by reading and writing.
func copyBetween(ctx context.Context, in source, from string, out target, to string) error {
	r, err := in.Open(ctx, from)
	if err != nil {
		return err
	}
	defer r.Close()
	content := io.Reader(r)
	if f, ok := r.(*localFile); ok {
		content = f.File // which the kernel copies to another by itself
	}
	return out.WriteAtomic(ctx, to, func(w io.Writer) error {
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			switch _, err := io.CopyN(w, content, copyChunk); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return fmt.Errorf("copy %s: %w", from, err)
			}
		}
	})
}

// Delete removes the file at location; a missing one is no error, a directory an
// [*IsDirectoryError]. A symbolic link is removed itself.
func (o *Opener) Delete(ctx context.Context, location string) error {
	if bucket, key, err := o.bucket(ctx, location); err != nil {
		return err
	} else if bucket != nil {
		return bucket.Delete(ctx, key)
	}
	return o.deleteLocal(ctx, location)
}
