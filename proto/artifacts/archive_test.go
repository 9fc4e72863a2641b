package artifacts

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree reads every file beneath dir; a directory's entry is "".
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() {
			files[name+"/"] = ""
			return nil
		}
		if !entry.Type().IsRegular() {
			t.Errorf("%s is neither a file nor a directory", name)
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var deployment = map[string]string{"metadata.json": "{}", "model.txt": "tree\n", "logs/": "", "logs/history.json": "[]", "empty/": ""}

func TestADirectoryComesOutAsItWentIn(t *testing.T) {
	var packed bytes.Buffer
	if err := pack(&packed, plant(t, deployment)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unpack(&packed, dir, int64(packed.Len())); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(deployment, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestEqualDirectoriesGiveEqualArchives(t *testing.T) {
	first, second := plant(t, deployment), plant(t, deployment)
	if err := os.Chmod(filepath.Join(second, "model.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(second, "model.txt"), time.Unix(1, 0), time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := errors.Join(pack(&a, first), pack(&b, second)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the archives differ")
	}
}

func TestAFileThatMayBeExecutedStaysSo(t *testing.T) {
	files := map[string]fs.FileMode{"predict.sh": 0o755, "own.sh": 0o700, "model.txt": 0o600, "setuid": 0o755 | fs.ModeSetuid, "open": 0o666}
	dir := t.TempDir()
	for name, mode := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	if err := pack(&packed, dir); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := unpack(&packed, out, int64(packed.Len())); err != nil {
		t.Fatal(err)
	}
	for name, mode := range files {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got&0o222 != 0 || !got.IsRegular() || got&fs.ModeSetuid != 0 || (got&0o100 != 0) != (mode&0o100 != 0) {
			t.Errorf("%s of mode %s has mode %s", name, mode, got)
		}
	}
}

func TestALinkIsNotPacked(t *testing.T) {
	dir := plant(t, deployment)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "secret")); err != nil {
		t.Fatal(err)
	}
	var refused *ArchiveError
	if err := pack(&bytes.Buffer{}, dir); !errors.As(err, &refused) || refused.Path != "secret" {
		t.Errorf("error is %v", err)
	}
}

func archiveOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func regular(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 1} }

var hostile = map[string][]tar.Header{
	"a path upwards":          {regular("../outside")},
	"a path upwards within":   {regular("a/../../outside")},
	"an absolute path":        {regular("/tmp/outside")},
	"a backslash":             {regular(`..\outside`)},
	"no name but a directory": {regular(".")},
	"a symbolic link":         {{Typeflag: tar.TypeSymlink, Name: "a", Linkname: "/etc"}, regular("a/passwd")},
	"a hard link":             {{Typeflag: tar.TypeLink, Name: "a", Linkname: "/etc/passwd"}},
	"a device":                {{Typeflag: tar.TypeChar, Name: "a"}},
	"a pipe":                  {{Typeflag: tar.TypeFifo, Name: "a"}},
	"the same name twice":     {regular("a"), regular("a")},
	"a file as a directory":   {regular("a"), regular("a/b")},
	"too deep a path":         {regular(strings.Repeat("d/", maxPathDepth) + "f")},
	"too long a path":         {regular(strings.Repeat("d", maxPathBytes+1))},
}

func TestAHostileArchiveIsRefused(t *testing.T) {
	for name, headers := range hostile {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			dir := filepath.Join(outer, "dir")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			var refused *ArchiveError
			if err := unpack(bytes.NewReader(archiveOf(t, headers...)), dir, 1<<20); !errors.As(err, &refused) {
				t.Errorf("error is %v", err)
			}
			if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
				t.Errorf("something was written outside: %v %v", entries, err)
			}
		})
	}
}

func TestAnArchiveMayNotClaimMoreThanItHas(t *testing.T) {
	archive := archiveOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "a", Size: 1000})
	var refused *ArchiveError
	if err := unpack(bytes.NewReader(archive), t.TempDir(), 999); !errors.As(err, &refused) {
		t.Errorf("error is %v", err)
	}
}

func TestAnArchiveOfTooManyFilesIsRefused(t *testing.T) {
	headers := make([]tar.Header, MaxFiles+1)
	for i := range headers {
		headers[i] = tar.Header{Typeflag: tar.TypeDir, Name: "d/"}
	}
	var refused *ArchiveError
	if err := unpack(bytes.NewReader(archiveOf(t, headers...)), t.TempDir(), 1<<30); !errors.As(err, &refused) {
		t.Errorf("error is %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, headers := range hostile {
		f.Add(archiveOf(f, headers...))
	}
	f.Add(archiveOf(f, regular("model.txt"), tar.Header{Typeflag: tar.TypeDir, Name: "logs/"}, regular("logs/a")))
	f.Add([]byte("not an archive"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		outer := t.TempDir()
		dir := filepath.Join(outer, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		err := unpack(bytes.NewReader(archive), dir, int64(len(archive)))
		if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
			t.Fatalf("something was written outside: %v %v", entries, err)
		}
		files := tree(t, dir)
		if err != nil {
			return
		}
		var packed bytes.Buffer
		if err := pack(&packed, dir); err != nil {
			t.Fatalf("what was unpacked cannot be packed: %v", err)
		}
		again := t.TempDir()
		if err := unpack(&packed, again, int64(packed.Len())); err != nil {
			t.Fatalf("what was packed cannot be unpacked: %v", err)
		}
		if d := cmp.Diff(files, tree(t, again)); d != "" {
			t.Error(d)
		}
	})
}
