package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mlops/runner/observe/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is an endpoint and a sender that may call it, whose waits are recorded
// instead of waited for.
type scene struct {
	*outbound.Sender
	url   string
	calls atomic.Int64
	waits []time.Duration
}

func newScene(t *testing.T, handler http.HandlerFunc) *scene {
	t.Helper()
	s := &scene{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		handler(w, r)
	}))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	s.Sender = &outbound.Sender{
		Allowed: []string{server.URL + "/hook"}, Transport: transport,
		Getenv: func(name string) string {
			return map[string]string{"MLOPS_SECRET_URL": server.URL + "/hook/T0P5ECRET?key=alsosecret", "MLOPS_SECRET_KEY": "Bearer hush-hush"}[name]
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.waits = append(s.waits, d)
			return ctx.Err()
		},
	}
	return s
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestARequestArrives(t *testing.T) {
	var got string
	s := newScene(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got = fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Team"), " ", r.Header.Get("Content-Type"), " ", string(body), err)
	})
	err := s.Send(t.Context(), outbound.Request{
		Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", Headers: map[string]string{"X-Team": "a"},
		HeadersEnv: map[string]string{"Authorization": "MLOPS_SECRET_KEY"}, ContentType: "text/plain", Body: []byte("hello"),
	})
	if want := "POST /hook/T0P5ECRET?key=alsosecret Bearer hush-hush a text/plain hello<nil>"; err != nil || got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

func TestPassingFaultsAreTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler func(call int) http.HandlerFunc
		want    string // "" for success
		calls   int
		waits   string
	}{
		{"a moment's fault", func(n int) http.HandlerFunc { return status(map[bool]int{true: 503, false: 200}[n < 3]) }, "", 3, "[1s 2s]"},
		{"a lasting fault", func(int) http.HandlerFunc { return status(500) }, "was tried 4 times: it answered 500 Internal Server Error", 4, "[1s 2s 4s]"},
		{"a refusal", func(int) http.HandlerFunc { return status(404) }, "was tried once: it answered 404 Not Found", 1, "[]"},
		{"too many requests", func(n int) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				if w.Header().Set("Retry-After", "7"); n == 1 {
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}
		}, "", 2, "[7s]"},
		{"a refusal with words", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, "no such hook \x1b[2J %s with %s", r.URL.Path, r.Header.Get("Authorization"))
			}
		}, "it answered 400 Bad Request: no such hook  [2J … with …", 1, "[]"},
		{"a broken connection", func(int) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}, "was tried 4 times: EOF", 4, "[1s 2s 4s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s *scene
			s = newScene(t, func(w http.ResponseWriter, r *http.Request) { c.handler(int(s.calls.Load()))(w, r) })
			err := s.Send(t.Context(), outbound.Request{
				Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", HeadersEnv: map[string]string{"Authorization": "MLOPS_SECRET_KEY"}, Retries: 3,
			})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if int(s.calls.Load()) != c.calls || fmt.Sprint(s.waits) != c.waits {
				t.Errorf("%d calls with the waits %v, want %d with %s", s.calls.Load(), s.waits, c.calls, c.waits)
			}
			checkSecrets(t, err)
		})
	}
}

// checkSecrets finds what no error may tell.
func checkSecrets(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"T0P5ECRET", "alsosecret", "hush"} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the secret %q: %v", secret, err)
		}
	}
}

func TestAnEndpointThatHangsOrNeverEnds(t *testing.T) {
	hang := newScene(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	err := hang.Send(t.Context(), outbound.Request{Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", Timeout: 20 * time.Millisecond, Retries: 1})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "tried 2 times: it did not answer within 20ms") {
		t.Errorf("a hang gave %v", err)
	}
	checkSecrets(t, err)

	for code, want := range map[int]string{200: "", 500: "it answered 500"} {
		endless := newScene(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		})
		err := endless.Send(t.Context(), outbound.Request{Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL"})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || len(err.Error()) > 600) {
			t.Errorf("an endless body with %d gave %v", code, err)
		}
	}
}

func TestAnEndpointThatIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	s := &outbound.Sender{Allowed: outbound.Anywhere, Transport: &http.Transport{}, Sleep: func(context.Context, time.Duration) error { return nil }}
	err = s.Send(t.Context(), outbound.Request{Method: http.MethodPost, URL: "http://" + listener.Addr().String() + "/T0P5ECRET", Retries: 2})
	var failed *outbound.Error
	if !errors.As(err, &failed) || failed.Attempts != 3 || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
	checkSecrets(t, err)
}

func TestARedirectLeadsNowhereElse(t *testing.T) {
	elsewhere := newScene(t, status(200))
	for _, c := range []struct {
		to, want string
		code     int
	}{
		{"/hook/new", "", 307},
		{"/hook/new", "would turn POST into GET", 302},
		{"/other", "to an address that is not allowed", 307},
		{elsewhere.url + "/hook?T0P5ECRET", "to another host, " + elsewhere.url + ", is not followed", 308},
		{"/hook/T0P5ECRET?key=alsosecret", "after redirect: 3 were followed", 307},
	} {

		server := newScene(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/hook/new" {
				http.Redirect(w, r, c.to, c.code)
			}
		})
		err := server.Send(t.Context(), outbound.Request{Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", Body: []byte("x"), Retries: 3})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || elsewhere.calls.Load() > 0 {
			t.Errorf("to %s: got %v, want %q; %d calls elsewhere", c.to, err, c.want, elsewhere.calls.Load())
		}
		checkSecrets(t, err)
	}
}

func TestOnlyAllowedAddressesAreCalled(t *testing.T) {
	for _, c := range []struct {
		allowed, address string
		ok               bool
	}{
		{"https://hooks.example.org/", "https://hooks.example.org/services/1", true},
		{"https://hooks.example.org", "https://hooks.example.org", true},
		{"https://hooks.example.org/", "https://HOOKS.example.org:443/x", true},
		{"https://hooks.example.org/", "http://hooks.example.org/x", false},
		{"https://hooks.example.org/", "https://hooks.example.org.evil.net/x", false},
		{"https://hooks.example.org/", "https://hooks.example.org:8443/x", false},
		{"https://hooks.example.org/a", "https://hooks.example.org/a/b?c", true},
		{"https://hooks.example.org/a", "https://hooks.example.org/ab", false},
		{"https://hooks.example.org/a", "https://hooks.example.org/a/../b", false},
		{"https://hooks.example.org/a", "https://hooks.example.org/a/%2e%2e/b", false},
		{"http://", "http://anything:9/x", true},
		{"http://", "https://anything/x", false},
		{"ftp://host", "ftp://host/x", false},
		{"", "http://host/x", false},
	} {
		s := &outbound.Sender{Allowed: []string{c.allowed}, Transport: refuse{}}
		err := s.Send(t.Context(), outbound.Request{Method: http.MethodPost, URL: c.address})
		var called *outbound.Error
		if errors.As(err, &called) != c.ok {
			t.Errorf("%s with %s allowed: %v, want it called: %v", c.address, c.allowed, err, c.ok)
		}
	}
	err := (&outbound.Sender{}).Send(t.Context(), outbound.Request{Method: http.MethodPost, URL: "https://a.example/T0P5ECRET"})
	if err == nil || err.Error() != "https://a.example is not allowed here; the operator allows it with --allow-url https://a.example/" {
		t.Errorf("got %v", err)
	}
}

// refuse is a network that is not there.
type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }

func TestSecretsComeFromTheirOwnVariables(t *testing.T) {
	s := &outbound.Sender{Allowed: outbound.Anywhere, Transport: refuse{}, Getenv: func(name string) string {
		return map[string]string{"HOME": "http://x", "MLOPS_SECRET_BAD": "not a url T0P5ECRET"}[name]
	}}
	for want, r := range map[string]outbound.Request{
		"begin with MLOPS_SECRET_":                   {URLEnv: "HOME"},
		"MLOPS_SECRET_NONE is not set":               {URLEnv: "MLOPS_SECRET_NONE"},
		"must begin with http:// or https://":        {URLEnv: "MLOPS_SECRET_BAD"},
		"MLOPS_SECRET_K is not set":                  {URL: "http://x", HeadersEnv: map[string]string{"A": "MLOPS_SECRET_K"}},
		"the address holds a user name":              {URL: "http://me:T0P5ECRET@x"},
		"the address has no host":                    {URL: "http:///x"},
		`"MLOPS_TOKEN" is no name of an environment`: {URL: "http://x", HeadersEnv: map[string]string{"A": "MLOPS_TOKEN"}},
	} {
		err := s.Send(t.Context(), r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", r, err, want)
		}
		checkSecrets(t, err)
	}
	for _, prefix := range []string{"hooks.example.org", "https://user:pw@x/", "https://x/?q", ":"} {
		if outbound.CheckPrefix(prefix) == nil {
			t.Errorf("%q is taken for a prefix", prefix)
		}
	}
}

func TestTheEndOfTheContextEndsTheWait(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	s := newScene(t, status(500))
	s.Sender.Sleep = func(ctx context.Context, _ time.Duration) error {
		cancel(stop)
		return context.Cause(ctx)
	}
	if err := s.Send(ctx, outbound.Request{Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", Retries: 3}); !errors.Is(err, stop) || s.calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, s.calls.Load())
	}
	s.Sender.Sleep = nil // in real time
	if err := s.Send(ctx, outbound.Request{Method: http.MethodPost, URLEnv: "MLOPS_SECRET_URL", Retries: 3}); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
