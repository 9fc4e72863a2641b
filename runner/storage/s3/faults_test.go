package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mlops/runner/storage"
	"mlops/runner/storage/s3"
	"mlops/runner/storage/s3/s3test"
)

// impatient are options under which a fault costs a test no time.
var impatient = s3.Options{MaxBackoff: time.Millisecond, ReplyTimeout: 300 * time.Millisecond}

func openAt(t *testing.T, o s3.Options, endpoint, bucket string) storage.Bucket {
	t.Helper()
	b, err := s3.OpenerAt(o)(storage.Endpoint{URL: endpoint})(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readAll(t *testing.T, b storage.Bucket, key string) []byte {
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
	return content
}

// Every operation is repeated when the server is at fault, asks for patience, or does
// not answer in time; and succeeds once it answers.
func TestWhatFailsForAMomentIsRepeated(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "shaky")
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	for name, fault := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"slow down": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>`)
		},
		"a broken connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no reply": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			select {
			case <-r.Context().Done():
			case <-forever:
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var left, seen atomic.Int32
			b := openAt(t, impatient, server.Proxy(t, func(w http.ResponseWriter, r *http.Request) bool {
				seen.Add(1)
				if left.Add(-1) < 0 {
					return false
				}
				fault(w, r)
				return true
			}), "shaky")
			for _, step := range []struct {
				doing string
				do    func() error
			}{
				{"write", func() error { put(t, b, "k", []byte("content")); return nil }},
				{"stat", func() error { _, err := b.Stat(t.Context(), "k"); return err }},
				{"open", func() error {
					if got := readAll(t, b, "k"); string(got) != "content" {
						return fmt.Errorf("read %q", got)
					}
					return nil
				}},
				{"copy", func() error { return b.Copy(t.Context(), "k", "copy") }},
				{"list", func() error {
					for _, err := range b.List(t.Context(), "") {
						if err != nil {
							return err
						}
					}
					return nil
				}},
				{"delete", func() error { return b.Delete(t.Context(), "copy") }},
			} {
				if name == "no reply" && step.doing != "write" && step.doing != "stat" {
					continue // each waits
				}
				left.Store(2)
				seen.Store(0)
				if err := step.do(); err != nil {
					t.Errorf("%s: %v", step.doing, err)
				}
				if seen.Load() < 3 {
					t.Errorf("%s: the server was asked %d times; nothing failed", step.doing, seen.Load())
				}
			}
			left.Store(1000)
			_, err := b.Stat(t.Context(), "k")
			var unavailable *storage.UnavailableError
			if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "look for s3://shaky/k: the store is not available: ") {
				t.Errorf("a lasting fault gives %v", err)
			}
			left.Store(0)
		})
	}
}

// A reply that breaks off in the middle is taken up where it did.
func TestAReplyThatBreaksOffIsTakenUpAgain(t *testing.T) {
	server := s3test.Start(t)
	b := open(t, server.Bucket(t, "cut"))
	small, large := bytes.Repeat([]byte("0123456789abcdef"), 1<<12), bytes.Repeat([]byte("fedcba9876543210"), 1<<19)
	put(t, b, "small", small)
	put(t, b, "large", large)
	var cuts atomic.Int32
	cutting := openAt(t, impatient, server.Proxy(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || cuts.Add(-1) < 0 {
			return false
		}
		direct, err := http.NewRequestWithContext(r.Context(), r.Method, server.Endpoint+r.URL.RequestURI(), nil)
		if err != nil {
			t.Error(err)
			return false
		}
		direct.Header, direct.Host = r.Header, r.Host
		reply, err := http.DefaultTransport.RoundTrip(direct)
		if err != nil {
			t.Error(err)
			return false
		}
		defer reply.Body.Close()
		for name, values := range reply.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(reply.StatusCode)
		io.CopyN(w, reply.Body, 10_000)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}), "cut")
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	for key, want := range map[string][]byte{"small": small, "large": large} {
		cuts.Store(2)
		if got := readAll(t, cutting, key); !bytes.Equal(got, want) {
			t.Errorf("%s: read %d bytes of %d", key, len(got), len(want))
		}
		if cuts.Load() > 0 {
			t.Errorf("%s: nothing was cut", key)
		}
	}
	cuts.Store(1000)
	var unavailable *storage.UnavailableError
	if r, err := cutting.Open(t.Context(), "small"); !errors.As(err, &unavailable) {
		t.Errorf("a reply that always breaks off gives %v, %v", r, err)
	}
}

// Of 10,000 keys only the page that is looked at is there.
func TestListsAreReadPageByPage(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "many")
	const objects, page = 10_000, 1000
	dir := filepath.Join(server.Dir, "many", "cases")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range objects { // faster than by requests
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", i)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var pages atomic.Int32
	b := openAt(t, s3.Options{}, server.Proxy(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("list-type") != "" {
			pages.Add(1)
		}
		return false
	}), "many")
	n := 0
	for e, err := range b.List(t.Context(), "cases/") {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("cases/%05d", n); e.Key != want {
			t.Fatalf("entry %d is %s", n, e.Key)
		}
		if want := int32(n/page) + 1; pages.Load() > want {
			t.Fatalf("at entry %d %d pages are read", n, pages.Load())
		}
		n++
	}
	if n != objects || pages.Load() < objects/page {
		t.Errorf("%d objects are listed, of %d pages", n, pages.Load())
	}
	// By a prefix less is asked for.
	pages.Store(0)
	n = 0
	for range b.List(t.Context(), "cases/012") {
		n++
	}
	if n != 100 || pages.Load() != 1 {
		t.Errorf("%d objects of %d pages", n, pages.Load())
	}
}

func TestAnEndpointMustBeAllowed(t *testing.T) {
	server := s3test.Start(t)
	put(t, open(t, server.Bucket(t, "there")), "k", []byte("content"))
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1") // where nobody is
	var asked []string
	refuse := false
	o := s3.Options{PermitEndpoint: func(u *url.URL) error {
		asked = append(asked, u.String())
		if refuse {
			return &storage.ForbiddenError{Location: u.String()}
		}
		return nil
	}}
	if got := readAll(t, openAt(t, o, server.Endpoint, "there"), "k"); string(got) != "content" {
		t.Errorf("read %q", got)
	}
	if len(asked) != 1 || asked[0] != server.Endpoint {
		t.Errorf("asked about %q", asked)
	}
	refuse = true
	var forbidden *storage.ForbiddenError
	for _, endpoint := range []string{
		server.Endpoint, "http://s3.amazonaws.com", "https://s3.amazonaws.com.evil.com", "https://evil-s3.amazonaws.com", "https://s3.amazonaws.com:8443",
		"https://abc.execute-api.us-east-1.amazonaws.com", "https://s3-1234.us-east-1.elb.amazonaws.com", "https://bucket.s3.amazonaws.com",
	} {
		if _, err := s3.OpenerAt(o)(storage.Endpoint{URL: endpoint})(t.Context(), "there"); !errors.As(err, &forbidden) {
			t.Errorf("%s gives %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{
		"https://s3.amazonaws.com", "https://s3.eu-west-1.amazonaws.com", "https://s3.us-gov-east-1.amazonaws.com/", "https://s3.dualstack.ap-southeast-2.amazonaws.com",
		"https://s3-fips.us-east-1.amazonaws.com", "https://s3.cn-north-1.amazonaws.com.cn",
	} {
		if _, err := s3.OpenerAt(o)(storage.Endpoint{URL: endpoint})(t.Context(), "there"); err != nil { // nothing is asked for yet
			t.Errorf("%s gives %v", endpoint, err)
		}
	}
	_, err := s3.OpenerAt(s3.Options{})(storage.Endpoint{URL: "https://me:pass@host"})(t.Context(), "there")
	if err == nil || strings.Contains(err.Error(), "pass@") {
		t.Errorf("an endpoint with a password gives %v", err)
	}
}

func TestWithoutCredentialsItIsSaidWhereTheyAreFrom(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "there")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := open(t, "there").Open(t.Context(), "k")
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "this process, which has no AWS credentials") || !strings.Contains(err.Error(), "set AWS_ACCESS_KEY_ID") {
		t.Errorf("got %v", err)
	}
}
