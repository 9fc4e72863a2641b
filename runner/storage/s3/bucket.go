package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"mlops/runner/storage"
)

// bucket implements [storage.Bucket].
type bucket struct {
	name   string
	blobs  *blob.Bucket
	permit func(u *url.URL) error // nil: everything
}

// check refuses what is no key, and what may not be opened.
func (b *bucket) check(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.IndexByte(key, 0) >= 0 {
		return &storage.KeyError{Key: key}
	}
	return b.allowed(key)
}

func (b *bucket) allowed(key string) error {
	if b.permit == nil {
		return nil
	}
	return b.permit(&url.URL{Scheme: Scheme, Host: b.name, Path: "/" + key})
}

// location is how errors call an object.
func (b *bucket) location(key string) string { return Scheme + "://" + b.name + "/" + key }

// fault tells what went wrong with an object in words of this project.
func (b *bucket) fault(ctx context.Context, doing, key string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", doing, b.location(key), ctx.Err())
	case gcerrors.Code(err) == gcerrors.NotFound:
		// A missing bucket is told like a missing object.
		if there, err := b.blobs.IsAccessible(ctx); err == nil && !there {
			return fmt.Errorf("%s %s: there is no bucket %s at this endpoint", doing, b.location(key), b.name)
		}
		return &storage.NotFoundError{Location: b.location(key)}
	case gcerrors.Code(err) == gcerrors.PermissionDenied, code(err) == "InvalidAccessKeyId", code(err) == "SignatureDoesNotMatch":
		return fmt.Errorf("%s %s: this process's AWS credentials do not allow it (%s); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, where it is started: %w", doing, b.location(key), code(err), fs.ErrPermission)
	}
	return fmt.Errorf("%s %s: %w", doing, b.location(key), err)
}

// code is the server's own word for an error.
func code(err error) string {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) {
		return named.ErrorCode()
	}
	return ""
}

// Open implements [storage.Bucket].
func (b *bucket) Open(ctx context.Context, key string) (storage.Reader, error) {
	if err := b.check(key); err != nil {
		return nil, err
	}
	about, err := b.blobs.Attributes(ctx, key)
	if err != nil {
		return nil, b.fault(ctx, "open", key, err)
	}
	r := &reader{ctx: ctx, bucket: b, key: key, size: about.Size, version: about.ETag}
	if r.size <= readAhead {
		r.ahead = make([]byte, r.size)
		if _, err := r.request(r.ahead, 0); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// WriteAtomic implements [storage.Bucket]: an object appears when its upload is
// complete, and one that is broken off leaves none.
func (b *bucket) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := b.check(key); err != nil {
		return err
	}
	uploading, abandon := context.WithCancel(ctx)
	defer abandon()
	w, err := b.blobs.NewWriter(uploading, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return b.fault(ctx, "write", key, err)
	}
	if err := write(w); err != nil {
		abandon()
		_ = w.Close() // it says that it was abandoned
		return fmt.Errorf("write %s: %w", b.location(key), err)
	}
	if err := w.Close(); err != nil {
		return b.fault(ctx, "write", key, err)
	}
	return nil
}

// List implements [storage.Bucket]; it asks for a page of objects at a time.
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := b.allowed(prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		objects := b.blobs.List(&blob.ListOptions{Prefix: prefix})
		for {
			o, err := objects.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(storage.Entry{}, b.fault(ctx, "list", prefix, err))
				return
			}
			entry := storage.Entry{Key: o.Key, Size: o.Size, Modified: o.ModTime}
			var object types.Object
			if o.As(&object) {
				entry.Tag = aws.ToString(object.ETag)
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// Exists implements [storage.Bucket].
func (b *bucket) Exists(ctx context.Context, key string) (bool, error) {
	if err := b.check(key); err != nil {
		return false, err
	}
	there, err := b.blobs.Exists(ctx, key)
	if err != nil {
		return false, b.fault(ctx, "look for", key, err)
	}
	return there, nil
}

// Delete implements [storage.Bucket].
func (b *bucket) Delete(ctx context.Context, key string) error {
	if err := b.check(key); err != nil {
		return err
	}
	err := b.blobs.Delete(ctx, key)
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return b.fault(ctx, "delete", key, err)
	}
	return nil
}
