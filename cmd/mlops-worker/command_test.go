package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mlops/proto/transport"
	"mlops/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// execute runs a command line and returns the exit code and what was printed.
func execute(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string, err error) {
	t.Helper()
	t.Setenv("MLOPS_STATE", t.TempDir())
	t.Setenv("MLOPS_TOKEN", "")
	var out, logs bytes.Buffer
	root := command(&out, &logs)
	root.SetArgs(args)
	if err = root.ExecuteContext(ctx); err != nil {
		code = exitCode(err)
	}
	return code, out.String(), logs.String(), err
}

func TestUsageErrorsSayWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--isolation", "vm"}, "process or none"},
		{[]string{"--slots", "-1"}, "use 0 to"},
		{[]string{"--slots", "0", "--interactive-slots", "0"}, "no slots"},
		{[]string{"--label", "gpu"}, "key=value"},
		{[]string{"--label", "mlops.host=x"}, "set by the programs"},
		{[]string{"--label", "a=1", "--label", "a=2"}, "before"},
		{[]string{"--memory-limit", "lots"}, "4GiB"},
		{[]string{"--memory-limit", "4"}, "unit missing"},
		{[]string{"--memory-limit", "1GiB", "--isolation", "none"}, "--isolation=process"},
		{[]string{"--allow-root", "/no/such/directory"}, "/no/such/directory"},
		{[]string{"--allow-root", file}, "is not a directory"},
		{[]string{"--master", "example.org"}, "example.org:7070"},
		{[]string{"--token-file", "/no/such/token"}, "/no/such/token"},
		{[]string{"--id", "a b"}, "worker id"},
		{[]string{"--log-level", "loud"}, "debug, info"},
		{[]string{"--log-format", "xml"}, "text or json"},
		{[]string{"--disconnect-limit", "0s"}, "--disconnect-limit"},
		{[]string{"--allow-url", "hooks.example.org"}, "--allow-url: \"hooks.example.org\" must begin with one of http://, https://, s3://"},
		{[]string{"surplus"}, "surplus"},
		{[]string{"--no-such-flag"}, "no-such-flag"},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			code, _, _, err := execute(t, t.Context(), tc.args...)
			if code != exitUsage || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("exit %d, %v; want %d and %q", code, err, exitUsage, tc.want)
			}
		})
	}
}

func TestAnUnreachableMaster(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	code, _, logs, err := execute(t, t.Context(), "--master", address, "--exit-if-unreachable", "150ms")
	if code != exitUnreachable || !errors.Is(err, worker.ErrUnreachable) {
		t.Errorf("exit %d, %v", code, err)
	}
	if !strings.Contains(logs, "the master does not answer; trying again") || !strings.Contains(logs, address) {
		t.Errorf("the log does not say what is wrong:\n%s", logs)
	}
}

func TestAWorkDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan int, 1)
	started := make(chan struct{})
	root := command(&bytes.Buffer{}, &signalWriter{seen: started, text: "connecting"})
	root.SetArgs([]string{"--master", l.Addr().String(), "--work-dir", dir})
	go func() {
		defer close(first)
		if err := root.ExecuteContext(ctx); err != nil {
			first <- exitCode(err)
		}
	}()
	<-started
	code, _, _, err := execute(t, t.Context(), "--master", l.Addr().String(), "--work-dir", dir)
	if code != exitFailed || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--work-dir") {
		t.Errorf("exit %d, %v", code, err)
	}
	cancel()
	if code, failed := <-first; failed {
		t.Errorf("the first worker left with %d", code)
	}
}

// signalWriter closes seen when a text is written.
type signalWriter struct {
	text string
	seen chan struct{}
	done bool
}

func (w *signalWriter) Write(p []byte) (int, error) {
	if !w.done && strings.Contains(string(p), w.text) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}

// What tasks may open depends on where the master is, unless roots are named.
func TestAllowedRoots(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		s    settings
		want []string // nil: anywhere
	}{
		{settings{master: "127.0.0.1:7070"}, nil},
		{settings{master: "unix:///run/master"}, nil},
		{settings{master: "example.org:7070"}, []string{}},
		{settings{master: "127.0.0.1:7070", roots: []string{dir}}, []string{dir}},
		{settings{master: "example.org:7070", roots: []string{dir}}, []string{dir}},
	} {
		tc.s.disconnect = worker.DefaultDisconnectLimit
		o, reach, err := tc.s.options()
		if err != nil {
			t.Fatal(err)
		}
		if (reach.AllowedRoots == nil) != (tc.want == nil) || strings.Join(reach.AllowedRoots, ",") != strings.Join(tc.want, ",") {
			t.Errorf("%s with %v: allowed roots %v, want %v", tc.s.master, tc.s.roots, reach.AllowedRoots, tc.want)
		}
		if o.HostID != transport.HostID() {
			t.Errorf("host id %q", o.HostID)
		}
	}
}

// Nothing is sent anywhere unless that was allowed, wherever the master is.
func TestAllowedURLs(t *testing.T) {
	for _, urls := range [][]string{nil, {"https://hooks.slack.com/"}} {
		s := settings{master: "127.0.0.1:7070", disconnect: worker.DefaultDisconnectLimit, urls: urls}
		_, reach, err := s.options()
		if err != nil || strings.Join(reach.AllowedURLs, ",") != strings.Join(urls, ",") {
			t.Errorf("allowed %v: %v, %v", urls, reach.AllowedURLs, err)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"4GiB": 4 << 30, "1.5 GiB": 3 << 29, "500MB": 500e6, "2G": 2 << 30, "10485760": 10 << 20, "10485760B": 10 << 20, "": 7,
	} {
		if got, err := parseSize("--x", text, 7); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"-1GiB", "0", "NaN", "Inf", "1e400", "99999TiB", "GiB", "1 GiB 2"} {
		if got, err := parseSize("--x", text, 7); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	code, stdout, _, _ := execute(t, t.Context(), "version")
	if code != 0 || strings.TrimSpace(stdout) == "" {
		t.Errorf("version: exit %d, %q", code, stdout)
	}
	code, stdout, _, _ = execute(t, t.Context(), "--help")
	for _, want := range []string{"--drain-timeout", "--allow-root", "MLOPS_MASTER", "mlops-worker --memory-limit 4GiB"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("the help (exit %d) does not say %q", code, want)
		}
	}
	if strings.Contains(stdout, "\n  attempt") {
		t.Error("the help shows the hidden subcommand")
	}
}
