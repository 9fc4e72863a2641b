package artifacts

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Bounds of a path within an archive.
const (
	maxPathBytes = 1024
	maxPathDepth = 32
)

// executable is all of a file's mode that travels: any of its bits sets all three.
const executable = 0o111

// ArchiveError says why an archive or a directory is refused.
type ArchiveError struct {
	Path   string // the path within it; may be empty
	Reason string // what is wrong
}

// Error names the path and what is wrong with it.
func (e *ArchiveError) Error() string {
	if e.Path == "" {
		return "archive refused: " + e.Reason
	}
	return fmt.Sprintf("archive refused: %q: %s", e.Path, e.Reason)
}

// pack writes the directory's files as a tar. fs.WalkDir visits names in order,
// and every field other than name, size, content and whether a file may be
// executed is fixed.
func pack(w io.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewWriter(w)
	entries := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if entries++; entries > MaxFiles {
			return &ArchiveError{Path: dir, Reason: fmt.Sprintf("more than %d files", MaxFiles)}
		}
		if reason := unsafePath(name); reason != "" {
			return &ArchiveError{Path: name, Reason: reason}
		}
		if entry.IsDir() {
			return archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: time.Unix(0, 0)})
		}
		if !entry.Type().IsRegular() {
			return &ArchiveError{Path: name, Reason: "neither a regular file nor a directory"}
		}
		return packFile(archive, root, name)
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

func packFile(archive *tar.Writer, root *os.Root, name string) error {
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if info.Mode()&executable != 0 {
		mode |= executable
	}
	err = archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: mode, ModTime: time.Unix(0, 0)})
	if err != nil {
		return err
	}
	if _, err := io.Copy(archive, io.LimitReader(file, info.Size())); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// unpackFile unpacks the archive into dir, which appears whole or not at all,
// and deletes the archive in either case.
func unpackFile(ctx context.Context, archive, dir string) error {
	defer os.Remove(archive)
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".unpack-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := unpack(contextReader{ctx, file}, temporary, info.Size()); err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

// unpack writes the archive's files beneath dir, which must be empty. The sum
// of the files' sizes may not exceed maxBytes.
func unpack(r io.Reader, dir string, maxBytes int64) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(r)
	for entries := 0; ; entries++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return &ArchiveError{Reason: err.Error()}
		}
		if err != nil {
			return err
		}
		if entries == MaxFiles {
			return &ArchiveError{Reason: fmt.Sprintf("more than %d files", MaxFiles)}
		}
		if maxBytes -= header.Size; maxBytes < 0 {
			return &ArchiveError{Path: header.Name, Reason: "it claims more bytes than the archive has"}
		}
		if err := unpackEntry(root, archive, header); err != nil {
			return err
		}
	}
}

func unpackEntry(root *os.Root, archive io.Reader, header *tar.Header) error {
	name := header.Name
	if header.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
	}
	if reason := unsafePath(name); reason != "" {
		return &ArchiveError{Path: header.Name, Reason: reason}
	}
	local := filepath.FromSlash(name)
	switch header.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(local, 0o700); err != nil {
			return &ArchiveError{Path: header.Name, Reason: err.Error()}
		}
		return nil
	case tar.TypeReg:
	default:
		return &ArchiveError{Path: header.Name, Reason: "neither a regular file nor a directory"}
	}
	if parent := filepath.Dir(local); parent != "." {
		if err := root.MkdirAll(parent, 0o700); err != nil {
			return &ArchiveError{Path: header.Name, Reason: err.Error()}
		}
	}
	mode := fs.FileMode(0o444)
	if header.Mode&executable != 0 {
		mode |= executable
	}
	file, err := root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return &ArchiveError{Path: header.Name, Reason: "it is there twice"}
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(file, archive)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", header.Name, err)
	}
	return nil
}

// unsafePath says what keeps a slash-separated path from being used beneath a
// directory, or "".
func unsafePath(name string) string {
	switch {
	case len(name) > maxPathBytes:
		return fmt.Sprintf("the path is longer than %d bytes", maxPathBytes)
	case strings.ContainsAny(name, "\\\x00"):
		return "the path has a backslash or a NUL"
	case path.Clean(name) != name || name == "." || !filepath.IsLocal(filepath.FromSlash(name)):
		return "the path is not a plain one beneath the directory"
	case strings.Count(name, "/") >= maxPathDepth:
		return fmt.Sprintf("the path is deeper than %d directories", maxPathDepth)
	}
	return ""
}
