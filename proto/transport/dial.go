package transport

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"
)

// MaxMessageBytes bounds one message in either direction.
const MaxMessageBytes = 16 << 20

// Keepalive of an idle connection: a peer that is silent for KeepaliveTime is
// asked, and given up after KeepaliveTimeout. Servers must allow it by an
// enforcement policy whose MinTime is at most KeepaliveTime.
const (
	KeepaliveTime    = 20 * time.Second
	KeepaliveTimeout = 10 * time.Second
)

// ClientOptions say where the master is and how to speak to it.
type ClientOptions struct {
	// Address is host:port, or unix:///path. With ContextDialer any text will do.
	Address string
	// Token authenticates each call; empty: none.
	Token string
	// CAFile holds the PEM certificates by which the master's is verified;
	// empty: the system's. Naming it turns TLS on for loopback addresses too.
	CAFile string
	// CertFile and KeyFile hold this client's certificate, for mutual TLS. They
	// are read again for each connection, so that they can be renewed in place.
	CertFile, KeyFile string
	// ServerName is the name expected in the master's certificate; empty: the
	// address's host.
	ServerName string
	// Insecure speaks plain text to any address, the token included.
	Insecure bool
	// ContextDialer makes the connections instead of the network, for example
	// in memory. Without certificates they are plain.
	ContextDialer func(context.Context, string) (net.Conn, error)
}

// Dial prepares a connection to the master. It does not wait for it: an
// unreachable master shows at the first call. Errors are of the options.
func Dial(o ClientOptions) (*grpc.ClientConn, error) {
	if o.ContextDialer == nil {
		if err := checkAddress(o.Address); err != nil {
			return nil, err
		}
	}
	creds, plain, err := o.transportCredentials()
	if err != nil {
		return nil, err
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(MaxMessageBytes),
			grpc.MaxCallSendMsgSize(MaxMessageBytes),
		),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: KeepaliveTime, Timeout: KeepaliveTimeout}),
		grpc.WithConnectParams(grpc.ConnectParams{
			// Quick: a master that restarts should find its workers again within
			// their leases.
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
	}
	if o.Token != "" {
		if err := checkToken(o.Token); err != nil {
			return nil, err
		}
		if plain && !o.Insecure && !IsLoopback(o.Address) {
			return nil, fmt.Errorf("refusing to send the token to %s in plain text: name the master's certificate authority, or allow it explicitly as insecure", o.Address)
		}
		opts = append(opts, grpc.WithPerRPCCredentials(bearer{token: o.Token, plainAllowed: plain}))
	}
	target := o.Address
	if o.ContextDialer != nil {
		opts = append(opts, grpc.WithContextDialer(o.ContextDialer))
		target = "passthrough:///" + o.Address
	}
	conn, err := grpc.NewClient(target, opts...)
	if err != nil {
		return nil, fmt.Errorf("connecting to the master at %s: %w", o.Address, err)
	}
	return conn, nil
}
