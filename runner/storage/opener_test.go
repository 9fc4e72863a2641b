package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mlops/runner/storage"
)

// tree makes an allowed directory "in" and a forbidden one "out" beside it, each
// with a file, and some links between them; it returns the real path of both's
// parent.
func tree(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"in/data.csv", "in/sub/more.csv", "out/secret.csv", "inside-not/x.csv"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content of "+filepath.Base(path)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"in/to-file-out": "out/secret.csv",
		"in/to-dir-out":  "out",
		"in/to-sub":      "in/sub",
		"in/to-nowhere":  "out/nowhere",
		"out/to-in":      "in",
	} {
		if err := os.Symlink(filepath.Join(dir, target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, o *storage.Opener, location string) (string, error) {
	t.Helper()
	r, err := o.Open(t.Context(), location)
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Size() != int64(len(content)) {
		t.Errorf("%s: Size is %d, content has %d bytes", location, r.Size(), len(content))
	}
	return string(content), nil
}

func TestOpensWithinRoots(t *testing.T) {
	dir := tree(t)
	in := filepath.Join(dir, "in")
	o := storage.New(storage.Options{Base: in, AllowedRoots: []string{in}})
	for location, want := range map[string]string{
		"data.csv":                                "content of data.csv",
		"./sub/../data.csv":                       "content of data.csv",
		filepath.Join(in, "data.csv"):             "content of data.csv",
		"file://" + in + "/data.csv":              "content of data.csv",
		"to-sub/more.csv":                         "content of more.csv",
		dir + "/out/to-in/data.csv":               "content of data.csv",
		"file://localhost" + in + "/sub/more.csv": "content of more.csv",
	} {
		if got, err := read(t, o, location); err != nil || got != want {
			t.Errorf("Open(%q) reads %q, %v; want %q", location, got, err, want)
		}
	}
}

func TestForbidsWhatLiesOutsideRoots(t *testing.T) {
	dir := tree(t)
	in := filepath.Join(dir, "in")
	o := storage.New(storage.Options{Base: in, AllowedRoots: []string{in}})
	for _, location := range []string{
		"../out/secret.csv", "sub/../../out/secret.csv", "..", "/", "/etc/passwd", dir + "/out/secret.csv", "file://" + dir + "/out/secret.csv",
		"file://" + in + "/../out/secret.csv", "file://" + in + "/%2e%2e/out/secret.csv",
		"to-file-out", "to-dir-out/secret.csv", "to-dir-out/new.csv", "../inside-not/x.csv", "../in-not-there/x.csv",
	} {
		operations := map[string]error{
			"WriteAtomic": nil, "MkdirAll": o.MkdirAll(location + "/d"), "RemoveAll": o.RemoveAll(location + "/x"),
			"Rename from": o.Rename(location+"/x", "moved"), "Rename to": o.Rename("data.csv", location+"/x"),
		}
		_, operations["Open"] = o.Open(t.Context(), location)
		_, operations["LocalPath"] = o.LocalPath(t.Context(), location)
		_, operations["Stat"] = o.Stat(location)
		_, operations["ResolveDir"] = o.ResolveDir(location)
		operations["WriteAtomic"] = o.WriteAtomic(t.Context(), location+"/x", func(io.Writer) error {
			return errors.New("the writer was called")
		})
		for operation, err := range operations {
			var forbidden *storage.ForbiddenError
			switch {
			case !errors.As(err, &forbidden):
				t.Errorf("%s(%q) gives %v, want a ForbiddenError", operation, location, err)
			case !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), in):
				t.Errorf("%s(%q): %v; want the allowed directory named", operation, location, err)
			}
		}
	}
	if _, err := o.Open(t.Context(), "to-nowhere"); err == nil || !strings.Contains(err.Error(), "leads nowhere") {
		t.Errorf("a dangling link gives %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "secret.csv")); err != nil {
		t.Errorf("the file outside has suffered: %v", err)
	}
}

func TestNamesOnlyTheRootsThatSomebodyAllowed(t *testing.T) {
	dir := tree(t)
	in, scratch := filepath.Join(dir, "in"), filepath.Join(dir, "inside-not")
	for want, allowed := range map[string][]string{
		"/out/x (" + dir + "/out/x) lies outside the allowed directories: " + in:                   {in, scratch, in, scratch},
		"/out/x (" + dir + "/out/x) lies outside the allowed directories, of which there are none": {scratch},
	} {
		o := storage.New(storage.Options{AllowedRoots: allowed}).WithScratch(scratch)
		_, err := o.Stat(dir + "/sub/../out/x")
		if got := fmt.Sprint(err); got != dir+"/sub/.."+want {
			t.Errorf("got\n%s\nwant\n%s", got, dir+"/sub/.."+want)
		}
		if got, err := read(t, o, scratch+"/x.csv"); got != "content of x.csv" {
			t.Errorf("in the scratch directory: %q, %v", got, err)
		}
	}
	within := storage.New(storage.Options{AllowedRoots: []string{in}}).WithScratch(scratch)
	if err := within.RemoveAll(scratch + "/x.csv"); err != nil {
		t.Errorf("a scratch directory that is no root of its own: %v", err)
	}
	if _, err := storage.New(storage.Options{}).WithScratch(scratch).Stat(dir + "/out/secret.csv"); err != nil {
		t.Errorf("without roots a scratch directory forbids what lies elsewhere: %v", err)
	}
}

func TestExplainsWhatIsWrong(t *testing.T) {
	dir := tree(t)
	o := storage.New(storage.Options{Base: filepath.Join(dir, "in"), AllowedRoots: []string{dir}})
	for location, want := range map[string]string{
		"dat.csv":            `dat.csv: ` + dir + `/in/dat.csv does not exist; did you mean "data.csv"?`,
		"subb/deep/more.csv": `subb/deep/more.csv: ` + dir + `/in/subb does not exist; did you mean "sub"?`,
		"data.csv/x":         `data.csv/x: ` + dir + `/in/data.csv/x does not exist`,
		"sub":                "sub is a directory, not a file",
		"":                   "an empty path names no file",
		"a\x00b":             `"a\x00b": a path cannot hold a NUL byte`,
		"ftp://host/x":       `ftp://host/x: unknown scheme "ftp" (known: file)`,
		"file://host/x":      "file://host/x: a file:// location names a file of this machine: write file:///path with three slashes",
	} {
		if _, err := o.Open(t.Context(), location); err == nil || err.Error() != want {
			t.Errorf("Open(%q) gives\n%v\nwant\n%s", location, err, want)
		}
	}
	var notFound *storage.NotFoundError
	if _, err := o.LocalPath(t.Context(), "dat.csv"); !errors.As(err, &notFound) || notFound.Near != "data.csv" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LocalPath of a missing file gives %v", err)
	}
	var isDirectory *storage.IsDirectoryError
	if err := o.WriteAtomic(t.Context(), "sub", nil); !errors.As(err, &isDirectory) {
		t.Errorf("WriteAtomic over a directory gives %v", err)
	}
	var notDirectory *storage.NotDirectoryError
	if _, err := o.ResolveDir("data.csv"); !errors.As(err, &notDirectory) {
		t.Errorf("ResolveDir of a file gives %v", err)
	}
}

func TestDoesNotBlockOnPipes(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := storage.New(storage.Options{Base: dir}).Open(t.Context(), "pipe")
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Open of a pipe gives %v", err)
	}
}

func TestMovesAndRemoves(t *testing.T) {
	dir := tree(t)
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	o := storage.New(storage.Options{Base: in, AllowedRoots: []string{in, out}})
	if err := o.MkdirAll("build/deep"); err != nil {
		t.Fatal(err)
	}
	if err := o.Rename("build", "model_1"); err != nil {
		t.Fatal(err)
	}
	if info, err := o.Stat("model_1/deep"); err != nil || !info.IsDir() {
		t.Errorf("Stat gives %v, %v", info, err)
	}
	if got, err := o.ResolveDir("to-sub"); err != nil || got != filepath.Join(in, "sub") {
		t.Errorf("ResolveDir of a link gives %q, %v", got, err)
	}
	if got, err := o.ResolveDir("not/yet"); err != nil || got != filepath.Join(in, "not/yet") {
		t.Errorf("ResolveDir of what is to be made gives %q, %v", got, err)
	}
	for range 2 { // removing is idempotent
		if err := o.RemoveAll("model_1"); err != nil {
			t.Error(err)
		}
	}
	if err := o.RemoveAll("to-sub"); err != nil {
		t.Error(err)
	}
	if _, err := o.Stat("sub/more.csv"); err != nil {
		t.Errorf("removing a link removed its target: %v", err)
	}
	var forbidden *storage.ForbiddenError
	if err := o.RemoveAll("."); !errors.As(err, &forbidden) {
		t.Errorf("RemoveAll of a root gives %v", err)
	}
	if err := o.Rename("data.csv", out+"/data.csv"); !errors.As(err, &forbidden) {
		t.Errorf("Rename to another root gives %v", err)
	}
}

type resolverFunc func(u *url.URL) (string, error)

func (f resolverFunc) Resolve(_ context.Context, u *url.URL) (string, error) { return f(u) }

func TestOtherSchemes(t *testing.T) {
	dir := tree(t)
	in := filepath.Join(dir, "in")
	memory := new(storage.Memory)
	o := storage.New(storage.Options{
		Base: in, AllowedRoots: []string{in},
		Resolvers: map[string]storage.Resolver{"artifact": resolverFunc(func(u *url.URL) (string, error) {
			if u.Host != "sha256" {
				return "", errors.New("no such artifact")
			}
			return filepath.Join(dir, "out", "secret.csv"), nil
		})},
		Buckets: map[string]storage.OpenBucket{"memory": func(_ context.Context, host string) (storage.Bucket, error) {
			if host != "one" {
				return nil, fmt.Errorf("no bucket %q", host)
			}
			return memory, nil
		}},
	})
	if got, err := read(t, o, "artifact://sha256/abc"); err != nil || got != "content of secret.csv" {
		t.Errorf("an artifact reads %q, %v", got, err)
	}
	if got, err := o.LocalPath(t.Context(), "artifact://sha256/abc"); err != nil || got != filepath.Join(dir, "out", "secret.csv") {
		t.Errorf("LocalPath of an artifact gives %q, %v", got, err)
	}
	if _, err := o.Open(t.Context(), "artifact://other/abc"); err == nil || !strings.Contains(err.Error(), "no such artifact") {
		t.Errorf("a missing artifact gives %v", err)
	}
	var scheme *storage.SchemeError
	if err := o.WriteAtomic(t.Context(), "artifact://sha256/abc", nil); !errors.As(err, &scheme) {
		t.Errorf("writing an artifact gives %v", err)
	}
	err := o.WriteAtomic(t.Context(), "memory://one/deep/key.csv", func(w io.Writer) error {
		_, err := io.WriteString(w, "in memory")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, o, "memory://one/deep/key.csv"); err != nil || got != "in memory" {
		t.Errorf("a bucket's object reads %q, %v", got, err)
	}
	if _, err := o.LocalPath(t.Context(), "memory://one/deep/key.csv"); !errors.As(err, &scheme) {
		t.Errorf("LocalPath of a bucket's object gives %v", err)
	}
	if _, err := o.Open(t.Context(), "memory://two/x"); err == nil || !strings.Contains(err.Error(), "no bucket") {
		t.Errorf("an unknown bucket gives %v", err)
	}
	if _, err := o.Open(t.Context(), "s3://b/x"); err == nil || !strings.Contains(err.Error(), "(known: artifact, file, memory)") {
		t.Errorf("an unknown scheme gives %v", err)
	}
}

func ExampleOpener() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	opener := storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}})
	ctx := context.Background()
	err = opener.WriteAtomic(ctx, "runs/1/report.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, "all well")
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := opener.Open(ctx, "runs/1/report.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	fmt.Println(string(content), err)

	_, err = opener.Open(ctx, "/etc/passwd")
	var forbidden *storage.ForbiddenError
	fmt.Println(errors.As(err, &forbidden))
	// Output:
	// all well <nil>
	// true
}
