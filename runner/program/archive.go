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
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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

// ReadPacked reads a packed model, which is untrusted, and checks all of it. It
// returns the bytes with its manifest.
func ReadPacked(r io.Reader) ([]byte, Manifest, error) {
	var m Manifest
	const most = MaxModelBytes + maxManifest + maxModelFiles*4096
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, m, fmt.Errorf("read the program's model: %w", err)
	}
	if len(data) > most {
		return nil, m, fmt.Errorf("the program's model has more than %d bytes", most)
	}
	var seen []string
	err = eachPacked(data, func(name string, size int64, content io.Reader) error {
		if len(seen) == 0 {
			if name != manifestFile || size > maxManifest {
				return fmt.Errorf("it does not begin with %s", manifestFile)
			}
			d := json.NewDecoder(content)
			d.DisallowUnknownFields()
			if err := d.Decode(&m); err != nil {
				return fmt.Errorf("%s: %w", manifestFile, err)
			}
		} else if inner, ok := strings.CutPrefix(name, modelDir+"/"); !ok || !fs.ValidPath(inner) || inner == "." || len(inner) > maxModelName {
			return fmt.Errorf("it holds %q, which is no file of a model", name)
		}
		if slices.Contains(seen, name) {
			return fmt.Errorf("it holds %q twice", name)
		}
		seen = append(seen, name)
		return nil
	})
	switch {
	case err != nil:
		return nil, m, fmt.Errorf("the program's model cannot be used: %w", err)
	case len(seen) < 2:
		return nil, m, errors.New("the program's model cannot be used: it holds no files")
	case m.Format != manifestKind || m.FormatVersion != 1 || m.Job.Version != ContractVersion:
		return nil, m, fmt.Errorf("the program's model is of format %q, version %d, contract %d; this program reads %q, 1, %d", m.Format, m.FormatVersion, m.Job.Version, manifestKind, ContractVersion)
	}
	return data, m, nil
}

// eachPacked calls f for each file of an archive.
func eachPacked(data []byte, f func(name string, size int64, content io.Reader) error) error {
	r := tar.NewReader(bytes.NewReader(data))
	for n := 0; ; n++ {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("it holds %q, which is no regular file", h.Name)
		case n > maxModelFiles:
			return fmt.Errorf("it holds more than %d files", maxModelFiles)
		case h.Size > int64(len(data)): // a sparse entry
			return fmt.Errorf("%q has %d bytes, more than the archive", h.Name, h.Size)
		}
		if err := f(h.Name, h.Size, r); err != nil {
			return err
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
