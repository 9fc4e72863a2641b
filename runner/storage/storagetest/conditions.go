package storagetest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mlops/runner/storage"
)

func putIf(t *testing.T, b storage.Bucket, key, tag, content string) error {
	t.Helper()
	return b.WriteIf(t.Context(), key, tag, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
}

// keepsTheWritersError tells what the writer says from what the store does.
func keepsTheWritersError(t *testing.T, b storage.Bucket) {
	put(t, b, "k", "x")
	for _, tag := range []string{"", tag(t, b, "k")} {
		own := &fs.PathError{Op: "open", Path: "another", Err: fs.ErrNotExist}
		err := b.WriteIf(t.Context(), "k", tag, func(io.Writer) error { return own })
		var conflict *storage.ConflictError
		if !errors.Is(err, own) || errors.As(err, &conflict) {
			t.Errorf("with the tag %q: %v", tag, err)
		}
	}
}

// replacesLarge writes more than a store takes at once.
func replacesLarge(t *testing.T, b storage.Bucket) {
	large := strings.Repeat("0123456789abcdef", 20<<16)
	if err := putIf(t, b, "k", "", large); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, putIf(t, b, "k", "", large), "")
	was := tag(t, b, "k")
	if err := putIf(t, b, "k", was, large+"!"); err != nil {
		t.Error(err)
	}
	wantConflict(t, putIf(t, b, "k", was, large), was)
	if got := get(t, b, "k"); got != large+"!" {
		t.Errorf("reads back as %d bytes", len(got))
	}
}

func wantConflict(t *testing.T, err error, tag string) {
	t.Helper()
	var conflict *storage.ConflictError
	if !errors.As(err, &conflict) || conflict.Tag != tag || errors.Is(err, fs.ErrExist) != (tag == "") {
		t.Errorf("got %v, want a ConflictError of the tag %q", err, tag)
	}
}

func tellsTags(t *testing.T, b storage.Bucket) {
	put(t, b, "dir/k", "x")
	want, err := b.Stat(t.Context(), "dir/k")
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range b.List(t.Context(), "dir/") {
		if err != nil || e.Key != want.Key || e.Size != want.Size || e.Tag != want.Tag {
			t.Errorf("a list tells %+v, %v; Stat %+v", e, err, want)
		}
	}
}

func makesOnce(t *testing.T, b storage.Bucket) {
	if err := putIf(t, b, "deep/k", "", "first"); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, putIf(t, b, "deep/k", "", "second"), "")
	if got := get(t, b, "deep/k"); got != "first" {
		t.Errorf("reads back as %q", got)
	}
	if err := b.Delete(t.Context(), "deep/k"); err != nil {
		t.Fatal(err)
	}
	if err := putIf(t, b, "deep/k", "", "third"); err != nil {
		t.Errorf("where nothing is any more: %v", err)
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"deep/k"}) {
		t.Errorf("keys are %q", got)
	}
}

func replacesWhatWasRead(t *testing.T, b storage.Bucket) {
	put(t, b, "k", "first")
	first := tag(t, b, "k")
	if err := putIf(t, b, "k", first, "second, longer"); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, putIf(t, b, "k", first, "third"), first)
	if got := get(t, b, "k"); got != "second, longer" {
		t.Errorf("reads back as %q", got)
	}
	second := tag(t, b, "k")
	put(t, b, "k", "by another")
	wantConflict(t, putIf(t, b, "k", second, "third"), second)
	now := tag(t, b, "k")
	if err := b.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, putIf(t, b, "k", now, "third"), now)
	if got := keys(t, b, ""); got != nil {
		t.Errorf("keys are %q", got)
	}
}

func oneOfManyWins(t *testing.T, b storage.Bucket) {
	put(t, b, "there", "x")
	was := tag(t, b, "there")
	for key, tag := range map[string]string{"new": "", "there": was} {
		const writers = 8
		var wait sync.WaitGroup
		var won, lost atomic.Int32
		winner := ""
		for i := range writers {
			wait.Go(func() {
				content := fmt.Sprint("content ", i)
				err := putIf(t, b, key, tag, content)
				var conflict *storage.ConflictError
				switch {
				case err == nil:
					won.Add(1)
					winner = content
				case errors.As(err, &conflict):
					lost.Add(1)
				default:
					t.Errorf("%s: %v", key, err)
				}
			})
		}
		wait.Wait()
		if won.Load() != 1 || lost.Load() != writers-1 || get(t, b, key) != winner {
			t.Errorf("%s: %d won, %d lost, it holds %q", key, won.Load(), lost.Load(), get(t, b, key))
		}
	}
}

// losesNothing counts in an object, as anybody would who changes what others change.
func losesNothing(t *testing.T, b storage.Bucket) {
	put(t, b, "count", "0")
	const writers, each = 4, 5
	var wait sync.WaitGroup
	for range writers {
		wait.Go(func() {
			for done := 0; done < each; {
				before := tag(t, b, "count")
				n, err := strconv.Atoi(get(t, b, "count"))
				if err != nil {
					t.Error(err)
					return
				}
				err = putIf(t, b, "count", before, strconv.Itoa(n+1))
				var conflict *storage.ConflictError
				if err != nil && !errors.As(err, &conflict) {
					t.Error(err)
					return
				}
				if err == nil {
					done++
				}
			}
		})
	}
	wait.Wait()
	if got := get(t, b, "count"); got != strconv.Itoa(writers*each) {
		t.Errorf("the count is %s, not %d", got, writers*each)
	}
}

func copies(t *testing.T, b storage.Bucket) {
	const from = "deep/Fluß & Druck+1 #%20?.tpl"
	put(t, b, from, "content")
	put(t, b, "taken", "another")
	for _, to := range []string{"new/place with space", "taken", from} {
		if err := b.Copy(t.Context(), from, to); err != nil {
			t.Errorf("copy to %s: %v", to, err)
			continue
		}
		if got := get(t, b, to); got != "content" {
			t.Errorf("%s holds %q", to, got)
		}
	}
	put(t, b, from, "changed")
	if got := get(t, b, "taken"); got != "content" {
		t.Errorf("the copy changed with what it is of: %q", got)
	}
	var missing *storage.NotFoundError
	if err := b.Copy(t.Context(), "not/there", "taken"); !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("copying nothing gives %v, want a NotFoundError", err)
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{from, "new/place with space", "taken"}) {
		t.Errorf("keys are %q", got)
	}
}
