package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mlops/proto/certs"
)

func TestCertificatesOfEachRoleVerifyAgainstTheAuthority(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	paths, err := certs.GenerateDevelopmentCA(dir, []string{"example.test", "127.0.0.1"}, certs.DefaultClients()...)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 12 {
		t.Errorf("wrote %d files: %v", len(paths), paths)
	}
	pool := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("ca.pem: %v", err)
	}
	server := leaf(t, dir, "server")
	for _, host := range []string{"example.test", "127.0.0.1"} {
		if _, err := server.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Errorf("server for %s: %v", host, err)
		}
	}
	for _, role := range []string{"client", "worker", "viewer", "admin"} {
		c := leaf(t, dir, role)
		if c.Subject.CommonName != role || len(c.Subject.OrganizationalUnit) != 1 || c.Subject.OrganizationalUnit[0] != role {
			t.Errorf("%s has subject %v", role, c.Subject)
		}
		_, err := c.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if err != nil {
			t.Errorf("%s: %v", role, err)
		}
		info, err := os.Stat(filepath.Join(dir, role+"-key.pem"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key of %s has mode %v (%v)", role, info.Mode(), err)
		}
	}
}

func leaf(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "server.pem")
	if err := os.WriteFile(precious, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certs.GenerateDevelopmentCA(dir, nil, certs.DefaultClients()...); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left %v behind (%v)", entries, err)
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "mine" {
		t.Errorf("file is now %q (%v)", text, err)
	}
}

func TestImpossibleNamesAndRolesAreRefused(t *testing.T) {
	for _, c := range []certs.Client{
		{Name: "../x", Role: "client"}, {Name: "", Role: "client"}, {Name: "ca", Role: "client"},
		{Name: "server", Role: "client"}, {Name: "x", Role: "root"},
	} {
		dir := t.TempDir()
		if _, err := certs.GenerateDevelopmentCA(dir, nil, c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	twice := certs.Client{Name: "x", Role: "client"}
	if _, err := certs.GenerateDevelopmentCA(t.TempDir(), nil, twice, twice); err == nil {
		t.Error("the same name twice was accepted")
	}
}
