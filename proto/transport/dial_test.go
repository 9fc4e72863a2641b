package transport

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a health service on l that remembers the calls' authorization.
func serve(t *testing.T, l net.Listener, opts ...grpc.ServerOption) *string {
	t.Helper()
	seen := new(string)
	opts = append(opts, grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		*seen = strings.Join(md.Get("authorization"), ",")
		return h(ctx, req)
	}))
	s := grpc.NewServer(opts...)
	healthpb.RegisterHealthServer(s, health.NewServer())
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return seen
}

func call(t *testing.T, o ClientOptions) error {
	t.Helper()
	conn, err := Dial(o)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func listen(t *testing.T, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReasonLeavesOutWhatPeopleNeedNotRead(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{io.ErrUnexpectedEOF, "unexpected EOF"},
		{status.Error(codes.NotFound, "workflow w: not found"), "workflow w: not found"},
		{status.Error(codes.Unavailable, `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`),
			"dial tcp 127.0.0.1:1: connect: connection refused"},
		{status.Error(codes.Unavailable, `connection error: desc = "transport: authentication handshake failed: EOF"`), "authentication handshake failed: EOF"},
		{status.Error(codes.Unavailable, `connection error: desc = "error reading server preface: EOF"`), "error reading server preface: EOF"},
	} {
		if got := Reason(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestDialLoopbackIsPlainAndCarriesTheToken(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	seen := serve(t, l)
	if err := call(t, ClientOptions{Address: l.Addr().String(), Token: "s3cret"}); err != nil {
		t.Fatal(err)
	}
	if *seen != "Bearer s3cret" {
		t.Errorf("authorization %q, want the bearer token", *seen)
	}
}

func TestDialUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	seen := serve(t, listen(t, "unix", path))
	if err := call(t, ClientOptions{Address: "unix://" + path}); err != nil {
		t.Fatal(err)
	}
	if *seen != "" {
		t.Errorf("authorization %q without a token", *seen)
	}
}

func TestDialThroughACustomDialer(t *testing.T) {
	l := bufconn.Listen(1 << 16)
	serve(t, l)
	err := call(t, ClientOptions{Address: "embedded", ContextDialer: func(ctx context.Context, _ string) (net.Conn, error) {
		return l.DialContext(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// authority is a certificate authority of a test, with its files.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.issue(t, "ca", nil)
	return a
}

// issue writes name.crt and name.key; without names it is the authority's own.
func (a *authority) issue(t *testing.T, name string, dnsNames []string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: dnsNames,
		BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		tmpl.IsCA, tmpl.KeyUsage = true, x509.KeyUsageCertSign
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		a.key = key
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	for ext, raw := range map[string][]byte{".crt": certPEM, ".key": keyPEM} {
		if err := os.WriteFile(filepath.Join(a.dir, name+ext), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func TestDialTLS(t *testing.T) {
	a := newAuthority(t)
	serverCert := a.issue(t, "server", []string{"master.test"})
	a.issue(t, "client", nil)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	oneWay := &tls.Config{Certificates: []tls.Certificate{serverCert}}
	mutual := &tls.Config{Certificates: []tls.Certificate{serverCert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	for _, tc := range []struct {
		name     string
		server   *tls.Config // nil: plain
		opts     ClientOptions
		ok       bool
		wantHint string
	}{
		{name: "verified", server: oneWay, opts: ClientOptions{CAFile: a.file("ca.crt"), ServerName: "master.test", Token: "t"}, ok: true},
		{name: "wrong name", server: oneWay, opts: ClientOptions{CAFile: a.file("ca.crt"), ServerName: "other.test"}, wantHint: "--server-name"},
		{name: "unknown authority", server: oneWay, opts: ClientOptions{ServerName: "master.test"}, wantHint: "--ca"},
		{name: "plain client", server: oneWay, wantHint: "--ca"},
		{name: "plain server", opts: ClientOptions{ServerName: "master.test"}, wantHint: "--insecure"},
		{name: "mutual", server: mutual, opts: ClientOptions{CAFile: a.file("ca.crt"), ServerName: "master.test", CertFile: a.file("client.crt"), KeyFile: a.file("client.key")}, ok: true},
		{name: "mutual without certificate", server: mutual, opts: ClientOptions{CAFile: a.file("ca.crt"), ServerName: "master.test"}}, // TLS 1.3 tells the client only after the handshake: which error it sees is a race
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := listen(t, "tcp", "127.0.0.1:0")
			var opts []grpc.ServerOption
			if tc.server != nil {
				opts = append(opts, grpc.Creds(credentials.NewTLS(tc.server)))
			}
			serve(t, l, opts...)
			tc.opts.Address = l.Addr().String()
			err := call(t, tc.opts)
			if tc.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if status.Code(err) != codes.Unavailable {
				t.Fatalf("got %v, want Unavailable", err)
			}
			if hint := Hint(err); !strings.Contains(hint, tc.wantHint) {
				t.Errorf("hint %q for %v, want one that names %s", hint, err, tc.wantHint)
			}
		})
	}
}

func TestDialRefuses(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "client", nil)
	notPEM := a.file("text")
	if err := os.WriteFile(notPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	memory := func(context.Context, string) (net.Conn, error) { return nil, os.ErrClosed }
	for _, tc := range []struct {
		name string
		opts ClientOptions
		want string
	}{
		{"no address", ClientOptions{}, "no address"},
		{"no port", ClientOptions{Address: "master.test"}, "master.test:7070"},
		{"bad port", ClientOptions{Address: "master.test:http"}, "1 to 65535"},
		{"no host", ClientOptions{Address: ":7070"}, "names no host"},
		{"scheme", ClientOptions{Address: "https://master.test:7070"}, "has a scheme"},
		{"empty socket", ClientOptions{Address: "unix://"}, "names no socket"},
		{"token in plain text", ClientOptions{Address: "master.test:7070", Token: "s3cret", ContextDialer: memory}, "plain text"},
		{"token with newline", ClientOptions{Address: "127.0.0.1:7070", Token: "s3cret\nx: y"}, "position 7"},
		{"half a pair", ClientOptions{Address: "127.0.0.1:7070", CertFile: a.file("client.crt")}, "together"},
		{"missing key", ClientOptions{Address: "127.0.0.1:7070", CertFile: a.file("client.crt"), KeyFile: a.file("none.key")}, "none.key"},
		{"missing authority", ClientOptions{Address: "127.0.0.1:7070", CAFile: a.file("none.crt")}, "none.crt"},
		{"authority is no PEM", ClientOptions{Address: "127.0.0.1:7070", CAFile: notPEM}, "no PEM certificate"},
		{"insecure with authority", ClientOptions{Address: "127.0.0.1:7070", CAFile: a.file("ca.crt"), Insecure: true}, "choose one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := Dial(tc.opts)
			if err == nil {
				conn.Close()
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %q tells the token", err)
			}
		})
	}
}

func TestDialInsecureAllowsTheToken(t *testing.T) {
	l := bufconn.Listen(1 << 16)
	seen := serve(t, l)
	err := call(t, ClientOptions{Address: "master.test:7070", Token: "t", Insecure: true, ContextDialer: func(ctx context.Context, _ string) (net.Conn, error) {
		return l.DialContext(ctx)
	}})
	if err != nil || *seen != "Bearer t" {
		t.Fatalf("err %v, authorization %q", err, *seen)
	}
}

func TestIsLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:7070": true, "127.9.9.9": true, "[::1]:7070": true, "::1": true, "localhost:7070": true, "LOCALHOST.:1": true,
		"unix:///run/x.sock": true, "[::ffff:127.0.0.1]:1": true, "a.localhost:1": true,
		"0.0.0.0:7070": false, ":7070": false, "": false, "10.0.0.1:7070": false, "example.org:7070": false, "localhost.example.org:1": false, "127.0.0.1.example.org:1": false,
	} {
		if got := IsLoopback(addr); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", addr, got, want)
		}
	}
}

func TestReadToken(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, content, want, wantErr string
	}{
		{"plain", "abc", "abc", ""},
		{"newline", "  abc\n", "abc", ""},
		{"empty", " \n", "", "is empty"},
		{"two lines", "abc\ndef\n", "", "position 4"},
		{"large", string(bytes.Repeat([]byte("x"), maxTokenBytes+1)), "", "at most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(dir, tc.name)
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadToken(path)
			if tc.wantErr == "" {
				if err != nil || got != tc.want {
					t.Fatalf("got %q, %v", got, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tc.wantErr) || strings.Contains(err.Error(), "abc") {
				t.Fatalf("error %v, want one that says %q and not the token", err, tc.wantErr)
			}
		})
	}
	if _, err := ReadToken(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing file was accepted")
	}
}

func TestHostID(t *testing.T) {
	if first, second := HostID(), HostID(); first != second {
		t.Error("two calls differ")
	}
	dir := t.TempDir()
	machine, boot := filepath.Join(dir, "machine"), filepath.Join(dir, "boot")
	if err := os.WriteFile(boot, []byte("b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	byBoot := hostID([]string{machine, boot}, "h")
	if err := os.WriteFile(machine, []byte("m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	byMachine := hostID([]string{machine, boot}, "h")
	if byBoot == byMachine || byMachine == hostID([]string{machine, boot}, "other") {
		t.Error("different hosts share an id")
	}
	if len(byMachine) != 32 {
		t.Errorf("id %q, want 32 hexadecimal digits", byMachine)
	}
}
