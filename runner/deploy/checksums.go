package deploy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// ChecksumsFile lists every file of a deployment but itself and the logs, in the
// form of sha256sum(1), so that `sha256sum -c checksums.txt` checks it too. Its
// last line, a comment to that program, is the checksum of the lines before:
// it tells a list that was cut or edited.
const ChecksumsFile = "checksums.txt"

// LogsDir holds what is written after a deployment was published; it alone may
// change.
const LogsDir = "logs"

const (
	sealPrefix        = "# sha256 of the lines above: "
	maxChecksumsBytes = 4 << 20
	// maxNamesBytes bounds inference.json and the metadata, which name every
	// feature and class.
	maxNamesBytes    = 256 << 20
	maxDocumentBytes = 4 << 30
	maxBundleFiles   = 10_000
)

// FileInfo is one file of a deployment.
type FileInfo struct {
	Path   string `json:"path"`   // within the deployment, slash-separated
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// TamperedError says that a deployment is not as it was published.
type TamperedError struct {
	Dir     string // the deployment
	File    string // the file concerned, within it
	Problem string // "is missing", "does not match its checksum", …
	Err     error  // the system's error, where there is one
}

// Error names the file and tells what to do.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("deployment %s: %s %s; it was changed or damaged since it was published, so it is not used: restore it or train again",
		e.Dir, e.File, e.Problem)
}

// Unwrap returns the system's error.
func (e *TamperedError) Unwrap() error { return e.Err }

func tampered(dir, file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &TamperedError{Dir: dir, File: file, Problem: "is missing"}
	}
	return &TamperedError{Dir: dir, File: file, Problem: err.Error(), Err: err}
}

// scanFiles returns the deployment's files but the logs and the list itself,
// by path.
func scanFiles(root *os.Root) ([]FileInfo, error) {
	var files []FileInfo
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == LogsDir && d.IsDir():
			return fs.SkipDir
		case d.IsDir(), name == ChecksumsFile:
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file", name)
		case len(files) == maxBundleFiles:
			return fmt.Errorf("more than %d files", maxBundleFiles)
		}
		info, err := hashFile(root, name)
		if err != nil {
			return err
		}
		files = append(files, info)
		return nil
	})
	return files, err
}

// hashFile reads a file through once.
func hashFile(root *os.Root, name string) (FileInfo, error) {
	f, err := openRegular(root, name)
	if err != nil {
		return FileInfo{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return FileInfo{}, fmt.Errorf("read %s: %w", name, err)
	}
	return FileInfo{Path: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// formatChecksums writes the list, sorted by path, with its seal.
func formatChecksums(files []FileInfo) []byte {
	sorted := slices.SortedFunc(slices.Values(files), func(a, b FileInfo) int { return strings.Compare(a.Path, b.Path) })
	var b bytes.Buffer
	for _, f := range sorted {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	seal := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "%s%x\n", sealPrefix, seal)
	return b.Bytes()
}

// parseChecksums is the inverse of formatChecksums: exactly what that writes is
// accepted. Sizes are not in the list.
func parseChecksums(data []byte) ([]FileInfo, error) {
	at := bytes.LastIndex(data, []byte(sealPrefix))
	if at < 0 || at > 0 && data[at-1] != '\n' {
		return nil, errors.New("ends before its last line")
	}
	var files []FileInfo
	lines := bufio.NewScanner(bytes.NewReader(data[:at]))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		switch {
		case !ok || len(sum) != 2*sha256.Size:
			return nil, fmt.Errorf("has a malformed line %d", len(files)+1)
		case !fs.ValidPath(name) || path.Clean(name) != name || name == ChecksumsFile || strings.HasPrefix(name, LogsDir+"/"):
			return nil, fmt.Errorf("line %d names %q, which is no file of a deployment", len(files)+1, name)
		case len(files) > 0 && files[len(files)-1].Path >= name:
			return nil, fmt.Errorf("line %d is out of order", len(files)+1)
		case len(files) == maxBundleFiles:
			return nil, fmt.Errorf("lists more than %d files", maxBundleFiles)
		}
		files = append(files, FileInfo{Path: name, SHA256: sum})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if !bytes.Equal(formatChecksums(files), data) {
		return nil, errors.New("does not match its own last line")
	}
	return files, nil
}

// appendChecksums adds the list itself to the files that are told of.
func appendChecksums(root *os.Root, files []FileInfo) ([]FileInfo, error) {
	list, err := hashFile(root, ChecksumsFile)
	if err != nil {
		return nil, err
	}
	return append(files, list), nil
}

// verify reads every file of a deployment, checks it and returns the contents
// of those that keep names, so that what is checked is what is used.
func verify(ctx context.Context, root *os.Root, dir string, keep func(name string) bool) (map[string][]byte, []FileInfo, error) {
	list, err := readBounded(root, ChecksumsFile, maxChecksumsBytes)
	if err != nil {
		return nil, nil, tampered(dir, ChecksumsFile, err)
	}
	files, err := parseChecksums(list)
	if err != nil {
		return nil, nil, tampered(dir, ChecksumsFile, err)
	}
	contents := make(map[string][]byte)
	for i, want := range files {
		if err := context.Cause(ctx); err != nil {
			return nil, nil, err
		}
		var got FileInfo
		if keep(want.Path) {
			data, err := readBounded(root, want.Path, maxDocumentBytes)
			if err != nil {
				return nil, nil, tampered(dir, want.Path, err)
			}
			sum := sha256.Sum256(data)
			contents[want.Path] = data
			got = FileInfo{Path: want.Path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
		} else if got, err = hashFile(root, want.Path); err != nil {
			return nil, nil, tampered(dir, want.Path, err)
		}
		if got.SHA256 != want.SHA256 {
			return nil, nil, tampered(dir, want.Path, errors.New("does not match its checksum"))
		}
		files[i] = got
	}
	files, err = appendChecksums(root, files)
	return contents, files, err
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("is larger than %d bytes", limit)
	}
	return data, err
}

// openRegular opens what is a file and no link, pipe or device.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	return root.Open(name)
}
