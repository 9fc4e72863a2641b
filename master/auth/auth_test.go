package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/master/auth"
	"mlops/proto/certs"
)

const token = "0123456789abcdef"

func TestTokenFiles(t *testing.T) {
	sum := sha256.Sum256([]byte(token))
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // part of the error; empty: accepted
	}{
		"plain":            {"# who may\n\nann client " + token + "\n", 0o600, ""},
		"hashed":           {"ann client sha256:" + hex.EncodeToString(sum[:]), 0o600, ""},
		"group may read":   {"ann client " + token, 0o640, ""},
		"all may read":     {"ann client " + token, 0o644, "others could read"},
		"group may write":  {"ann client " + token, 0o660, "others could read or change"},
		"unknown role":     {"ann root " + token, 0o600, `line 1: unknown role "root"`},
		"two fields":       {"\nann client", 0o600, "line 2: want NAME ROLE TOKEN, got 2 fields"},
		"short token":      {"ann client 12345", 0o600, "line 1: the token has 5 characters"},
		"broken hash":      {"ann client sha256:12345", 0o600, "64 hexadecimal digits"},
		"same token twice": {"ann client " + token + "\nbob worker " + token, 0o600, "line 2: the token of line 1 again"},
		"nothing":          {"# nobody\n", 0o600, "holds no tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokens")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := auth.LoadTokens(path)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), token):
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
	if _, err := auth.LoadTokens(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing file was accepted")
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add("ann client " + token + "\n")
	f.Add("# x\nann client sha256:zz\n")
	f.Add("a b c d\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := auth.ParseTokens(text)
		if (tokens == nil) == (err == nil) {
			t.Errorf("got %v and %v", tokens, err)
		}
	})
}

func TestListeningBeyondThisHostNeedsTLSAndCredentials(t *testing.T) {
	for _, c := range []struct {
		network, address string
		tls, credentials bool
		ok               bool
	}{
		{"tcp", "127.0.0.1:7070", false, false, true},
		{"tcp", "[::1]:7070", false, false, true},
		{"tcp", "localhost:7070", false, false, true},
		{"unix", "/run/mlops.sock", false, false, true},
		{"tcp", "0.0.0.0:7070", false, false, false},
		{"tcp", ":7070", false, false, false},
		{"tcp", "192.0.2.1:7070", true, false, false},
		{"tcp", "192.0.2.1:7070", false, true, false},
		{"tcp", "example.test:7070", false, false, false},
		{"tcp", "0.0.0.0:7070", true, true, true},
		{"tcp", "no port", false, false, false},
	} {
		err := auth.CheckListen(c.network, c.address, c.tls, c.credentials)
		if (err == nil) != c.ok {
			t.Errorf("%s with TLS %v, credentials %v: %v", c.address, c.tls, c.credentials, err)
		}
	}
}

func TestTLSConfigNamesTheFileThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, err := certs.GenerateDevelopmentCA(dir, nil); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	if _, err := auth.TLSConfig(in("server.pem"), in("server-key.pem"), in("ca.pem")); err != nil {
		t.Errorf("good files: %v", err)
	}
	if _, err := auth.TLSConfig(in("server.pem"), in("ca-key.pem"), ""); err == nil || !strings.Contains(err.Error(), "ca-key.pem") {
		t.Errorf("another's key: %v", err)
	}
	if _, err := auth.TLSConfig(in("server.pem"), in("server-key.pem"), in("server-key.pem")); err == nil || !strings.Contains(err.Error(), "holds no PEM certificate") {
		t.Errorf("a key as authority: %v", err)
	}
}
