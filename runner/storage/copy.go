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
	return CopyThrough(ctx, o, from, o, to)
}

// Source is what is copied from: an [Opener], or a [Bucket].
type Source interface {
	Open(ctx context.Context, name string) (Reader, error)
}

// Target is what is copied to, of the same kinds.
type Target interface {
	WriteAtomic(ctx context.Context, name string, write func(io.Writer) error) error
}

// CopyThrough copies a file by reading and writing it here.
func CopyThrough(ctx context.Context, in Source, from string, out Target, to string) error {
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
