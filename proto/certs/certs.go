// Package certs makes a certificate authority for development, with certificates
// for a master and for its callers, as PEM files.
//
//	ca.pem, ca-key.pem            the authority
//	server.pem, server-key.pem    a master's, for the given hosts
//	NAME.pem, NAME-key.pem        a caller's: common name NAME, organizational unit its role
//
// It is meant for a laptop, a test fleet or a first try; keys are not encrypted.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Client is a caller to make a certificate for.
type Client struct {
	// Name becomes the common name and the files' name.
	Name string
	// Role becomes the organizational unit: client, worker, viewer or admin.
	Role string
}

// DefaultClients are one caller of each role, named after it.
func DefaultClients() []Client {
	return []Client{{"client", "client"}, {"worker", "worker"}, {"viewer", "viewer"}, {"admin", "admin"}}
}

// validity is how long development certificates last.
const validity = 365 * 24 * time.Hour

var (
	roles       = []string{"client", "worker", "viewer", "admin"}
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	reserved    = []string{"ca", "server"}
)

// GenerateDevelopmentCA makes an authority in dir, a server certificate for hosts
// (names or addresses; empty: localhost and its addresses) and a certificate for
// each client, and returns the files' paths. Keys are readable by their owner only.
// If any of the files exists already nothing is written, and the error is
// fs.ErrExist.
func GenerateDevelopmentCA(dir string, hosts []string, clients ...Client) ([]string, error) {
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	for i, c := range clients {
		if err := check(c, clients[:i]); err != nil {
			return nil, err
		}
	}
	files, err := generate(hosts, clients, time.Now())
	if err != nil {
		return nil, err
	}
	return write(dir, files)
}

func check(c Client, earlier []Client) error {
	switch {
	case !namePattern.MatchString(c.Name):
		return fmt.Errorf("certificate name %q: want letters, digits, '.', '_' and '-', at most 64", c.Name)
	case slices.Contains(reserved, c.Name):
		return fmt.Errorf("certificate name %q is taken by the authority's or the server's files", c.Name)
	case slices.ContainsFunc(earlier, func(e Client) bool { return e.Name == c.Name }):
		return fmt.Errorf("certificate name %q is given twice", c.Name)
	case !slices.Contains(roles, c.Role):
		return fmt.Errorf("certificate %s: unknown role %q: known are client, worker, viewer, admin", c.Name, c.Role)
	}
	return nil
}

// file is one PEM file to be written.
type file struct {
	name string
	mode fs.FileMode
	pem  []byte
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func generate(hosts []string, clients []Client, now time.Time) ([]file, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "mlops development authority"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	var ca authority
	files, err := ca.issue("ca", template)
	if err != nil {
		return nil, err
	}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, h)
		}
	}
	leaves := map[string]*x509.Certificate{"server": server}
	names := []string{"server"}
	for _, c := range clients {
		names = append(names, c.Name)
		leaves[c.Name] = &x509.Certificate{
			Subject:     pkix.Name{CommonName: c.Name, OrganizationalUnit: []string{c.Role}},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
	}
	for _, name := range names {
		leaf := leaves[name]
		leaf.NotBefore, leaf.NotAfter = template.NotBefore, template.NotAfter
		leaf.KeyUsage = x509.KeyUsageDigitalSignature
		more, err := ca.issue(name, leaf)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// issue signs a certificate for a new key. The first one is the authority's own.
func (a *authority) issue(name string, template *x509.Certificate) ([]file, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of %s: %w", name, err)
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("draw the serial number of %s: %w", name, err)
	}
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key of %s: %w", name, err)
	}
	return []file{
		{name + ".pem", 0o644, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})},
		{name + "-key.pem", 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})},
	}, nil
}

// write writes all files or none.
func write(dir string, files []file) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of certificates: %w", err)
	}
	defer func() {
		if err != nil {
			for _, p := range paths {
				err = errors.Join(err, os.Remove(p))
			}
			paths = nil
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if errors.Is(err, fs.ErrExist) {
			return paths, fmt.Errorf("%s exists already; remove it or choose another folder: %w", path, fs.ErrExist)
		}
		if err != nil {
			return paths, fmt.Errorf("write certificate: %w", err)
		}
		paths = append(paths, path)
		_, err = out.Write(f.pem)
		if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
			return paths, fmt.Errorf("write certificate: %w", err)
		}
	}
	return paths, nil
}
