package artifacts_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/proto/artifacts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWhatIsUploadedIsFetched(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "one byte": 1, "one chunk": artifacts.ChunkBytes, "several chunks": 3*artifacts.ChunkBytes + 5} {
		t.Run(name, func(t *testing.T) {
			_, client := start(t)
			data := noise(size)
			var last [2]int64
			url, err := client.Upload(t.Context(), write(t, filepath.Join(t.TempDir(), "my data.csv"), data), func(done, total int64) { last = [2]int64{done, total} })
			if err != nil {
				t.Fatal(err)
			}
			if want := "artifact://" + digestOf(data) + "/my_data.csv"; url != want {
				t.Errorf("URL is %s, want %s", url, want)
			}
			if want := [2]int64{int64(size), int64(size)}; last != want {
				t.Errorf("last progress is %v, want %v", last, want)
			}
			path, err := client.Fetch(t.Context(), url, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, path), data) || filepath.Base(path) != "my_data.csv" {
				t.Errorf("fetched something else as %s", path)
			}
		})
	}
}

func TestAnUploadGoesOnWhereItBroke(t *testing.T) {
	m, client := start(t)
	m.breakUploads, m.unavailable = 3, 2
	data := noise(5*artifacts.ChunkBytes + 7)
	url, err := client.Upload(t.Context(), write(t, filepath.Join(t.TempDir(), "a.csv"), data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.whole[digestOf(data)], data) || !strings.HasSuffix(url, "/a.csv") {
		t.Errorf("stored something else as %s", url)
	}
	if m.received != len(data) {
		t.Errorf("%d bytes were taken in for a file of %d: some were sent twice", m.received, len(data))
	}
}

func TestAnUploadThatNeverMovesOnIsGivenUp(t *testing.T) {
	m, client := start(t)
	m.breakUploads, m.forgetful = 1000, true
	_, err := client.Upload(t.Context(), write(t, filepath.Join(t.TempDir(), "a.csv"), noise(3*artifacts.ChunkBytes)), nil)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "gave up after 8 tries") {
		t.Errorf("error is %v", err)
	}
}

func TestWhatTheMasterHasIsNotSentAgain(t *testing.T) {
	m, client := start(t)
	data := noise(100)
	m.put(data, "a.csv")
	if _, err := client.Upload(t.Context(), write(t, filepath.Join(t.TempDir(), "b.csv"), data), nil); err != nil {
		t.Fatal(err)
	}
	if m.received != 0 {
		t.Errorf("%d bytes were sent", m.received)
	}
}

func TestADownloadGoesOnWhereItBroke(t *testing.T) {
	m, client := start(t)
	m.breakDownloads, m.chunk = 20, 64
	data := noise(64 * 30)
	path, err := client.Fetch(t.Context(), m.put(data, "a.csv"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, path), data) {
		t.Error("fetched something else")
	}
	if m.sent != len(data) {
		t.Errorf("%d bytes were sent for an artifact of %d", m.sent, len(data))
	}
}

func TestADownloadGoesOnInALaterProcess(t *testing.T) {
	m, client := start(t)
	data, cache := noise(1000), t.TempDir()
	url := m.put(data, "a.csv")
	write(t, filepath.Join(cache, digestOf(data)+".partial"), data[:900])
	path, err := client.Fetch(t.Context(), url, cache)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, path), data) || m.sent != 100 {
		t.Errorf("%d bytes were sent, want 100", m.sent)
	}
}

func TestATornPartialFileIsReplaced(t *testing.T) {
	for name, torn := range map[string][]byte{"other bytes": []byte("not the beginning"), "longer than the artifact": noise(5000)} {
		t.Run(name, func(t *testing.T) {
			m, client := start(t)
			data, cache := noise(1000), t.TempDir()
			url := m.put(data, "a.csv")
			if len(torn) > len(data) {
				torn[0] ^= 1
			}
			write(t, filepath.Join(cache, digestOf(data)+".partial"), torn)
			path, err := client.Fetch(t.Context(), url, cache)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, path), data) {
				t.Error("fetched something else")
			}
		})
	}
}

func TestWrongBytesAreRefused(t *testing.T) {
	m, client := start(t)
	m.corrupt = true
	cache := t.TempDir()
	_, err := client.Fetch(t.Context(), m.put(noise(100), "a.csv"), cache)
	var wrong *artifacts.ChecksumError
	if !errors.As(err, &wrong) {
		t.Fatalf("error is %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(cache, "*", "*", "*")); len(found) != 0 {
		t.Errorf("left %v", found)
	}
}

func TestAMissingArtifact(t *testing.T) {
	_, client := start(t)
	_, err := client.Fetch(t.Context(), artifacts.FormatURL(digestOf([]byte("nowhere")), "a.csv"), t.TempDir())
	if !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestASecondFetchNeedsNoMaster(t *testing.T) {
	m, client := start(t)
	cache := t.TempDir()
	url := m.put(noise(100), "a.csv")
	first, err := client.Fetch(t.Context(), url, cache)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	delete(m.whole, digestOf(noise(100)))
	m.mu.Unlock()
	if second, err := client.Fetch(t.Context(), url, cache); err != nil || second != first {
		t.Errorf("got %s, %v; want %s", second, err, first)
	}
}

func TestFetchesOfTheSameAtOnceDownloadOnce(t *testing.T) {
	m, client := start(t)
	m.chunk = 100
	data, cache := noise(100_000), t.TempDir()
	url := m.put(data, "a.csv")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			path, err := client.Fetch(context.Background(), url, cache)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Errorf("fetched something else (%v)", err)
			}
		})
	}
	group.Wait()
	if m.sent != len(data) {
		t.Errorf("%d bytes were sent for an artifact of %d", m.sent, len(data))
	}
}

func TestTooLargeAnArtifactIsNotFetched(t *testing.T) {
	m, _ := start(t)
	client := artifacts.New(serve(t, m), artifacts.WithMaxBytes(99))
	_, err := client.Fetch(t.Context(), m.put(noise(100), "a.csv"), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "it has 100 bytes; at most 99 are accepted") {
		t.Errorf("error is %v", err)
	}
}

func TestSaveWritesWholeOrNothing(t *testing.T) {
	m, client := start(t)
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "out.csv"), []byte("old"))
	data := noise(1000)
	url := m.put(data, "predictions.csv")
	m.corrupt = true
	if err := client.Save(t.Context(), url, path, nil); err == nil {
		t.Error("wrong bytes were saved")
	}
	if got := read(t, path); string(got) != "old" {
		t.Errorf("file holds %q after a failed save", got)
	}
	m.corrupt = false
	if err := client.Save(t.Context(), url, path, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, path), data) {
		t.Error("saved something else")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestLinksAreListedPageByPage(t *testing.T) {
	m, client := start(t)
	want := map[string]string{}
	for _, name := range []string{"log/a.jsonl", "log/b.jsonl", "log/c.jsonl", "log/d.jsonl", "log/e.jsonl"} {
		want[name] = m.put([]byte(name), filepath.Base(name))
		if err := client.Link(t.Context(), want[name], name); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Link(t.Context(), m.put([]byte("x"), "x"), "other/x"); err != nil {
		t.Fatal(err)
	}
	got, err := client.List(t.Context(), "log/")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestACancelledTransferEndsWithItsCause(t *testing.T) {
	_, client := start(t)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := client.Upload(ctx, write(t, filepath.Join(t.TempDir(), "a.csv"), noise(10)), nil); !errors.Is(err, cause) {
		t.Errorf("error is %v", err)
	}
}
