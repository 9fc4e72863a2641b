package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// OpenBucket returns the bucket that a URL's host names.
type OpenBucket func(ctx context.Context, host string) (Bucket, error)

// Options say what an [Opener] may open and how.
type Options struct {
	// Base is the directory that relative paths start from; "" means the
	// process's own.
	Base string
	// AllowedRoots are the directories that local locations must lie in, after
	// symbolic links are followed. Empty means anywhere.
	AllowedRoots []string
	// Resolvers fetch what URLs of further schemes name, by scheme.
	Resolvers map[string]Resolver
	// Buckets hold what URLs of further schemes name, by scheme. A URL's path
	// without its leading slash is the key.
	Buckets map[string]OpenBucket
	// Endpoints open the buckets of a scheme, which is one of Buckets, at an endpoint
	// that [Opener.At] names. A scheme without has none to choose.
	Endpoints map[string]func(e Endpoint) OpenBucket
}

// Endpoint says at which server the buckets of a scheme are, and how it is spoken to.
// The zero Endpoint is what the process's environment says.
type Endpoint struct {
	// URL is the server's address, http:// or https://; "": the environment's.
	URL string
	// Region of the buckets; "": the environment's.
	Region string
	// PathStyle names buckets in the path of addresses, not in their host; nil: as the
	// server's address suggests.
	PathStyle *bool
}

// Opener resolves and opens locations. It may be used from several goroutines.
type Opener struct {
	options Options
	scratch string // allowed without being told of; "" if there is none
}

// New returns an Opener. The options must not change afterwards.
func New(options Options) *Opener { return &Opener{options: options} }

// WithScratch returns an Opener that also works in dir, where it has allowed
// roots at all. Errors name the roots that somebody allowed, and not dir: it is
// the caller's own, and of no use to whoever reads the error.
func (o *Opener) WithScratch(dir string) *Opener {
	return &Opener{options: o.options, scratch: dir}
}

// At returns an Opener that finds the buckets of a scheme at an endpoint, if whoever
// made this one allows that: otherwise the buckets cannot be opened.
func (o *Opener) At(scheme string, e Endpoint) *Opener {
	if _, ok := o.options.Buckets[scheme]; !ok || e == (Endpoint{}) {
		return o
	}
	there := *o
	there.options.Buckets = maps.Clone(o.options.Buckets)
	if open, ok := o.options.Endpoints[scheme]; ok {
		there.options.Buckets[scheme] = open(e)
		return &there
	}
	there.options.Buckets[scheme] = func(_ context.Context, host string) (Bucket, error) {
		return nil, &SchemeError{Location: scheme + "://" + host, Scheme: scheme, Problem: "has no endpoint to choose here"}
	}
	return &there
}

// roots returns the directories that may be worked in; none means anywhere.
func (o *Opener) roots() []string {
	if len(o.options.AllowedRoots) == 0 || o.scratch == "" {
		return o.options.AllowedRoots
	}
	return append(slices.Clone(o.options.AllowedRoots), o.scratch)
}

// namedRoots returns the roots that an error names.
func (o *Opener) namedRoots() []string {
	var named []string
	for _, root := range o.options.AllowedRoots {
		root = filepath.Clean(root)
		if root != filepath.Clean(o.scratch) && !slices.Contains(named, root) {
			named = append(named, root)
		}
	}
	return named
}

// Open opens the file at location for reading. It gives a [*NotFoundError], an
// [*IsDirectoryError], a [*ForbiddenError] or a [*SchemeError] where that is
// what is wrong. The caller closes the reader.
func (o *Opener) Open(ctx context.Context, location string) (Reader, error) {
	if bucket, key, err := o.bucket(ctx, location); err != nil {
		return nil, err
	} else if bucket != nil {
		return bucket.Open(ctx, key)
	}
	p, err := o.fetch(ctx, location)
	if err != nil {
		return nil, err
	}
	var reader Reader
	err = p.do(func(root *os.Root) error {
		reader, err = openRegular(root, p.rel, location)
		return err
	})
	return reader, err
}

// LocalPath returns the absolute path, on this machine, of the file at location;
// what a [Resolver] serves is fetched for it. Errors are those of Open.
func (o *Opener) LocalPath(ctx context.Context, location string) (string, error) {
	p, err := o.fetch(ctx, location)
	if err != nil {
		return "", err
	}
	err = p.do(func(root *os.Root) error {
		reader, err := openRegular(root, p.rel, location)
		if err != nil {
			return err
		}
		return reader.Close()
	})
	if err != nil {
		return "", err
	}
	return p.abs(), nil
}

// WriteAtomic makes the file at location of what write writes, with the
// directories above it. If anything fails, what was there before stays, and
// nothing is left but those directories.
func (o *Opener) WriteAtomic(ctx context.Context, location string, write func(io.Writer) error) error {
	if bucket, key, err := o.bucket(ctx, location); err != nil {
		return err
	} else if bucket != nil {
		return bucket.WriteAtomic(ctx, key, write)
	}
	return o.writeLocal(ctx, location, replace, write)
}

// WriteIf is WriteAtomic of a file that still has the tag that [Opener.Entry] told, or
// that is not there yet, where tag is "". Otherwise all stays as it was, and a
// [*ConflictError] says so. See [Bucket] and [Folder.WriteIf].
func (o *Opener) WriteIf(ctx context.Context, location, tag string, write func(io.Writer) error) error {
	if bucket, key, err := o.bucket(ctx, location); err != nil {
		return err
	} else if bucket != nil {
		return bucket.WriteIf(ctx, key, tag, write)
	}
	return o.writeLocal(ctx, location, placeIf(location, tag), write)
}

func (o *Opener) writeLocal(ctx context.Context, location string, place placing, write func(io.Writer) error) error {
	p, err := o.locate(location, false)
	if err != nil {
		return err
	}
	var failed error // what write said
	err = p.do(func(root *os.Root) error {
		if info, err := root.Stat(p.rel); err == nil && info.IsDir() {
			return &IsDirectoryError{Location: location}
		}
		err := writeAtomic(ctx, root, filepath.Dir(p.rel), p.rel, place, func(w io.Writer) error {
			failed = write(w)
			return failed
		})
		if err != nil {
			return fmt.Errorf("write %s: %w", location, err)
		}
		return nil
	})
	if failed != nil { // not about this location, whatever it says is missing
		return fmt.Errorf("write %s: %w", location, failed)
	}
	return err
}

// fetch returns the place of a local location, or of what a resolver fetches.
func (o *Opener) fetch(ctx context.Context, location string) (*place, error) {
	scheme := schemeOf(location)
	if scheme == "" || scheme == "file" {
		return o.locate(location, true)
	}
	if _, ok := o.options.Buckets[scheme]; ok {
		return nil, &SchemeError{Location: location, Scheme: scheme, Problem: "has no path on this machine"}
	}
	resolver, ok := o.options.Resolvers[scheme]
	if !ok {
		return nil, o.unknown(location, scheme)
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	path, err := resolver.Resolve(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", location, err)
	}
	p, err := New(Options{}).locate(path, true)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", location, err)
	}
	p.location = location
	return p, nil
}

// bucket returns the bucket and key that a location names, nil if it is no
// bucket's. A key stands in a URL as it is: nothing in it is percent-encoded, and ? and #
// are characters like others.
func (o *Opener) bucket(ctx context.Context, location string) (Bucket, string, error) {
	open, ok := o.options.Buckets[schemeOf(location)]
	if !ok {
		return nil, "", nil
	}
	name := bucketOf(location)
	_, host, _ := strings.Cut(name, "://")
	bucket, err := open(ctx, host)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", location, err)
	}
	return bucket, strings.TrimPrefix(location[len(name):], "/"), nil
}

// bucketOf is the part of a URL before its path: scheme and host.
func bucketOf(location string) string {
	start := strings.Index(location, "://") + len("://")
	if slash := strings.IndexByte(location[start:], '/'); slash >= 0 {
		return location[:start+slash]
	}
	return location
}

func (o *Opener) unknown(location, scheme string) error {
	known := slices.Concat([]string{"file"}, slices.Collect(maps.Keys(o.options.Resolvers)), slices.Collect(maps.Keys(o.options.Buckets)))
	slices.Sort(known)
	return &SchemeError{Location: location, Scheme: scheme, Known: known}
}

// localFile is a Reader of a regular file.
type localFile struct {
	*os.File
	size int64
}

// Size returns the length that the file had when it was opened.
func (f *localFile) Size() int64 { return f.size }

// openRegular opens a file that is neither a directory nor a pipe or device,
// whose opening could block for ever.
func openRegular(root *os.Root, rel, location string) (Reader, error) {
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", location, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("open %s: %w", location, err)
	case info.IsDir():
		err = &IsDirectoryError{Location: location}
	case !info.Mode().IsRegular():
		err = fmt.Errorf("open %s: not a regular file but %s", location, info.Mode().Type())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &localFile{File: f, size: info.Size()}, nil
}

// notExist reports whether err says that something is missing, be it that a file
// stands where a directory would have to.
func notExist(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
