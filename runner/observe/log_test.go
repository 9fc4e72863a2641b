package observe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"mlops/runner/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type entry struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

func newLog(t *testing.T) observe.Log {
	return observe.Log{Path: filepath.Join(t.TempDir(), "logs", "history.jsonl")}
}

func appendAll(t *testing.T, l observe.Log, entries ...entry) {
	t.Helper()
	for _, e := range entries {
		if err := l.Append(t.Context(), e, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func readAll(t *testing.T, l observe.Log) (numbers []int, damaged int) {
	t.Helper()
	entries, damaged, err := observe.ReadLog[entry](t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		numbers = append(numbers, e.N)
	}
	return numbers, damaged
}

func TestALogReturnsWhatWasAppended(t *testing.T) {
	l := newLog(t)
	if got, damaged := readAll(t, l); len(got) != 0 || damaged != 0 {
		t.Fatalf("a log that does not exist has %v, %d damaged", got, damaged)
	}
	appendAll(t, l, entry{N: 1}, entry{N: 2}, entry{N: 3})
	if got, damaged := readAll(t, l); fmt.Sprint(got) != "[1 2 3]" || damaged != 0 {
		t.Fatalf("got %v, %d damaged", got, damaged)
	}
}

func TestWhoeverMayWriteALogMayLockIt(t *testing.T) {
	l := newLog(t)
	appendAll(t, l, entry{N: 1})
	entries, err := os.ReadDir(filepath.Dir(l.Path))
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %v, %v; want the log and its lock", entries, err)
	}
	var modes []os.FileMode
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes = append(modes, info.Mode())
	}
	if modes[0] != modes[1] {
		t.Errorf("%s has mode %v, %s %v", entries[0].Name(), modes[0], entries[1].Name(), modes[1])
	}
}

func TestReadingALogLeavesNoTrace(t *testing.T) {
	l := newLog(t)
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o777); err != nil {
		t.Fatal(err)
	}
	readAll(t, l)
	left, err := os.ReadDir(filepath.Dir(l.Path))
	if err != nil || len(left) != 0 {
		t.Fatalf("reading left %v, error %v", left, err)
	}
}

func TestWritersAtOnceLoseNothing(t *testing.T) {
	const writers, each = 8, 25
	l := newLog(t)
	l.MaxBytes, l.MaxSegments = 400, 100 // so that they also rotate under each other
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for i := range each {
				if err := l.Append(t.Context(), entry{N: w*each + i, Text: "some text to fill the line"}, time.Now()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	got, damaged := readAll(t, l)
	seen := make(map[int]int)
	for _, n := range got {
		seen[n]++
	}
	if damaged != 0 || len(got) != writers*each || len(seen) != writers*each {
		t.Fatalf("%d entries, %d distinct, %d damaged; want %d of each", len(got), len(seen), damaged, writers*each)
	}
}

func TestATornLineCostsOnlyItself(t *testing.T) {
	for _, torn := range []string{`{"n":2,"te`, "\x00\x00\x00\x00", `{"n":`, `{"n":"text"}`} {
		l := newLog(t)
		appendAll(t, l, entry{N: 1})
		f, err := os.OpenFile(l.Path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(torn)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		appendAll(t, l, entry{N: 3})
		if got, damaged := readAll(t, l); fmt.Sprint(got) != "[1 3]" || damaged != 1 {
			t.Errorf("after %q: %v, %d damaged; want [1 3], 1 damaged", torn, got, damaged)
		}
	}
}

func TestALogStaysWithinItsBound(t *testing.T) {
	l := newLog(t)
	l.MaxBytes, l.MaxSegments = 100, 3
	for n := range 200 {
		appendAll(t, l, entry{N: n})
	}
	files, err := os.ReadDir(filepath.Dir(l.Path))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if limit := l.MaxBytes * int64(l.MaxSegments+1); size > limit {
		t.Errorf("the log takes %d bytes, more than %d", size, limit)
	}
	got, _ := readAll(t, l)
	if len(got) == 0 || got[len(got)-1] != 199 {
		t.Fatalf("the newest entry is gone: %v", got)
	}
	for i := 1; i < len(got); i++ {
		if got[i] != got[i-1]+1 {
			t.Fatalf("entries are not the newest in order: %v", got)
		}
	}
}

func TestOldSegmentsGo(t *testing.T) {
	l := newLog(t)
	l.MaxBytes, l.MaxAge = 10, time.Hour // one entry each
	appendAll(t, l, entry{N: 1}, entry{N: 2}, entry{N: 3})
	if err := l.Append(t.Context(), entry{N: 4}, time.Now().Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, _ := readAll(t, l); fmt.Sprint(got) != "[4]" {
		t.Fatalf("got %v, want only the entry of this hour", got)
	}
}

func TestAnEntryThatIsTooLongIsRefused(t *testing.T) {
	err := newLog(t).Append(t.Context(), entry{Text: strings.Repeat("x", 2<<20)}, time.Now())
	if err == nil || !strings.Contains(err.Error(), "is longer than") {
		t.Fatalf("got %v", err)
	}
}

func TestACancelledAppendGivesUpTheWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newLog(t).Append(ctx, entry{}, time.Now()); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add([]byte("{\"n\":1}\n{\"n\":2}\n"))
	f.Add([]byte("{\"n\":1}\n{\"n\":"))
	f.Add([]byte("\n\n\x00\xff{}\n[1]\nnull"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newLog(t)
		if err := os.MkdirAll(filepath.Dir(l.Path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(l.Path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		before, damaged := readAll(t, l)
		if len(before)+damaged > strings.Count(string(data), "\n")+1 {
			t.Fatalf("%d entries and %d damaged lines of %d", len(before), damaged, strings.Count(string(data), "\n")+1)
		}
		appendAll(t, l, entry{N: 77})
		after, _ := readAll(t, l)
		if len(after) != len(before)+1 || after[len(after)-1] != 77 {
			t.Fatalf("an entry appended to %q reads back as %v", data, after)
		}
	})
}
