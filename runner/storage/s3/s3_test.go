package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mlops/runner/storage"
	"mlops/runner/storage/s3"
	"mlops/runner/storage/s3/s3test"
	"mlops/runner/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, bucket string) storage.Bucket {
	t.Helper()
	b, err := s3.Opener(s3.Options{})(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, b storage.Bucket, key string, content []byte) {
	t.Helper()
	err := b.WriteAtomic(t.Context(), key, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAServersBucketDoesWhatEveryBucketDoes(t *testing.T) {
	server := s3test.Start(t)
	buckets := 0
	storagetest.Run(t, func(t *testing.T) storage.Bucket {
		buckets++
		return open(t, server.Bucket(t, fmt.Sprintf("bucket-%d", buckets)))
	})
}

// An object of several parts, with a name that is no plain one, is read back by ranges.
func TestLargeObjectsAreReadByRanges(t *testing.T) {
	server := s3test.Start(t)
	b := open(t, server.Bucket(t, "large"))
	content := make([]byte, 17<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	const key = "Steady State/Fluß & Druck+1 #%20?.tpl"
	put(t, b, key, content)
	r, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Size() != int64(len(content)) {
		t.Fatalf("%d bytes", r.Size())
	}
	for _, span := range [][2]int{{0, 10}, {4<<20 - 5, 4<<20 + 5}, {len(content) - 3, len(content)}, {9_000_000, 15_000_000}} {
		part := make([]byte, span[1]-span[0])
		if n, err := r.ReadAt(part, int64(span[0])); n != len(part) || err != nil || !bytes.Equal(part, content[span[0]:span[1]]) {
			t.Errorf("bytes %v: %d, %v", span, n, err)
		}
	}
	all, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(all, content) {
		t.Errorf("read %d bytes, %v", len(all), err)
	}
	// Another version is told from the one that was opened.
	put(t, b, key, content[:9<<20])
	if _, err := r.ReadAt(make([]byte, 10), 8<<20); err == nil || !strings.Contains(err.Error(), "replaced while it was read") {
		t.Errorf("reading on after it was replaced gives %v", err)
	}
}

func TestWhatIsWrongWithABucketIsTold(t *testing.T) {
	server := s3test.Start(t)
	b := open(t, server.Bucket(t, "there"))
	var missing *storage.NotFoundError
	if _, err := b.Open(t.Context(), "absent.csv"); !errors.As(err, &missing) || missing.Location != "s3://there/absent.csv" {
		t.Errorf("a missing object: %v", err)
	}
	if _, err := open(t, "nowhere").Open(t.Context(), "a.csv"); errors.As(err, &missing) || err == nil || !strings.Contains(err.Error(), "there is no bucket nowhere at this endpoint") {
		t.Errorf("a missing bucket: %v", err)
	}
	if err := open(t, "nowhere").WriteAtomic(t.Context(), "a", func(io.Writer) error { return nil }); err == nil || !strings.Contains(err.Error(), "there is no bucket nowhere") {
		t.Errorf("writing to a missing bucket: %v", err)
	}
	large := make([]byte, 12<<20) // of several parts, the first of which is refused before the last is written
	err := open(t, "nowhere").WriteAtomic(t.Context(), "a", func(w io.Writer) error { _, err := w.Write(large); return err })
	if err == nil || !strings.Contains(err.Error(), "there is no bucket nowhere") {
		t.Errorf("writing much to a missing bucket: %v", err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another secret")
	_, err = open(t, "there").Open(t.Context(), "absent.csv")
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "has AWS credentials that do not allow it (SignatureDoesNotMatch)") {
		t.Errorf("wrong credentials: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "another secret") {
		t.Errorf("the secret is told: %v", err)
	}
}

// A server that dies in the middle of an upload leaves no object, and the same write
// succeeds once it is there again.
func TestAServerThatDiesMidWriteLeavesNoObject(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	server := s3test.Start(t)
	b := open(t, server.Bucket(t, "dying"))
	put(t, b, "kept", []byte("first"))
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	write := func(dies bool) error {
		return b.WriteAtomic(t.Context(), "kept", func(w io.Writer) error {
			for i := range 12 {
				if dies && i == 6 {
					server.Kill()
				}
				if _, err := w.Write(chunk); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var unavailable *storage.UnavailableError
	if err := write(true); !errors.As(err, &unavailable) {
		t.Errorf("a write to a dead server gives %v", err)
	}
	server.Run(t)
	for e, err := range b.List(t.Context(), "") {
		if err != nil || e.Key != "kept" || e.Size != 5 {
			t.Errorf("after the server died there is %+v, %v", e, err)
		}
	}
	if err := write(false); err != nil {
		t.Fatal(err)
	}
	r, err := b.Open(t.Context(), "kept")
	if err != nil || r.Size() != int64(12*len(chunk)) {
		t.Errorf("after another try: %v", err)
	}
}

func TestOnlyWhatIsPermittedIsOpened(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "mixed")
	refused := errors.New("not here")
	b, err := s3.Opener(s3.Options{Permit: func(u *url.URL) error {
		if strings.HasPrefix(u.String(), "s3://mixed/mine/") {
			return nil
		}
		return refused
	}})(t.Context(), "mixed")
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, "mine/a", []byte("x"))
	if _, err := b.Open(t.Context(), "theirs/a"); !errors.Is(err, refused) {
		t.Errorf("opening what is not permitted: %v", err)
	}
	if err := b.Delete(t.Context(), "theirs/a"); !errors.Is(err, refused) {
		t.Errorf("deleting what is not permitted: %v", err)
	}
	for _, err := range b.List(t.Context(), "") {
		if !errors.Is(err, refused) {
			t.Errorf("listing what is not permitted: %v", err)
		}
	}
}
