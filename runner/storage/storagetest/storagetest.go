// Package storagetest holds what every storage.Bucket must do, as a test to be
// run on each.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"mlops/runner/storage"
)

// Run tests the buckets that open returns, which are empty and its own to clean
// up after.
func Run(t *testing.T, open func(t *testing.T) storage.Bucket) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b storage.Bucket)
	}{
		{"what is written is read back", readsBack},
		{"ranges are read", readsRanges},
		{"writing replaces", replaces},
		{"a missing object is a NotFoundError", missing},
		{"a failed write leaves the old object", failedWrite},
		{"what is being written is not listed", unfinished},
		{"a cancelled context writes nothing", cancelled},
		{"lists are sorted and by prefix", lists},
		{"deleting is idempotent", deletes},
		{"bad keys are refused", badKeys},
		{"a tag is told alike", tellsTags},
		{"what is there is not made anew", makesOnce},
		{"what was changed meanwhile is not replaced", replacesWhatWasRead},
		{"a writer's own error is no conflict", keepsTheWritersError},
		{"large objects are replaced on a condition", replacesLarge},
		{"of writers on one condition one succeeds", oneOfManyWins},
		{"no change of many is lost", losesNothing},
		{"copies are whole and of their own", copies},
		{"an open reader outlives its object", outlives},
		{"writers do not mix", concurrentWriters},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func put(t *testing.T, b storage.Bucket, key, content string) {
	t.Helper()
	err := b.WriteAtomic(t.Context(), key, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b storage.Bucket, key string) string {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Size() != int64(len(content)) {
		t.Errorf("%s: Size is %d, content has %d bytes", key, r.Size(), len(content))
	}
	return string(content)
}

func keys(t *testing.T, b storage.Bucket, prefix string) []string {
	t.Helper()
	var keys []string
	for entry, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, entry.Key)
	}
	return keys
}

// tag is that of an object's version.
func tag(t *testing.T, b storage.Bucket, key string) string {
	t.Helper()
	e, err := b.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return e.Tag
}

func readsBack(t *testing.T, b storage.Bucket) {
	for _, key := range []string{"a", "deep/er/key with space", "ünï.csv"} {
		put(t, b, key, "content of "+key)
		if got := get(t, b, key); got != "content of "+key {
			t.Errorf("%s reads back as %q", key, got)
		}
		if e, err := b.Stat(t.Context(), key); e.Key != key || e.Size != int64(len("content of "+key)) || e.Modified.IsZero() || e.Tag == "" || err != nil {
			t.Errorf("%s: Stat gives %+v, %v", key, e, err)
		}
	}
	put(t, b, "empty", "")
	if got := get(t, b, "empty"); got != "" {
		t.Errorf("empty reads back as %q", got)
	}
}

func readsRanges(t *testing.T, b storage.Bucket) {
	put(t, b, "digits", "0123456789")
	r, err := b.Open(t.Context(), "digits")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 4)
	if n, err := r.ReadAt(buf, 3); n != 4 || err != nil || string(buf) != "3456" {
		t.Errorf("ReadAt(4 bytes, 3) = %d, %v, %q", n, err, buf)
	}
	if n, err := r.ReadAt(buf, 8); n != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt past the end = %d, %v; want 2, EOF", n, err)
	}
	if n, err := io.ReadFull(r, buf); n != 4 || err != nil || string(buf) != "0123" {
		t.Errorf("Read after ReadAt = %d, %v, %q; it must begin at the beginning", n, err, buf)
	}
}

func replaces(t *testing.T, b storage.Bucket) {
	put(t, b, "k", "a longer first content")
	before := tag(t, b, "k")
	put(t, b, "k", "second")
	if after := tag(t, b, "k"); before == "" || after == "" || after == before {
		t.Errorf("the tag was %q and is %q", before, after)
	}
	if got := get(t, b, "k"); got != "second" {
		t.Errorf("reads back as %q", got)
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"k"}) {
		t.Errorf("keys are %q", got)
	}
}

func missing(t *testing.T, b storage.Bucket) {
	_, err := b.Open(t.Context(), "not/there")
	var notFound *storage.NotFoundError
	if !errors.As(err, &notFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open gives %v, want a NotFoundError", err)
	}
	if _, err := b.Stat(t.Context(), "not/there"); !errors.As(err, &notFound) {
		t.Errorf("Stat gives %v, want a NotFoundError", err)
	}
	put(t, b, "dir/file", "x")
	if _, err := b.Stat(t.Context(), "dir"); !errors.As(err, &notFound) {
		t.Errorf("Stat of what only begins keys gives %v, want a NotFoundError", err)
	}
}

func failedWrite(t *testing.T, b storage.Bucket) {
	put(t, b, "k", "old")
	broken := errors.New("broken")
	for _, key := range []string{"k", "new"} {
		err := b.WriteAtomic(t.Context(), key, func(w io.Writer) error {
			_, err := io.WriteString(w, "half of")
			return errors.Join(err, broken)
		})
		if !errors.Is(err, broken) {
			t.Errorf("WriteAtomic gives %v, want the writer's own error", err)
		}
	}
	if got := get(t, b, "k"); got != "old" {
		t.Errorf("reads back as %q", got)
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"k"}) {
		t.Errorf("keys are %q; the failed write left something", got)
	}
}

func unfinished(t *testing.T, b storage.Bucket) {
	err := b.WriteAtomic(t.Context(), "dir/new", func(io.Writer) error {
		for e, err := range b.List(t.Context(), "") {
			t.Errorf("a list during the write yields %+v, %v", e, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func cancelled(t *testing.T, b storage.Bucket) {
	ctx, cancel := context.WithCancel(t.Context())
	err := b.WriteAtomic(ctx, "k", func(w io.Writer) error {
		_, err := io.WriteString(w, "content")
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("WriteAtomic gives %v, want %v", err, context.Canceled)
	}
	if got := keys(t, b, ""); got != nil {
		t.Errorf("keys are %q", got)
	}
}

func lists(t *testing.T, b storage.Bucket) {
	for _, key := range []string{"b/2", "b/10", "b-x", "a", "b/sub/1", "c"} {
		put(t, b, key, key)
	}
	for prefix, want := range map[string][]string{
		"":      {"a", "b-x", "b/10", "b/2", "b/sub/1", "c"},
		"b/":    {"b/10", "b/2", "b/sub/1"},
		"b":     {"b-x", "b/10", "b/2", "b/sub/1"},
		"b/1":   {"b/10"},
		"b/sub": {"b/sub/1"},
		"none/": nil,
		"zzz":   nil,
		"../":   nil,
		"/":     nil,
	} {
		if got := keys(t, b, prefix); !slices.Equal(got, want) {
			t.Errorf("prefix %q lists %q, want %q", prefix, got, want)
		}
	}
	for entry, err := range b.List(t.Context(), "") {
		if err != nil || entry.Key != "a" || entry.Size != 1 || entry.Modified.IsZero() {
			t.Errorf("the first entry is %+v, %v", entry, err)
		}
		break // a list may be left early
	}
}

func deletes(t *testing.T, b storage.Bucket) {
	put(t, b, "dir/k", "x")
	for range 2 {
		if err := b.Delete(t.Context(), "dir/k"); err != nil {
			t.Error(err)
		}
	}
	if got := keys(t, b, ""); got != nil {
		t.Errorf("keys are %q", got)
	}
}

func badKeys(t *testing.T, b storage.Bucket) {
	put(t, b, "good", "x")
	for _, key := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../../b", "a/./b", "a\x00b"} {
		var bad *storage.KeyError
		if _, err := b.Open(t.Context(), key); !errors.As(err, &bad) {
			t.Errorf("Open(%q) gives %v, want a KeyError", key, err)
		}
		err := b.WriteAtomic(t.Context(), key, func(io.Writer) error { return nil })
		if !errors.As(err, &bad) {
			t.Errorf("WriteAtomic(%q) gives %v, want a KeyError", key, err)
		}
		err = b.WriteIf(t.Context(), key, "", func(io.Writer) error { return nil })
		if !errors.As(err, &bad) {
			t.Errorf("WriteIf(%q) gives %v, want a KeyError", key, err)
		}
		if err := b.Copy(t.Context(), "good", key); !errors.As(err, &bad) {
			t.Errorf("Copy to %q gives %v, want a KeyError", key, err)
		}
		if err := b.Copy(t.Context(), key, "good"); !errors.As(err, &bad) {
			t.Errorf("Copy of %q gives %v, want a KeyError", key, err)
		}
		if _, err := b.Stat(t.Context(), key); !errors.As(err, &bad) {
			t.Errorf("Stat(%q) gives %v, want a KeyError", key, err)
		}
		if err := b.Delete(t.Context(), key); !errors.As(err, &bad) {
			t.Errorf("Delete(%q) gives %v, want a KeyError", key, err)
		}
	}
}

func outlives(t *testing.T, b storage.Bucket) {
	put(t, b, "k", "first")
	r, err := b.Open(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, b, "k", "second")
	if got, err := io.ReadAll(r); string(got) != "first" || err != nil {
		t.Errorf("reads %q, %v; want what was there when it was opened", got, err)
	}
}

func concurrentWriters(t *testing.T, b storage.Bucket) {
	const writers = 8
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			err := b.WriteAtomic(t.Context(), "k", func(w io.Writer) error {
				for range 100 {
					if _, err := fmt.Fprint(w, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := get(t, b, "k")
	if len(got) != 100 || strings.Count(got, got[:1]) != 100 {
		t.Errorf("reads back as %q", got)
	}
}
