package artifacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Upload stores a file and returns its URL. A file that the master has already
// is not sent again, and an upload that broke off goes on where it broke, even
// in a later process. progress, unless nil, hears how many of the file's bytes
// the master has.
func (c *Client) Upload(ctx context.Context, path string, progress func(done, total int64)) (url string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("upload %s: not a regular file", path)
	}
	return c.upload(ctx, file, filepath.Base(path), progress)
}

// UploadDir stores a directory as one archive and returns its URL. Equal names
// and contents give equal archives, whatever the files' times, owners and modes.
// Links and special files are refused.
func (c *Client) UploadDir(ctx context.Context, dir string) (url string, err error) {
	archive, err := os.CreateTemp("", "mlops-upload-*"+archiveEnding)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", dir, err)
	}
	defer os.Remove(archive.Name())
	defer archive.Close()
	if err := pack(archive, dir); err != nil {
		return "", fmt.Errorf("upload %s: %w", dir, err)
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", dir, err)
	}
	return c.upload(ctx, archive, filepath.Base(absolute)+archiveEnding, nil)
}

func (c *Client) upload(ctx context.Context, file *os.File, name string, progress func(done, total int64)) (string, error) {
	digest, size, err := digestOf(ctx, file)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", name, err)
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	furthest := int64(-1)
	err = c.retry(ctx, func() (moved bool, err error) {
		stat, err := c.service.StatArtifact(ctx, &mlopsv1.StatArtifactRequest{Digest: digest})
		if err != nil {
			return false, err
		}
		if stat.GetExists() {
			progress(size, size)
			return true, nil
		}
		offset := stat.GetResumeOffset()
		if offset < 0 || offset > size {
			offset = 0
		}
		// Only bytes that the master has kept count as progress: a link that
		// breaks at the same place each time must not be tried for ever.
		moved, furthest = offset > furthest, max(furthest, offset)
		progress(offset, size)
		return moved, c.send(ctx, file, digest, offset, size, progress)
	})
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", name, err)
	}
	return FormatURL(digest, name), nil
}

// send streams the file's bytes from offset on.
func (c *Client) send(ctx context.Context, file *os.File, digest string, offset, size int64, progress func(done, total int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.service.UploadArtifact(ctx)
	if err != nil {
		return err
	}
	request := &mlopsv1.UploadArtifactRequest{Digest: digest, Size: size, Offset: offset}
	chunk := make([]byte, min(ChunkBytes, size-offset))
	for first := true; first || offset < size; first = false {
		n, err := file.ReadAt(chunk[:min(int64(len(chunk)), size-offset)], offset)
		if err != nil && !(errors.Is(err, io.EOF) && offset+int64(n) == size) {
			if errors.Is(err, io.EOF) {
				return errors.New("the file grew shorter while it was uploaded")
			}
			return err
		}
		request.Data = chunk[:n]
		if err := stream.Send(request); err != nil {
			break // the reason is what CloseAndRecv returns
		}
		offset += int64(n)
		progress(offset, size)
		request = &mlopsv1.UploadArtifactRequest{}
	}
	stored, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if stored.GetDigest() != digest || stored.GetSize() != size {
		return fmt.Errorf("the master stored %d bytes as %s instead of %d bytes as %s", stored.GetSize(), stored.GetDigest(), size, digest)
	}
	return nil
}

// digestOf reads the whole file, from its beginning, for its digest and size.
func digestOf(ctx context.Context, file *os.File) (digest string, size int64, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	size, err = io.CopyBuffer(hash, contextReader{ctx, file}, make([]byte, ChunkBytes))
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(hash.Sum(nil)), size, nil
}

// contextReader ends a long read when its context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
