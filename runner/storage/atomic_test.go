package storage_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/storage"
)

func TestWritesAtomically(t *testing.T) {
	dir := tree(t)
	o := storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}})
	broken := errors.New("disk is full")
	for _, location := range []string{"in/data.csv", "in/new/file.csv"} {
		err := o.WriteAtomic(t.Context(), location, func(w io.Writer) error {
			io.WriteString(w, "half of")
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatalf("WriteAtomic gives %v", err)
		}
	}
	if got, err := read(t, o, "in/data.csv"); got != "content of data.csv" {
		t.Errorf("after a failed write: %q, %v", got, err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "in", "new", "*")); names != nil {
		t.Errorf("a failed write left %q", names)
	}
	for _, location := range []string{"in/data.csv", "in/new/file.csv", "in/to-file-out"} {
		err := o.WriteAtomic(t.Context(), location, func(w io.Writer) error {
			_, err := io.WriteString(w, "written")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(t, o, location); got != "written" {
			t.Errorf("%s: reads back as %q, %v", location, got, err)
		}
	}
	if got, err := read(t, o, "out/secret.csv"); got != "content of secret.csv" {
		t.Errorf("writing replaced the target of a link, not the link: %q, %v", got, err)
	}
}

func TestWritesByWayOfAFileBesideTheTarget(t *testing.T) {
	dir := tree(t)
	for name, o := range map[string]*storage.Opener{
		"no roots":   storage.New(storage.Options{Base: dir}),
		"a root":     storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}}),
		"a far root": storage.New(storage.Options{Base: dir, AllowedRoots: []string{filepath.Dir(dir)}}),
	} {
		err := o.WriteAtomic(t.Context(), "in/deep/er/file.csv", func(io.Writer) error {
			entries, err := os.ReadDir(filepath.Join(dir, "in", "deep", "er"))
			if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), ".") {
				t.Errorf("%s: while the file is written its directory holds %v, %v; want one hidden file", name, entries, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "in", "deep")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWritersOwnErrorIsKept(t *testing.T) {
	o := storage.New(storage.Options{Base: t.TempDir()})
	own := &fs.PathError{Op: "open", Path: "another", Err: fs.ErrNotExist}
	err := o.WriteAtomic(t.Context(), "file.csv", func(io.Writer) error { return own })
	if want := "write file.csv: open another: file does not exist"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
