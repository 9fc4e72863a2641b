package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
)

// ChecksumError says that what arrived is not what was asked for.
type ChecksumError struct {
	Want string // the digest asked for
	Got  string // the digest of what arrived
}

// Error names both digests.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("the bytes received have the SHA-256 %s instead of %s", e.Got, e.Want)
}

// lockPoll is how often a fetch looks whether another process has finished the
// same one.
const lockPoll = 20 * time.Millisecond

// Fetch makes an artifact available beneath cacheDir and returns its path: a
// file, or the unpacked directory of an artifact whose name ends in .tar. What
// is there already is not fetched again; several processes may share the
// directory. The caller must not change what it gets.
func (c *Client) Fetch(ctx context.Context, url, cacheDir string) (path string, err error) {
	digest, name, err := ParseURL(url)
	if err != nil {
		return "", err
	}
	name, isArchive := strings.CutSuffix(name, archiveEnding)
	home := filepath.Join(cacheDir, digest, "file")
	if isArchive {
		home = filepath.Join(cacheDir, digest, "directory")
	}
	path = filepath.Join(home, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", fmt.Errorf("fetch %s: %w", url, err)
	}
	lock := flock.New(filepath.Join(cacheDir, digest+".lock"))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return "", fmt.Errorf("fetch %s: wait for another fetch of it: %w", url, err)
	}
	defer lock.Close()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	partial := filepath.Join(cacheDir, digest+".partial")
	if err := c.download(ctx, digest, partial, nil); err != nil {
		return "", fmt.Errorf("fetch %s: %w", url, err)
	}
	if isArchive {
		err = unpackFile(ctx, partial, path)
	} else if err = os.Chmod(partial, 0o444); err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", url, err)
	}
	return path, nil
}

// Save writes an artifact to a file of the caller's choice. The file is there
// whole or, after an error, as it was before.
func (c *Client) Save(ctx context.Context, url, path string, progress func(done, total int64)) error {
	digest, _, err := ParseURL(url)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.partial")
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	defer os.Remove(temporary.Name())
	if err := errors.Join(temporary.Chmod(0o644), temporary.Close()); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := c.download(ctx, digest, temporary.Name(), progress); err != nil {
		return fmt.Errorf("save %s to %s: %w", url, path, err)
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	return nil
}

// download completes the partial file and checks it. A wrong checksum discards
// what there was, once: the beginning may stem from a torn write of an earlier
// process.
func (c *Client) download(ctx context.Context, digest, partial string, progress func(done, total int64)) error {
	file, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	resumed := info.Size() > 0
	for {
		if err := c.receive(ctx, file, digest, progress); err != nil {
			return err
		}
		got, _, err := digestOf(ctx, file)
		if err != nil {
			return err
		}
		if got == digest {
			return errors.Join(file.Sync(), file.Close())
		}
		if err := file.Truncate(0); err != nil {
			return err
		}
		if !resumed {
			return &ChecksumError{Want: digest, Got: got}
		}
		resumed = false
	}
}

// receive appends to the file until it is as long as the artifact.
func (c *Client) receive(ctx context.Context, file *os.File, digest string, progress func(done, total int64)) error {
	return c.retry(ctx, func() (moved bool, err error) {
		offset, err := file.Seek(0, io.SeekEnd)
		if err != nil {
			return false, err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.service.DownloadArtifact(ctx, &mlopsv1.DownloadArtifactRequest{Digest: digest, Offset: offset})
		if err != nil {
			return false, err
		}
		for size := int64(-1); ; {
			response, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF) && size >= 0 && offset < size:
				return moved, status.Errorf(codes.Unavailable, "the download ended at byte %d of %d", offset, size)
			case errors.Is(err, io.EOF):
				return moved, nil
			case status.Code(err) == codes.NotFound:
				return moved, fmt.Errorf("%w: %s", ErrNotFound, status.Convert(err).Message())
			case status.Code(err) == codes.OutOfRange && offset > 0:
				// The partial file is longer than the artifact: it is none of its.
				if terr := file.Truncate(0); terr != nil {
					return moved, terr
				}
				return moved, err
			case err != nil:
				return moved, err
			}
			if size < 0 {
				if size = response.GetSize(); size > c.maxBytes {
					return moved, fmt.Errorf("it has %d bytes; at most %d are accepted", size, c.maxBytes)
				}
			}
			n := int64(len(response.GetData()))
			if offset+n > size {
				return moved, fmt.Errorf("the master sent more bytes than the %d it announced", size)
			}
			if _, err := file.Write(response.GetData()); err != nil {
				return moved, err
			}
			offset, moved = offset+n, moved || n > 0
			if progress != nil {
				progress(offset, size)
			}
		}
	})
}
