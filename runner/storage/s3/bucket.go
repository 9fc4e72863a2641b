package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"mlops/runner/storage"
)

// bucket implements [storage.Bucket].
type bucket struct {
	name   string
	blobs  *blob.Bucket
	permit func(u *url.URL) error // nil: everything
	seen   *sync.Map              // the names of buckets that are there, of all that were opened with this one
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

// whereToSet says how a process gets other credentials.
const whereToSet = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, where it is started"

// fault tells what went wrong with an object in words of this project.
func (b *bucket) fault(ctx context.Context, doing, key string, err error) error {
	var lacking *credentialsError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", doing, b.location(key), ctx.Err())
	case errors.As(err, &lacking):
		return b.forbidden(doing, key, "has no AWS credentials ("+lacking.Error()+")")
	case gcerrors.Code(err) == gcerrors.NotFound:
		if b.isMissing(ctx) {
			return fmt.Errorf("%s %s: there is no bucket %s at this endpoint", doing, b.location(key), b.name)
		}
		return &storage.NotFoundError{Location: b.location(key)}
	case gcerrors.Code(err) == gcerrors.PermissionDenied, code(err) == "InvalidAccessKeyId", code(err) == "SignatureDoesNotMatch":
		return b.forbidden(doing, key, "has AWS credentials that do not allow it ("+code(err)+")")
	case isUnavailable(err):
		err = &storage.UnavailableError{Err: err}
	}
	return fmt.Errorf("%s %s: %w", doing, b.location(key), err)
}

// forbidden says what this process may not do, though another might.
func (b *bucket) forbidden(doing, key, why string) error {
	return fmt.Errorf("%s: %w", doing, &storage.ForbiddenError{Location: b.location(key), Reason: "is closed to this process, which " + why + "; " + whereToSet})
}

// isMissing tells, of a bucket that lacks an object, whether it is there itself: servers
// tell the one like the other.
func (b *bucket) isMissing(ctx context.Context) bool {
	if _, seen := b.seen.Load(b.name); seen {
		return false
	}
	there, err := b.blobs.IsAccessible(ctx)
	if there {
		b.seen.Store(b.name, true)
	}
	return err == nil && !there
}

// isUnavailable tells what time or an operator may heal: no reply, one that broke off,
// or one of a server that is at fault or asks for patience.
func isUnavailable(err error) bool {
	var reply *awshttp.ResponseError
	if errors.As(err, &reply) && reply.HTTPStatusCode() != 0 {
		return reply.HTTPStatusCode() >= http.StatusInternalServerError || reply.HTTPStatusCode() == http.StatusTooManyRequests
	}
	var unsent *smithyhttp.RequestSendError
	var network net.Error
	return errors.As(err, &unsent) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF)
}

// code is the server's own word for an error.
func code(err error) string {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) {
		return named.ErrorCode()
	}
	return ""
}

// openTries is how often an object is opened that is replaced meanwhile.
const openTries = 10

// Open implements [storage.Bucket].
func (b *bucket) Open(ctx context.Context, key string) (storage.Reader, error) {
	if err := b.check(key); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		r := &reader{ctx: ctx, bucket: b, key: key}
		err := r.begin()
		if err == nil {
			return r, nil
		}
		if try == openTries || !errors.Is(err, errReplaced) {
			return nil, err
		}
	}
}

// WriteAtomic implements [storage.Bucket]: an object appears when its upload is
// complete, and one that is broken off leaves none.
func (b *bucket) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	explain := func(err error) error { return b.fault(ctx, "write", key, err) }
	return b.upload(ctx, key, blob.WriterOptions{}, write, explain)
}

// WriteIf implements [storage.Bucket]: the server looks, when the upload is complete.
func (b *bucket) WriteIf(ctx context.Context, key, tag string, write func(io.Writer) error) error {
	o := blob.WriterOptions{IfNotExist: tag == ""}
	if tag != "" {
		o.BeforeWrite = func(as func(any) bool) error {
			var put *transfermanager.UploadObjectInput
			if !as(&put) {
				return errors.New("this storage cannot write on a condition")
			}
			put.IfMatch = aws.String(tag)
			return nil
		}
	}
	return b.upload(ctx, key, o, write, func(err error) error {
		conflict := code(err) == "PreconditionFailed" || code(err) == "ConditionalRequestConflict"
		err = b.fault(ctx, "write", key, err)
		if conflict || tag != "" && errors.Is(err, fs.ErrNotExist) { // what was to be replaced is gone
			return &storage.ConflictError{Location: b.location(key), Tag: tag}
		}
		return err
	})
}

// upload makes an object of what write writes. Errors of the upload itself are
// explained.
func (b *bucket) upload(ctx context.Context, key string, o blob.WriterOptions, write func(io.Writer) error, explain func(error) error) error {
	if err := b.check(key); err != nil {
		return err
	}
	uploading, abandon := context.WithCancel(ctx)
	defer abandon()
	o.ContentType = "application/octet-stream"
	w, err := b.blobs.NewWriter(uploading, key, &o)
	if err != nil {
		return explain(err)
	}
	kept := &keepingWriter{w: w}
	if err := write(kept); err != nil {
		abandon()
		_ = w.Close() // it says that it was abandoned
		if kept.err != nil {
			return explain(kept.err)
		}
		return fmt.Errorf("write %s: %w", b.location(key), err)
	}
	if err := w.Close(); err != nil {
		return explain(err)
	}
	return nil
}

// keepingWriter keeps the error of a writer, whatever becomes of it on the way.
type keepingWriter struct {
	w   io.Writer
	err error
}

// Write implements [io.Writer].
func (k *keepingWriter) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	if err != nil {
		k.err = err
	}
	return n, err
}

// mostCopied is the largest object that a server copies at one request.
const mostCopied = 5 << 30

// Copy implements [storage.Bucket]: the server copies, but for objects above 5 GiB,
// which pass through this process.
func (b *bucket) Copy(ctx context.Context, from, to string) error {
	if err := errors.Join(b.check(from), b.check(to)); err != nil {
		return err
	}
	about, err := b.Stat(ctx, from)
	if err != nil || from == to {
		return err
	}
	if about.Size > mostCopied {
		return storage.CopyThrough(ctx, b, from, b, to)
	}
	err = b.blobs.Copy(ctx, to, from, &blob.CopyOptions{BeforeCopy: func(as func(any) bool) error {
		var request *awss3.CopyObjectInput
		if as(&request) {
			request.CopySource = aws.String(copySource(b.name, from))
			request.CopySourceIfMatch = aws.String(about.Tag)
		}
		return nil
	}})
	switch {
	case err == nil:
		return nil
	case code(err) == "PreconditionFailed":
		return fmt.Errorf("copy %s: it was replaced while it was copied; start again", b.location(from))
	}
	return b.fault(ctx, "copy to", to, err)
}

// copySource names an object in a header. + is an escaped space to some servers, and
// itself to others.
func copySource(bucket, key string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(bucket+"/"+key), "+", "%20")
	return strings.ReplaceAll(escaped, "%2F", "/")
}

// Stat implements [storage.Bucket].
func (b *bucket) Stat(ctx context.Context, key string) (storage.Entry, error) {
	if err := b.check(key); err != nil {
		return storage.Entry{}, err
	}
	about, err := b.blobs.Attributes(ctx, key)
	if err != nil {
		return storage.Entry{}, b.fault(ctx, "look for", key, err)
	}
	return storage.Entry{Key: key, Size: about.Size, Modified: about.ModTime, Tag: about.ETag}, nil
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
