// Package s3test starts a real S3 server for tests: versitygw over a directory, from a
// tools module of its own.
package s3test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mlops/needs"
)

// Credentials of the server's only account.
const (
	AccessKey = "AKIDTESTING"
	SecretKey = "a-secret-of-tests"
)

// Server is a running server.
type Server struct {
	Endpoint string
	Dir      string // of the buckets, a directory each
	address  string
	cmd      *exec.Cmd
	log      *strings.Builder
}

// Start starts a server on the loopback interface and points the process's AWS
// environment to it for the time of the test. Its program is
// built first, see [needs.Tool].
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), address: free(t)}
	s.Endpoint = "http://" + s.address
	s.Run(t)
	for name, value := range s.Environment() {
		t.Setenv(name, value)
	}
	t.Cleanup(s.Kill)
	return s
}

// Environment is what a process needs to use the server.
func (s *Server) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_S3": s.Endpoint, "AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// Run starts the server, at first or again after Kill, with what it held.
func (s *Server) Run(t *testing.T) {
	t.Helper()
	program := needs.Tool(t, "versitygw")
	s.log = &strings.Builder{}
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), program, "--port", s.address, "--access", AccessKey, "--secret", SecretKey, "posix", s.Dir)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			return
		}
		if ctx.Err() != nil {
			s.Kill()
			t.Fatalf("the S3 server does not answer: %v\n%s", err, s.log)
		}
		runtime.Gosched()
	}
}

// Kill ends the server at once.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Bucket makes an empty bucket.
func (s *Server) Bucket(t *testing.T, name string) string {
	t.Helper()
	if err := os.Mkdir(filepath.Join(s.Dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// free is a free port of the loopback interface.
func free(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
