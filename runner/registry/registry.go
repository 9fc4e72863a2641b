package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mlops/runner/table"
)

// Registry is the models below one directory. It may be used from several
// goroutines and, with others of the same directory, from several processes.
type Registry struct {
	dir string
	now func() time.Time
}

// New returns the registry in a directory, which need not exist: the first
// registration makes it. Nothing is read yet. A nil clock is time.Now.
func New(dir string, now func() time.Time) *Registry {
	if now == nil {
		now = time.Now
	}
	return &Registry{dir: dir, now: now}
}

// Dir returns the registry's directory.
func (r *Registry) Dir() string { return r.dir }

// Models returns all models that have a version, by name. A registry that was
// never written to has none. A damaged model is an error that names it.
func (r *Registry) Models(ctx context.Context) ([]Model, error) {
	root, err := os.OpenRoot(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the model registry: %w", err)
	}
	defer root.Close()
	names, err := modelNames(root)
	if err != nil {
		return nil, fmt.Errorf("list the model registry: %w", err)
	}
	var models []Model
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, err := r.read(root, name)
		if err != nil {
			return nil, err
		}
		if d != nil && len(d.Versions) > 0 {
			models = append(models, d.model())
		}
	}
	return models, nil
}

// Model returns the model of that name, or a [*NotFoundError].
func (r *Registry) Model(name string) (Model, error) {
	d, err := r.find(Ref{Name: name})
	if err != nil {
		return Model{}, err
	}
	return d.model(), nil
}

// Resolve returns the version that a reference names, and its directory.
func (r *Registry) Resolve(ref Ref) (Version, string, error) {
	d, err := r.find(ref)
	if err != nil {
		return Version{}, "", err
	}
	v, err := r.pick(d, ref)
	if err != nil {
		return Version{}, "", err
	}
	dir := filepath.Join(r.dir, ref.Name, strconv.Itoa(v.Number))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return Version{}, "", &CorruptError{File: dir, Problem: "is missing, though " + documentFile + " tells of it", Err: err}
	}
	return v, dir, nil
}

// find reads the model of a reference.
func (r *Registry) find(ref Ref) (*document, error) {
	if err := CheckName(ref.Name); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Ref: ref, Registry: r.dir, Reason: "there is no registry yet"}
	}
	if err != nil {
		return nil, fmt.Errorf("open the model registry: %w", err)
	}
	defer root.Close()
	d, err := r.read(root, ref.Name)
	if err != nil {
		return nil, err
	}
	if d == nil || len(d.Versions) == 0 {
		return nil, r.noModel(root, ref)
	}
	return d, nil
}

func (r *Registry) noModel(root *os.Root, ref Ref) error {
	e := &NotFoundError{Ref: ref, Registry: r.dir, Reason: "there is no such model"}
	names, err := modelNames(root)
	if err != nil {
		return fmt.Errorf("list the model registry: %w", err)
	}
	if near := table.Nearest(ref.Name, names); near != "" && near != ref.Name {
		e.Reason += fmt.Sprintf("; did you mean %q?", near)
	}
	return e
}

// pick returns the version of a reference.
func (r *Registry) pick(d *document, ref Ref) (Version, error) {
	number := ref.Version
	switch {
	case number > 0:
	case ref.Alias == "" || ref.Alias == Latest:
		number = d.Versions[len(d.Versions)-1].Number
	default:
		number = d.Aliases[ref.Alias]
	}
	if i := d.version(number); i >= 0 {
		return d.Versions[i], nil
	}
	e := &NotFoundError{Ref: ref, Registry: r.dir}
	if ref.Version > 0 {
		e.Reason = "there is no such version; there are " + numbers(d.Versions)
	} else {
		known := append(slices.Sorted(maps.Keys(d.Aliases)), Latest)
		e.Reason = "there is no such alias (known: " + strings.Join(known, ", ") + ")"
	}
	return Version{}, e
}

// numbers lists the newest versions.
func numbers(versions []Version) string {
	const most = 10
	var list []string
	for _, v := range versions[max(0, len(versions)-most):] {
		list = append(list, strconv.Itoa(v.Number))
	}
	text := strings.Join(list, ", ")
	if len(versions) > most {
		text = "…, " + text
	}
	return text
}

// modelNames lists the directories that models may be in.
func modelNames(root *os.Root) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && CheckName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// read returns a model's document, nil where nothing was registered under that
// name.
func (r *Registry) read(root *os.Root, name string) (*document, error) {
	file := filepath.Join(name, documentFile)
	corrupt := func(problem string, err error) error {
		return &CorruptError{File: filepath.Join(r.dir, file), Problem: problem, Err: err}
	}
	data, err := readFile(root, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		left, err := versionDirs(root, name)
		if err != nil {
			return nil, fmt.Errorf("read the model registry: %w", err)
		}
		if len(left) > 0 {
			return nil, corrupt("is missing, though there are versions beside it", fs.ErrNotExist)
		}
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the model registry: %w", err)
	case len(data) > maxDocumentBytes:
		return nil, corrupt(fmt.Sprintf("is larger than %d bytes", maxDocumentBytes), nil)
	}
	d, err := decode(data, name)
	if err != nil {
		return nil, corrupt(err.Error(), err)
	}
	return d, nil
}

// readFile reads a regular file, up to one byte more than a document may have.
func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDocumentBytes+1))
}

// versionDirs returns the numbers that directories of a model have.
func versionDirs(root *os.Root, name string) ([]int, error) {
	entries, err := fs.ReadDir(root.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var found []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 && e.IsDir() {
			found = append(found, n)
		}
	}
	return found, err
}
