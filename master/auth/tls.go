package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// TLSConfig reads a server's certificate and key, and the authority that signs
// client certificates; clientCA may be empty. A client without a certificate may
// still connect: what it may call is decided call by call.
func TLSConfig(certFile, keyFile, clientCA string) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("load the TLS certificate %s with key %s: %w", certFile, keyFile, err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2"},
	}
	if clientCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("read the client authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", clientCA)
	}
	config.ClientCAs = pool
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return config, nil
}

// ErrExposed says that a master would be open to others on the network.
var ErrExposed = errors.New("listening beyond this host needs TLS (--tls-cert, --tls-key) and credentials (--tokens or --client-ca), or --insecure")

// CheckListen refuses an address beyond this host unless both TLS and credentials
// are configured. Addresses are host:port and unix:///path.
func CheckListen(network, address string, tls, credentials bool) error {
	if network == "unix" || tls && credentials {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s: %w", address, ErrExposed)
}
