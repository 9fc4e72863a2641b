package program

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"mlops/runner/strictjson"
)

// Bounds of a model's folder.
const (
	// DefaultModelBytes bounds its files together where nothing else is asked for.
	DefaultModelBytes = 256 << 20
	// MaxModelBytes is the most that may be asked for: a deployment is held in
	// memory while it is checked.
	MaxModelBytes = 2 << 30
	maxModelFiles = 1000
	maxModelName  = 255
	maxManifest   = 16 << 20
	manifestFile  = "program.json"
	manifestKind  = "mlops-program-model"
)

// Manifest is what belongs to a model besides the files of its folder.
type Manifest struct {
	Format        string `json:"format"`
	FormatVersion int    `json:"format_version"`
	Program       string `json:"program"` // resolved path
	// SHA256 of the program's file when the model was trained, hexadecimal.
	SHA256    string        `json:"sha256"`
	TimeLimit time.Duration `json:"time_limit_ns"` // of each run
	Job       Job           `json:"job"`
}

// Pack makes one file of a manifest and the model's folder: a tar archive, the
// same bytes for the same contents. The folder's files, of at most limit bytes
// together, must be regular ones. What is not gives an [*Error].
func (f *Folder) Pack(ctx context.Context, m Manifest, limit int64) ([]byte, error) {
	fault := func(format string, args ...any) error {
		return &Error{Program: m.Program, Verb: "train", Kind: Fault, Problem: fmt.Sprintf(format, args...)}
	}
	root, err := f.root.OpenRoot(modelDir)
	if err != nil {
		return nil, fault("left no folder %s/: %v", modelDir, err)
	}
	defer root.Close()
	names, sizes, problem, err := listModel(ctx, root, limit)
	switch {
	case err != nil:
		return nil, err
	case problem != "":
		return nil, fault("%s", problem)
	case len(names) == 0:
		return nil, fault("wrote no model: the folder %s/ is empty", modelDir)
	}
	m.Format, m.FormatVersion, m.Job.Version = manifestKind, 1, ContractVersion
	manifest, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("pack the model: %w", err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put := func(name string, size int64, r io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.CopyN(w, r, size)
		return err
	}
	if err := put(manifestFile, int64(len(manifest)), bytes.NewReader(manifest)); err != nil {
		return nil, fmt.Errorf("pack the model: %w", err)
	}
	for i, name := range names {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		file, _, err := openRegular(root, name)
		if err != nil {
			return nil, fault("left a file in %s/ that cannot be read: %v", modelDir, err)
		}
		err = errors.Join(put(path.Join(modelDir, name), sizes[i], file), file.Close())
		if err != nil {
			return nil, fmt.Errorf("pack the model's %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack the model: %w", err)
	}
	return out.Bytes(), nil
}

// listModel gives the files of a model's folder by name; problem tells what is no
// model.
func listModel(ctx context.Context, root *os.Root, limit int64) (names []string, sizes []int64, problem string, err error) {
	stop := errors.New("stop")
	var total int64
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		refuse := func(format string, args ...any) error {
			problem = fmt.Sprintf(format, args...)
			return stop
		}
		switch {
		case err != nil:
			return refuse("left a folder %s/ that cannot be read: %v", modelDir, err)
		case d.IsDir() && strings.Count(name, "/") < maxModelName:
			return nil
		case !d.Type().IsRegular():
			return refuse("left %q in %s/, which is no regular file", name, modelDir)
		case len(names) == maxModelFiles:
			return refuse("left more than %d files in %s/", maxModelFiles, modelDir)
		case !utf8.ValidString(name) || len(name) > maxModelName:
			return refuse("left a file in %s/ whose name is no text of at most %d bytes: %q", modelDir, maxModelName, cleanLine(name))
		}
		info, err := d.Info()
		if err != nil {
			return refuse("left a folder %s/ that cannot be read: %v", modelDir, err)
		}
		if total += info.Size(); total > limit {
			return refuse("left a model of more than %d bytes, the limit (%s alone has %d); make it smaller or raise training.params.max_model_mb", limit, name, info.Size())
		}
		names, sizes = append(names, name), append(sizes, info.Size())
		return nil
	})
	if errors.Is(err, stop) {
		err = nil
	}
	return names, sizes, problem, err
}

// ModelError says why what should be a packed model is refused.
type ModelError struct {
	File   string // the name within it; may be empty
	Reason string
}

// Error names the file.
func (e *ModelError) Error() string {
	if e.File == "" {
		return "the program's model cannot be used: " + e.Reason
	}
	return fmt.Sprintf("the program's model cannot be used: its file %.*q %s", maxModelName, e.File, e.Reason)
}

// ReadPacked reads a packed model, which is untrusted, and checks all of it. It
// returns the bytes with its manifest. What is no model gives a [*ModelError].
func ReadPacked(r io.Reader) ([]byte, Manifest, error) {
	const most = MaxModelBytes + maxManifest + maxModelFiles*4096
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, Manifest{}, fmt.Errorf("read the program's model: %w", err)
	}
	if len(data) > most {
		return nil, Manifest{}, &ModelError{Reason: fmt.Sprintf("it has more than %d bytes", most)}
	}
	m, err := checkPacked(data)
	if err != nil {
		return nil, Manifest{}, err
	}
	return data, m, nil
}

// checkPacked finds all that would keep a packed model from being unpacked.
func checkPacked(data []byte) (m Manifest, err error) {
	files := map[string]bool{} // by name; false: a directory of such
	err = eachPacked(data, func(name string, size int64, content io.Reader) error {
		if len(files) == 0 {
			if name != manifestFile || size > maxManifest {
				return &ModelError{Reason: "it does not begin with " + manifestFile}
			}
			files[name] = true
			text, err := io.ReadAll(content)
			if err == nil {
				err = strictjson.Decode(text, &m)
			}
			if err != nil {
				return &ModelError{File: name, Reason: err.Error()}
			}
			return nil
		}
		inner, ok := strings.CutPrefix(name, modelDir+"/")
		if !ok || !fs.ValidPath(inner) || inner == "." || len(inner) > maxModelName || strings.ContainsRune(inner, 0) {
			return &ModelError{File: name, Reason: "has a name that no file of a model has"}
		}
		if _, twice := files[name]; twice {
			return &ModelError{File: name, Reason: "is there twice"}
		}
		files[name] = true
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if files[dir] {
				return &ModelError{File: dir, Reason: "is a directory too"}
			}
			files[dir] = false
		}
		return nil
	})
	switch {
	case err != nil:
		return m, err
	case len(files) < 2:
		return m, &ModelError{Reason: "it holds no files"}
	case m.Format != manifestKind || m.FormatVersion != 1 || m.Job.Version != ContractVersion:
		return m, &ModelError{Reason: fmt.Sprintf("it is of format %.40q, version %d, contract %d; this program reads %q, 1, %d", m.Format, m.FormatVersion, m.Job.Version, manifestKind, ContractVersion)}
	}
	return m, nil
}

// eachPacked calls f for each file of an archive, whose contents have together
// no more bytes than the archive: entries of holes cannot make more of it.
func eachPacked(data []byte, f func(name string, size int64, content io.Reader) error) error {
	r := tar.NewReader(bytes.NewReader(data))
	left := int64(len(data))
	for n := 0; ; n++ {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &ModelError{Reason: "it is no archive: " + err.Error()}
		case h.Typeflag != tar.TypeReg:
			return &ModelError{File: h.Name, Reason: "is no regular file"}
		case n > maxModelFiles:
			return &ModelError{Reason: fmt.Sprintf("it holds more than %d files", maxModelFiles)}
		}
		if left -= h.Size; left < 0 {
			return &ModelError{File: h.Name, Reason: "claims more bytes than the archive has"}
		}
		if err := f(h.Name, h.Size, r); err != nil {
			return err
		}
		// What f has left is read here: the archive may end before it.
		if _, err := io.Copy(io.Discard, r); err != nil {
			return &ModelError{File: h.Name, Reason: "is cut off"}
		}
	}
}

// Unpack writes the files of a packed model, which [ReadPacked] has checked, into
// the model's folder.
func (f *Folder) Unpack(ctx context.Context, packed []byte) error {
	err := eachPacked(packed, func(name string, _ int64, content io.Reader) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if name == manifestFile {
			return nil
		}
		if err := f.root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		return f.create(name, func(w io.Writer) error {
			_, err := io.Copy(w, content)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("unpack the program's model: %w", err)
	}
	return nil
}
