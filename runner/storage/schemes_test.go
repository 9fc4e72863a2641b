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
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/storage"
)

// places are the folders of every scheme that is written, empty, by their locations.
func places(t *testing.T) (*storage.Opener, []string) {
	t.Helper()
	dir := t.TempDir()
	memory := map[string]*storage.Memory{"one": {}, "two": {}}
	o := storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}, Buckets: map[string]storage.OpenBucket{
		"memory": func(_ context.Context, name string) (storage.Bucket, error) { return memory[name], nil },
	}})
	return o, []string{"folder", "file://" + filepath.Join(dir, "url"), "memory://one/part", "memory://two"}
}

func writeText(t testing.TB, o *storage.Opener, location, text string) {
	t.Helper()
	if err := o.WriteText(t.Context(), location, text); err != nil {
		t.Fatal(err)
	}
}

func wantText(t testing.TB, o *storage.Opener, location, want string) {
	t.Helper()
	if got, err := o.ReadText(t.Context(), location); got != want || err != nil {
		t.Errorf("%s holds %q, %v; want %q", location, got, err, want)
	}
}

// A key stands in a URL as it is, and so does a name in a path.
func TestNamesOfFilesMayHoldWhatURLsEscape(t *testing.T) {
	o, folders := places(t)
	for _, folder := range folders {
		if strings.HasPrefix(folder, "file://") { // is a URL, and escaped as one
			continue
		}
		for _, name := range []string{"50% of #1?.tpl", "a%20b", "x=1&y=2", "ü+ü", "q?"} {
			writeText(t, o, folder+"/"+name, name)
			wantText(t, o, folder+"/"+name, name)
			if e, err := o.Entry(t.Context(), folder+"/"+name); err != nil || e.Key != name {
				t.Errorf("%s/%s is %+v, %v", folder, name, e, err)
			}
		}
		n := 0
		for e, err := range o.List(t.Context(), folder, "") {
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, o, folder+"/"+e.Key, e.Key)
			n++
		}
		if n != 5 {
			t.Errorf("%s has %d files", folder, n)
		}
	}
}

func TestWritesOnACondition(t *testing.T) {
	o, folders := places(t)
	for _, folder := range folders {
		location := folder + "/deep/state.json"
		write := func(tag, text string) error {
			return o.WriteIf(t.Context(), location, tag, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		}
		if err := write("", "first"); err != nil {
			t.Fatal(err)
		}
		if err := write("", "again"); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: making it once more gives %v", folder, err)
		}
		read, err := o.Entry(t.Context(), location)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(read.Tag, "second"); err != nil {
			t.Errorf("%s: replacing what was read gives %v", folder, err)
		}
		var conflict *storage.ConflictError
		if err := write(read.Tag, "third"); !errors.As(err, &conflict) || conflict.Tag != read.Tag {
			t.Errorf("%s: replacing what was changed gives %v", folder, err)
		}
		wantText(t, o, location, "second")
		for e, err := range o.List(t.Context(), folder, "") {
			if err != nil || e.Key != "deep/state.json" {
				t.Errorf("%s: left is %+v, %v", folder, e, err)
			}
		}
	}
}

// A link is replaced itself, by its target's tag: that is what was read.
func TestALinkIsReplacedOnACondition(t *testing.T) {
	dir := tree(t)
	o := storage.New(storage.Options{Base: dir})
	if err := os.Symlink("sub/more.csv", filepath.Join(dir, "in", "to-sub-file")); err != nil {
		t.Fatal(err)
	}
	read, err := o.Entry(t.Context(), "in/to-sub-file")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.WriteIf(t.Context(), "in/to-sub-file", read.Tag, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	wantText(t, o, "in/to-sub-file", "")
	wantText(t, o, "in/sub/more.csv", "content of more.csv")
}

func TestCopiesBetweenAllPlaces(t *testing.T) {
	o, folders := places(t)
	for i, from := range folders {
		source := fmt.Sprintf("%s/from/%d.txt", from, i)
		writeText(t, o, source, source)
		for _, to := range folders {
			target := fmt.Sprintf("%s/copies/%d.txt", to, i)
			if err := o.Copy(t.Context(), source, target); err != nil {
				t.Errorf("copy %s to %s: %v", source, target, err)
				continue
			}
			wantText(t, o, target, source)
		}
		if err := o.Copy(t.Context(), from+"/nothing", from+"/copy"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("copying nothing of %s gives %v", from, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, folder := range folders {
		if err := o.Copy(ended, folders[0]+"/from/0.txt", folder+"/late"); !errors.Is(err, context.Canceled) {
			t.Errorf("copying to %s for nobody gives %v", folder, err)
		}
	}
}

func TestDeletesAFileOfEveryPlace(t *testing.T) {
	o, folders := places(t)
	for _, folder := range folders {
		writeText(t, o, folder+"/dir/file", "x")
		for range 2 { // deleting is idempotent
			if err := o.Delete(t.Context(), folder+"/dir/file"); err != nil {
				t.Errorf("%s: %v", folder, err)
			}
		}
		if there, err := o.Exists(t.Context(), folder+"/dir/file"); there || err != nil {
			t.Errorf("%s: it is there: %v, %v", folder, there, err)
		}
	}
	var directory *storage.IsDirectoryError
	if err := o.Delete(t.Context(), "folder/dir"); !errors.As(err, &directory) {
		t.Errorf("deleting a directory gives %v", err)
	}
	var forbidden *storage.ForbiddenError
	if err := o.Delete(t.Context(), os.DevNull); !errors.As(err, &forbidden) {
		t.Errorf("deleting outside the roots gives %v", err)
	}
}

func TestExistsTellsFilesAndFolders(t *testing.T) {
	o, folders := places(t)
	for _, folder := range folders {
		writeText(t, o, folder+"/dir/file", "x")
		for name, want := range map[string]bool{
			"/dir/file": true, "/dir": true, "/dir/": true, "": true, "/": true,
			"/dir/fil": false, "/di": false, "/dir/file/x": false,
		} {
			if got, err := o.Exists(t.Context(), folder+name); got != want || err != nil {
				t.Errorf("Exists(%s%s) gives %v, %v", folder, name, got, err)
			}
		}
	}
}

func TestArtifactsAreFilesThatAreReadOnly(t *testing.T) {
	dir := tree(t)
	o := storage.New(storage.Options{Base: dir, AllowedRoots: []string{filepath.Join(dir, "in")}, Resolvers: map[string]storage.Resolver{
		"artifact": resolverFunc(func(u *url.URL) (string, error) {
			if u.Host != "known" {
				return "", fs.ErrNotExist
			}
			return filepath.Join(dir, "out", "secret.csv"), nil
		}),
	}})
	ctx := t.Context()
	if e, err := o.Entry(ctx, "artifact://known"); err != nil || e.Key != "secret.csv" || e.Size != int64(len("content of secret.csv")) {
		t.Errorf("it is %+v, %v", e, err)
	}
	for location, want := range map[string]bool{"artifact://known": true, "artifact://other": false} {
		if got, err := o.Exists(ctx, location); got != want || err != nil {
			t.Errorf("Exists(%s) gives %v, %v", location, got, err)
		}
	}
	if err := o.Copy(ctx, "artifact://known", "in/copy.csv"); err != nil {
		t.Error(err)
	}
	wantText(t, o, "in/copy.csv", "content of secret.csv")
	var scheme *storage.SchemeError
	for doing, err := range map[string]error{
		"writing":     o.WriteText(ctx, "artifact://known", "x"),
		"replacing":   o.WriteIf(ctx, "artifact://known", "", func(io.Writer) error { return nil }),
		"copying to":  o.Copy(ctx, "in/copy.csv", "artifact://known"),
		"deleting of": o.Delete(ctx, "artifact://known"),
	} {
		if !errors.As(err, &scheme) {
			t.Errorf("%s an artifact gives %v", doing, err)
		}
	}
}

func TestListsByPattern(t *testing.T) {
	o, folders := places(t)
	for _, folder := range folders {
		for _, key := range []string{"a.tpl", "a.genkey", "cases/1/data.parquet", "cases/1/x/data.parquet", "cases/2/data.pq", "cases/[3]/data.parquet", "casesx"} {
			writeText(t, o, folder+"/"+key, key)
		}
		for pattern, want := range map[string][]string{
			"*.tpl":                  {"a.tpl"},
			"*.{tpl,genkey}":         {"a.genkey", "a.tpl"},
			"cases/*/data.parquet":   {"cases/1/data.parquet", "cases/[3]/data.parquet"},
			"cases/[0-9]/data.*":     {"cases/1/data.parquet", "cases/2/data.pq"},
			`cases/\[3\]/*`:          {"cases/[3]/data.parquet"},
			"**/data.parquet":        {"cases/1/data.parquet", "cases/1/x/data.parquet", "cases/[3]/data.parquet"},
			"cases/**/x/*":           {"cases/1/x/data.parquet"},
			"cases/1/**":             {"cases/1/data.parquet", "cases/1/x/data.parquet"},
			"cases/1/data.parquet":   {"cases/1/data.parquet"},
			"case?":                  nil,
			"cases?":                 {"casesx"},
			"nothing/**":             nil,
			"../**":                  nil,
			"**/*.{parquet,pq}":      {"cases/1/data.parquet", "cases/1/x/data.parquet", "cases/2/data.pq", "cases/[3]/data.parquet"},
			"{a.tpl,cases/1/x/**/*}": {"a.tpl", "cases/1/x/data.parquet"},
		} {
			var got []string
			for e, err := range o.Glob(t.Context(), folder, pattern) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Key)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s of %s lists %q, want %q", pattern, folder, got, want)
			}
		}
		for _, malformed := range []string{"[a", "{a", `a\`} {
			var bad *storage.PatternError
			for _, err := range o.Glob(t.Context(), folder, malformed) {
				if !errors.As(err, &bad) || bad.Pattern != malformed {
					t.Errorf("the pattern %s gives %v", malformed, err)
				}
			}
		}
	}
}

// What is listed by a pattern is what matches of all, however little of it is looked at.
func TestAPatternsFixedPartHidesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		memory := &storage.Memory{}
		o := storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{
			"memory": func(context.Context, string) (storage.Bucket, error) { return memory, nil },
		}})
		elements := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "x"}), 1, 3)
		for _, key := range rapid.SliceOfN(rapid.Map(elements, func(e []string) string { return strings.Join(e, "/") }), 0, 8).Draw(r, "keys") {
			if err := o.WriteText(t.Context(), "memory://m/"+key, key); err != nil {
				r.Fatal(err)
			}
		}
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "?", "*", "**", "a*", "{a,b}", "[ab]", "ab"}), 1, 3).Draw(r, "pattern"), "/")
		list := func(pattern string) (keys []string) {
			for e, err := range o.Glob(t.Context(), "memory://m", pattern) {
				if err != nil {
					r.Fatal(err)
				}
				keys = append(keys, e.Key)
			}
			return keys
		}
		// The same pattern, which begins with nothing that is fixed.
		if narrow, wide := list(pattern), list("{"+pattern+",}"); !strings.Contains(pattern, "{") && !slices.Equal(narrow, wide) {
			r.Errorf("%s lists %q, of all %q", pattern, narrow, wide)
		}
	})
}

func TestTextsHaveABound(t *testing.T) {
	dir := t.TempDir()
	large, err := os.Create(filepath.Join(dir, "large"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(large.Truncate(storage.MaxText+1), large.Close()); err != nil {
		t.Fatal(err)
	}
	o := storage.New(storage.Options{Base: dir})
	var tooLarge *storage.TooLargeError
	if _, err := o.ReadText(t.Context(), "large"); !errors.As(err, &tooLarge) {
		t.Errorf("got %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, "large"), storage.MaxText); err != nil {
		t.Fatal(err)
	}
	if text, err := o.ReadText(t.Context(), "large"); len(text) != storage.MaxText || err != nil {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestAnEndpointIsGivenToWhoMayUseIt(t *testing.T) {
	at := func(server string) storage.OpenBucket {
		return func(context.Context, string) (storage.Bucket, error) {
			m := &storage.Memory{}
			return m, m.WriteAtomic(t.Context(), "server", func(w io.Writer) error { _, err := io.WriteString(w, server); return err })
		}
	}
	dir := t.TempDir()
	o := storage.New(storage.Options{
		AllowedRoots: []string{dir},
		Buckets:      map[string]storage.OpenBucket{"m": at("the environment's"), "fixed": at("the environment's")},
		Endpoints:    map[string]func(storage.Endpoint) storage.OpenBucket{"m": func(e storage.Endpoint) storage.OpenBucket { return at(e.URL) }},
	}).WithScratch(t.TempDir())
	there := o.At("m", storage.Endpoint{URL: "https://s3.example.org"})
	wantText(t, there, "m://bucket/server", "https://s3.example.org")
	wantText(t, o, "m://bucket/server", "the environment's")
	wantText(t, o.At("m", storage.Endpoint{}), "m://bucket/server", "the environment's")
	wantText(t, there, "fixed://bucket/server", "the environment's")
	var scheme *storage.SchemeError
	if _, err := o.At("fixed", storage.Endpoint{Region: "eu-west-1"}).ReadText(t.Context(), "fixed://bucket/server"); !errors.As(err, &scheme) {
		t.Errorf("a scheme of which no endpoint can be chosen gives %v", err)
	}
	var forbidden *storage.ForbiddenError
	if _, err := there.ReadText(t.Context(), "/elsewhere"); !errors.As(err, &forbidden) {
		t.Errorf("the roots are forgotten: %v", err)
	}
}
