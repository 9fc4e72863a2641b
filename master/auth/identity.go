package auth

import (
	"context"
	"crypto/x509"
	"net"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Identity is who calls.
type Identity struct {
	// Name of the token or certificate.
	Name string
	// Role decides what it may call.
	Role Role
}

// Local is everybody, where no credentials are configured.
var Local = Identity{Name: "local", Role: Admin}

type identityKey struct{}

// With returns a context that carries who calls.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, who)
}

// From returns who calls: Local where nobody was authenticated.
func From(ctx context.Context) Identity {
	if who, ok := ctx.Value(identityKey{}).(Identity); ok {
		return who
	}
	return Local
}

// Authority knows the credentials that are accepted.
type Authority struct {
	// Tokens accepted; nil: none.
	Tokens *Tokens
	// Certificates says that verified TLS client certificates are accepted.
	Certificates bool
}

// configured tells whether there are any credentials to ask for.
func (a *Authority) configured() bool { return a.Tokens != nil || a.Certificates }

// authorize returns who calls the method, or why it may not.
func (a *Authority) authorize(ctx context.Context, method string) (Identity, error) {
	if !a.configured() {
		if isReflection(method) && !isLocalPeer(ctx) {
			return Identity{}, status.Error(codes.PermissionDenied, "reflection is for callers on this host")
		}
		if !may(Admin, method) {
			return Identity{}, status.Errorf(codes.PermissionDenied, "%s is not open to anybody", method)
		}
		return Local, nil
	}
	who, err := a.identify(ctx)
	if err != nil {
		if may(Anyone, method) {
			return Identity{Name: "anonymous", Role: Anyone}, nil
		}
		return Identity{}, err
	}
	if !may(who.Role, method) {
		return Identity{}, status.Errorf(codes.PermissionDenied, "%s with role %s may not call %s", who.Name, who.Role, method)
	}
	return who, nil
}

// identify returns who calls by token, else by certificate.
func (a *Authority) identify(ctx context.Context) (Identity, error) {
	if a.Tokens != nil {
		for _, header := range metadata.ValueFromIncomingContext(ctx, "authorization") {
			scheme, token, _ := strings.Cut(header, " ")
			if !strings.EqualFold(scheme, "bearer") {
				continue
			}
			if who, ok := a.Tokens.find(strings.TrimSpace(token)); ok {
				return who, nil
			}
			return Identity{}, status.Error(codes.Unauthenticated, "the token is not known to this master")
		}
	}
	if a.Certificates {
		if cert := verifiedCertificate(ctx); cert != nil {
			return identityOf(cert)
		}
	}
	return Identity{}, status.Error(codes.Unauthenticated, "credentials are needed: "+a.wanted())
}

func (a *Authority) wanted() string {
	switch {
	case a.Tokens != nil && a.Certificates:
		return "a token or a client certificate"
	case a.Certificates:
		return "a client certificate"
	default:
		return "a token"
	}
}

// identityOf reads name and role from a verified certificate.
func identityOf(cert *x509.Certificate) (Identity, error) {
	if cert.Subject.CommonName == "" || len(cert.Subject.OrganizationalUnit) != 1 {
		return Identity{}, status.Error(codes.Unauthenticated,
			"the client certificate must have a common name (who) and one organizational unit (role)")
	}
	role, err := ParseRole(cert.Subject.OrganizationalUnit[0])
	if err != nil {
		return Identity{}, status.Errorf(codes.Unauthenticated, "client certificate: %v", err)
	}
	return Identity{Name: cert.Subject.CommonName, Role: role}, nil
}

// verifiedCertificate is the caller's certificate if a trusted authority signed
// it, else nil.
func verifiedCertificate(ctx context.Context) *x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	tls, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(tls.State.VerifiedChains) == 0 || len(tls.State.VerifiedChains[0]) == 0 {
		return nil
	}
	return tls.State.VerifiedChains[0][0]
}

func isReflection(method string) bool { return strings.HasPrefix(method, "/grpc.reflection.") }

// isLocalPeer tells whether the caller is on this host.
func isLocalPeer(ctx context.Context) bool {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	tcp, ok := p.Addr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
