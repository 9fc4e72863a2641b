package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is the program under test in this process.
type running struct {
	stop  func() error
	ready string
	logs  *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs the program until its ready file is there.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{ready: filepath.Join(t.TempDir(), "ready"), logs: &syncBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := command(r.logs, r.logs)
	cmd.SetArgs(append(args, "--ready-file", r.ready))
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { r.stop() })
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := os.Stat(r.ready); err == nil {
			break
		}
		if len(done) > 0 {
			t.Fatalf("ended early: %v\n%s", r.stop(), r.logs)
		}
	}
	return r
}

func (r *running) addresses(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(r.ready)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func TestServesOnAllItsAddressesUntilItIsStopped(t *testing.T) {
	dir := t.TempDir()
	socket := "unix://" + filepath.Join(dir, "sock")
	r := start(t, "--state", filepath.Join(dir, "state"), "--listen", "127.0.0.1:0", "--listen", socket)
	addresses := r.addresses(t)
	if len(addresses) != 2 || addresses[1] != socket {
		t.Fatalf("ready file says %v", addresses)
	}
	for _, address := range addresses {
		conn, err := transport.Dial(transport.ClientOptions{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		info, err := mlopsv1.NewClientServiceClient(conn).GetServerInfo(t.Context(), &mlopsv1.GetServerInfoRequest{})
		if err != nil || info.GetHostId() != transport.HostID() || info.GetRole() != "admin" {
			t.Errorf("%s: %v, %v", address, info, err)
		}
		conn.Close()
	}
	if err := r.stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	for _, name := range []string{"state.db", "artifacts"} {
		if _, err := os.Stat(filepath.Join(dir, "state", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestASocketThatAnEarlierMasterLeftIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	r := start(t, "--state", filepath.Join(dir, "state"), "--listen", "unix://"+path)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongIsSaidInOneLine(t *testing.T) {
	dir := t.TempDir()
	r := start(t, "--state", filepath.Join(dir, "taken"), "--listen", "127.0.0.1:0")
	foreign := filepath.Join(dir, "foreign")
	write(t, filepath.Join(foreign, "state.db"), "this is somebody's diary", 0o600)
	readable := filepath.Join(dir, "tokens")
	write(t, readable, "ann client 0123456789abcdef\n", 0o644)
	for name, c := range map[string]struct {
		args []string
		want string
		code int
	}{
		"port in use":      {[]string{"--state", filepath.Join(dir, "a"), "--listen", r.addresses(t)[0]}, "address already in use", exitFailed},
		"state in use":     {[]string{"--state", filepath.Join(dir, "taken"), "--listen", "127.0.0.1:0"}, "in use by process", exitFailed},
		"foreign state":    {[]string{"--state", foreign}, "is not a state store", exitFailed},
		"state is a file":  {[]string{"--state", readable}, "make the state folder", exitFailed},
		"exposed":          {[]string{"--state", dir, "--listen", ":0"}, "needs TLS", exitUsage},
		"readable tokens":  {[]string{"--state", dir, "--tokens", readable}, "chmod 600", exitUsage},
		"missing tokens":   {[]string{"--state", dir, "--tokens", readable + "x"}, "no such file", exitUsage},
		"key without cert": {[]string{"--state", dir, "--tls-key", "x"}, "go together", exitUsage},
		"missing cert":     {[]string{"--state", dir, "--tls-key", "x", "--tls-cert", "y"}, "load the TLS certificate y", exitUsage},
		"CA without TLS":   {[]string{"--state", dir, "--client-ca", "x"}, "needs --tls-cert", exitUsage},
		"unknown flag":     {[]string{"--hertbeat", "1s"}, "unknown flag", exitUsage},
		"argument":         {[]string{"serve"}, "unknown command", exitUsage},
		"zero heartbeat":   {[]string{"--state", dir, "--heartbeat", "0"}, "--heartbeat must be positive", exitUsage},
		"short lease":      {[]string{"--state", filepath.Join(dir, "b"), "--lease-ttl", "1s"}, "too short", exitUsage},
		"log level":        {[]string{"--state", dir, "--log-level", "loud"}, "use debug, info, warn or error", exitUsage},
		"log format":       {[]string{"--state", dir, "--log-format", "xml"}, "use text or json", exitUsage},
		"negative count":   {[]string{"--state", dir, "--retain-count", "-1"}, "must not be negative", exitUsage},
		"relative socket":  {[]string{"--state", filepath.Join(dir, "c"), "--listen", "unix://x"}, "must be absolute", exitFailed},
		"no port":          {[]string{"--state", dir, "--listen", "localhost"}, "missing port", exitUsage},
		"limits":           {[]string{"--state", dir, "--max-queued", "0"}, "must be positive", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &syncBuffer{}
			cmd := command(logs, logs)
			cmd.SetArgs(c.args)
			err := cmd.ExecuteContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want one line with %q", err, c.want)
			}
			if got := exitCode(err); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
		})
	}
	if text, err := os.ReadFile(filepath.Join(foreign, "state.db")); err != nil || string(text) != "this is somebody's diary" {
		t.Errorf("the foreign file is now %q, %v", text, err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestHelpShowsExamples(t *testing.T) {
	out := &syncBuffer{}
	cmd := command(out, out)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Examples:", "--listen", "--tokens", "MLOPS_STATE"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help lacks %q", want)
		}
	}
}
