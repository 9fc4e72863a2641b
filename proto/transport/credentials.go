package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// maxTokenBytes bounds a token and a file that holds one.
const maxTokenBytes = 4096

// transportCredentials chooses between plain text and TLS.
func (o ClientOptions) transportCredentials() (creds credentials.TransportCredentials, plain bool, err error) {
	named := o.CAFile != "" || o.CertFile != "" || o.KeyFile != "" || o.ServerName != ""
	if o.Insecure && named {
		return nil, false, errors.New("insecure was asked for together with certificates or a server name; choose one")
	}
	if o.Insecure || !named && (o.ContextDialer != nil || IsLoopback(o.Address)) {
		return insecure.NewCredentials(), true, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
	if o.CAFile != "" {
		if cfg.RootCAs, err = loadPool(o.CAFile); err != nil {
			return nil, false, err
		}
	}
	if o.CertFile != "" || o.KeyFile != "" {
		if o.CertFile == "" || o.KeyFile == "" {
			return nil, false, errors.New("a client certificate and its key must be given together")
		}
		load := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("loading the client certificate %s with key %s: %w", o.CertFile, o.KeyFile, err)
			}
			return &pair, nil
		}
		if _, err := load(); err != nil {
			return nil, false, err
		}
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return credentials.NewTLS(cfg), false, nil
}

func loadPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authority %s holds no PEM certificate", path)
	}
	return pool, nil
}

// ReadToken returns the token that a file holds: its text without surrounding
// white space.
func ReadToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	if info.Size() > maxTokenBytes {
		return "", fmt.Errorf("token file %s has %d bytes; at most %d are allowed", path, info.Size(), maxTokenBytes)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	token := string(bytes.TrimSpace(raw))
	if token == "" {
		return "", fmt.Errorf("token file %s is empty", path)
	}
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("token file %s: %w", path, err)
	}
	return token, nil
}

// checkToken refuses what cannot be a header's value. The error never repeats
// the token.
func checkToken(token string) error {
	if len(token) > maxTokenBytes {
		return fmt.Errorf("the token has %d bytes; at most %d are allowed", len(token), maxTokenBytes)
	}
	for i := range len(token) {
		if c := token[i]; c <= ' ' || c > '~' {
			return fmt.Errorf("the token holds a space, a control character or a non-ASCII byte at position %d", i+1)
		}
	}
	return nil
}

// bearer sends a token with each call.
type bearer struct {
	token        string
	plainAllowed bool
}

// GetRequestMetadata returns the authorization header.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

// RequireTransportSecurity makes gRPC itself refuse a plain connection.
func (b bearer) RequireTransportSecurity() bool { return !b.plainAllowed }

// Reason is what a call's error says, without the words that gRPC puts around it.
func Reason(err error) string {
	message := err.Error()
	if s, ok := status.FromError(err); ok {
		message = s.Message()
	}
	if _, inner, ok := strings.Cut(message, `connection error: desc = "`); ok {
		message = strings.TrimPrefix(strings.TrimSuffix(inner, `"`), "transport: ")
		message = strings.TrimPrefix(message, "Error while dialing: ")
	}
	return message
}

// Hint says what a user can do about a connection that failed, in one sentence;
// empty where the error speaks for itself.
func Hint(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "the master speaks plain text: use --insecure if that is intended"
	case strings.Contains(text, "error reading server preface"), strings.Contains(text, "malformed HTTP response"):
		return "something else than a plain-text master answered there: if the master speaks TLS, name its certificate authority with --ca"
	case strings.Contains(text, "certificate signed by unknown authority"):
		return "name the certificate authority that signed the master's certificate with --ca"
	case strings.Contains(text, "certificate is valid for"), strings.Contains(text, "certificate is not valid for any names"), strings.Contains(text, "doesn't contain any IP SANs"):
		return "the master's certificate is for another name: give that one with --server-name"
	case strings.Contains(text, "credentials are needed: a client certificate"):
		return "give one with --cert and --key"
	case strings.Contains(text, "credentials are needed: a token"):
		return "name the file that holds yours with --token-file, or set MLOPS_TOKEN"
	case strings.Contains(text, "certificate required"), strings.Contains(text, "bad certificate"):
		return "the master wants a client certificate: give one with --cert and --key"
	}
	return ""
}
