package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Errors that callers decide on.
var (
	// ErrDigest says that the bytes are not those that were announced.
	ErrDigest = errors.New("the bytes do not have the announced digest")
	// ErrNotFound says that there is no such artifact.
	ErrNotFound = errors.New("no such artifact")
)

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ValidDigest tells whether s is a SHA-256 in lower-case hexadecimal: what a path
// is made of must be nothing else.
func ValidDigest(s string) bool { return digestPattern.MatchString(s) }

// Folder keeps artifacts. Its methods are safe for concurrent use, save that an
// upload belongs to one goroutine.
type Folder struct {
	root string
	now  func() time.Time
}

// OpenFolder opens a folder of artifacts and makes it if it is missing.
func OpenFolder(root string, now func() time.Time) (*Folder, error) {
	for _, dir := range []string{"sha256", "partial"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			return nil, fmt.Errorf("make the artifact folder: %w", err)
		}
	}
	return &Folder{root: root, now: now}, nil
}

func (f *Folder) path(digest string) string {
	return filepath.Join(f.root, "sha256", digest[:2], digest)
}

// partialPath is where a caller's upload grows. The caller's name is hashed: it
// may hold anything.
func (f *Folder) partialPath(digest, caller string) string {
	sum := sha256.Sum256([]byte(caller))
	return filepath.Join(f.root, "partial", digest+"-"+hex.EncodeToString(sum[:8]))
}

// Size returns a complete artifact's size, or ErrNotFound. Asking counts as use,
// so that an artifact that a client is about to name is not collected.
func (f *Folder) Size(digest string) (int64, error) {
	info, err := os.Stat(f.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("examine artifact: %w", err)
	}
	now := f.now()
	if err := os.Chtimes(f.path(digest), now, now); err != nil {
		return 0, fmt.Errorf("mark artifact as used: %w", err)
	}
	return info.Size(), nil
}

// Partial returns how many bytes of a caller's unfinished upload are kept.
func (f *Folder) Partial(digest, caller string) int64 {
	info, err := os.Stat(f.partialPath(digest, caller))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Open opens a complete artifact for reading, or returns ErrNotFound.
func (f *Folder) Open(digest string) (*os.File, int64, error) {
	size, err := f.Size(digest)
	if err != nil {
		return nil, 0, err
	}
	file, err := os.Open(f.path(digest))
	if err != nil {
		return nil, 0, fmt.Errorf("open artifact: %w", err)
	}
	return file, size, nil
}

// upload is an artifact that grows.
type upload struct {
	folder *Folder
	digest string
	path   string
	file   *os.File
	hash   hash.Hash
	size   int64 // bytes so far
}

// begin starts or resumes a caller's upload at offset, which must not lie beyond
// what is kept; what is kept beyond it is cut off.
func (f *Folder) begin(digest, caller string, offset int64) (*upload, error) {
	path := f.partialPath(digest, caller)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open partial upload: %w", err)
	}
	u := &upload{folder: f, digest: digest, path: path, file: file, hash: sha256.New(), size: offset}
	if err = file.Truncate(offset); err == nil {
		_, err = io.CopyN(u.hash, file, offset)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("resume partial upload: %w", err)
	}
	return u, nil
}

// write adds bytes.
func (u *upload) write(data []byte) error {
	if _, err := u.file.Write(data); err != nil {
		return fmt.Errorf("write upload: %w", err)
	}
	u.hash.Write(data)
	u.size += int64(len(data))
	return nil
}

// finish verifies the digest and publishes the artifact. Bytes with another digest
// are dropped, and ErrDigest is returned.
func (u *upload) finish() error {
	if got := hex.EncodeToString(u.hash.Sum(nil)); got != u.digest {
		u.abandon()
		return fmt.Errorf("%w: announced %s, received %s", ErrDigest, u.digest, got)
	}
	final := u.folder.path(u.digest)
	now := u.folder.now()
	err := errors.Join(os.Chtimes(u.path, now, now), u.file.Chmod(0o400), u.file.Sync(), os.MkdirAll(filepath.Dir(final), 0o700))
	if err == nil {
		err = os.Rename(u.path, final)
	}
	if err == nil {
		err = errors.Join(u.file.Close(), syncDir(filepath.Dir(final)))
	}
	if err != nil {
		u.abandon()
		return fmt.Errorf("publish artifact: %w", err)
	}
	return nil
}

// keep leaves the upload to be resumed.
func (u *upload) keep() { u.file.Close() }

// abandon drops the upload.
func (u *upload) abandon() {
	u.file.Close()
	os.Remove(u.path)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
