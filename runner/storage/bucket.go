package storage

import (
	"context"
	"io"
	"iter"
	"net/url"
	"time"
)

// Reader is an open file or object. Read and ReadAt do not disturb each other,
// and ReadAt may be called from several goroutines.
type Reader interface {
	io.Reader
	io.ReaderAt
	io.Closer
	// Size returns the content's length in bytes.
	Size() int64
}

// Entry describes one object of a [Bucket].
type Entry struct {
	Key      string
	Size     int64
	Modified time.Time
	// Tag changes whenever the content does, and may change without: it is made of
	// what the file system or the store tells without reading. It is never empty.
	Tag string
}

// Bucket is one storage of objects behind a URL scheme. Keys are slash-separated,
// without a leading slash and without the elements "", "." and ".."; others give
// a [*KeyError]. Methods may be called from several goroutines.
type Bucket interface {
	// Open opens an object; a missing one gives a [*NotFoundError].
	Open(ctx context.Context, key string) (Reader, error)
	// WriteAtomic makes an object of what write writes, in place of one of the
	// same key. If write or the storage fails, the bucket stays as it was.
	WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error
	// WriteIf is WriteAtomic of an object that still has a tag when it is replaced,
	// or of which there is none yet where tag is "". Otherwise the bucket stays as it
	// was, and a [*ConflictError] says so. What is to be read, changed and written
	// back is looked up with Stat before it is read. Of several that write on the same
	// condition at once, one succeeds. Where a store's reply is lost, the error may be a conflict
	// with what this very call wrote.
	WriteIf(ctx context.Context, key, tag string, write func(io.Writer) error) error
	// Copy makes an object of another's content, in place of one of the same key,
	// whole or not at all; a missing source gives a [*NotFoundError].
	Copy(ctx context.Context, from, to string) error
	// Stat describes an object; a missing one gives a [*NotFoundError].
	Stat(ctx context.Context, key string) (Entry, error)
	// List yields the objects whose keys begin with prefix, sorted by key.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Delete removes an object; a missing one is no error.
	Delete(ctx context.Context, key string) error
}

// Resolver fetches what a URL names and returns where it lies on this machine:
// the absolute path of a file that stays there while it is needed. What it
// returns is trusted; allowed roots do not apply to it.
type Resolver interface {
	Resolve(ctx context.Context, location *url.URL) (localPath string, err error)
}
