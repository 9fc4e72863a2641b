package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
)

// readAhead is how much a read that goes on where the last one ended asks for at once:
// tables are read in many small steps, and a request takes its time.
const readAhead = 4 << 20

const (
	// wholeBytes is the size up to which an object is read whole when it is opened.
	wholeBytes = 4 << 20
	// firstBytes is how much of an object the request asks for that opens it: most
	// small files need no other, and of a large one it is little.
	firstBytes = 1 << 20
)

// errReplaced says that there is another version than the one that was opened.
var errReplaced = errors.New("it was replaced while it was read; start again")

// reader reads the version of an object that was there when it was opened. A small
// one is read then, whole.
type reader struct {
	ctx     context.Context //nolint:containedctx // of the open; io.ReaderAt takes none
	bucket  *bucket
	key     string
	size    int64
	version string

	mu    sync.Mutex
	at    int64  // where Read goes on
	ahead []byte // what was read from start on
	start int64
}

// begin opens the object by reading its beginning, or all of it if it is small.
func (r *reader) begin() error {
	body, err := r.bucket.blobs.NewRangeReader(r.ctx, r.key, 0, firstBytes, nil)
	if code(err) == "InvalidRange" {
		return r.beginEmpty()
	}
	if err != nil {
		return r.bucket.fault(r.ctx, "open", r.key, err)
	}
	var reply awss3.GetObjectOutput
	if body.As(&reply) {
		r.version = aws.ToString(reply.ETag)
	}
	r.size = body.Size()
	whole := r.size
	if whole > wholeBytes {
		whole = firstBytes
	}
	r.ahead = make([]byte, whole)
	n, err := io.ReadFull(body, r.ahead[:min(whole, firstBytes)])
	body.Close()
	if err != nil && n == 0 || r.ctx.Err() != nil {
		return r.bucket.fault(r.ctx, "open", r.key, err)
	}
	_, err = r.request(r.ahead[n:], int64(n)) // the rest, or what broke off
	return err
}

// beginEmpty opens an object of which there is no first byte to ask for.
func (r *reader) beginEmpty() error {
	about, err := r.bucket.blobs.Attributes(r.ctx, r.key)
	if err != nil {
		return r.bucket.fault(r.ctx, "open", r.key, err)
	}
	if about.Size > 0 {
		return fmt.Errorf("open %s: %w", r.bucket.location(r.key), errReplaced)
	}
	r.version = about.ETag
	return nil
}

// Size implements [storage.Reader].
func (r *reader) Size() int64 { return r.size }

// Close implements [storage.Reader]; no request is open between two reads.
func (r *reader) Close() error { return nil }

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at >= r.size {
		return 0, io.EOF
	}
	if r.at < r.start || r.at >= r.start+int64(len(r.ahead)) {
		next := make([]byte, min(max(int64(len(p)), readAhead), r.size-r.at))
		if _, err := r.request(next, r.at); err != nil {
			return 0, err
		}
		r.ahead, r.start = next, r.at
	}
	n := copy(p, r.ahead[r.at-r.start:])
	r.at += int64(n)
	return n, nil
}

// ReadAt implements [io.ReaderAt], by a request for the range where it is not there
// already.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: the offset %d is negative", r.bucket.location(r.key), off)
	}
	if off >= r.size {
		return 0, io.EOF
	}
	part := p[:min(int64(len(p)), r.size-off)]
	n := r.copyAhead(part, off)
	if n < len(part) {
		more, err := r.request(part[n:], off+int64(n))
		if n += more; err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// copyAhead copies what was read already.
func (r *reader) copyAhead(p []byte, off int64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off < r.start || off >= r.start+int64(len(r.ahead)) {
		return 0
	}
	return copy(p, r.ahead[off-r.start:])
}

// resumptions is how often a reply that breaks off is taken up again where it did. The
// client by itself repeats only what has no reply yet.
const resumptions = 3

// request reads a range from the server.
func (r *reader) request(p []byte, off int64) (int, error) {
	n := 0
	for broken := 0; n < len(p); broken++ {
		more, err := r.requestOnce(p[n:], off+int64(n))
		n += more
		if err != nil && (broken == resumptions || more == 0 || r.ctx.Err() != nil) {
			return n, err
		}
	}
	return n, nil
}

func (r *reader) requestOnce(p []byte, off int64) (int, error) {
	body, err := r.bucket.blobs.NewRangeReader(r.ctx, r.key, off, int64(len(p)), &blob.ReaderOptions{BeforeRead: r.sameVersion})
	if err != nil {
		if code(err) == "PreconditionFailed" {
			return 0, fmt.Errorf("read %s: %w", r.bucket.location(r.key), errReplaced)
		}
		return 0, r.bucket.fault(r.ctx, "read", r.key, err)
	}
	defer body.Close()
	n, err := io.ReadFull(body, p)
	if err != nil {
		return n, r.bucket.fault(r.ctx, "read", r.key, err)
	}
	return n, nil
}

// sameVersion makes a request fail for another version than the first.
func (r *reader) sameVersion(as func(any) bool) error {
	var get *awss3.GetObjectInput
	if as(&get) && r.version != "" {
		get.IfMatch = aws.String(r.version)
	}
	return nil
}
