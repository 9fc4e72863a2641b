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
	// what the file system or the store tells without reading.
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
	// List yields the objects whose keys begin with prefix, sorted by key.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Exists reports whether there is an object of that key.
	Exists(ctx context.Context, key string) (bool, error)
	// Delete removes an object; a missing one is no error.
	Delete(ctx context.Context, key string) error
}

// Resolver fetches what a URL names and returns where it lies on this machine:
// the absolute path of a file that stays there while it is needed. What it
// returns is trusted; allowed roots do not apply to it.
type Resolver interface {
	Resolve(ctx context.Context, location *url.URL) (localPath string, err error)
}
