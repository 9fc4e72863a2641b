package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/proto/artifacts"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

// How long a master that is away is waited for, unless options say otherwise.
const (
	DefaultPatience      = 5 * time.Second
	DefaultWatchPatience = 2 * time.Minute
)

// Options say where the master is and how to bear its absence.
type Options struct {
	transport.ClientOptions
	Tuning
}

// Tuning says how to bear a master's absence. Its zero value is good.
type Tuning struct {
	// Patience is how long a call is tried while the master is away; 0 means
	// DefaultPatience, less than 0 that there is one try.
	Patience time.Duration
	// WatchPatience is how long a watch tries to reconnect; 0 means
	// DefaultWatchPatience, less than 0 that it does not.
	WatchPatience time.Duration
	// Pause returns the time before the next try, after so many tries that
	// failed; nil means from 0.1 s doubling to 5 s, varied by a quarter.
	Pause func(tries int) time.Duration
}

// Client speaks to a master. It is safe for concurrent use.
type Client struct {
	service   mlopsv1.ClientServiceClient
	artifacts *artifacts.Client
	tuning    Tuning
	close     func() error
}

// Dial connects to a master and asks it who it is, so that a wrong address or
// wrong credentials show at once.
func Dial(ctx context.Context, o Options) (*Client, error) {
	conn, err := transport.Dial(o.ClientOptions)
	if err != nil {
		return nil, &Error{Doing: "connect", Kind: ErrInvalid, Message: err.Error(), cause: err}
	}
	c := New(conn, o.Tuning)
	c.close = conn.Close
	if _, err := c.ServerInfo(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// New returns a client over a connection, which stays the caller's to close.
func New(conn grpc.ClientConnInterface, tuning Tuning) *Client {
	if tuning.Patience == 0 {
		tuning.Patience = DefaultPatience
	}
	if tuning.WatchPatience == 0 {
		tuning.WatchPatience = DefaultWatchPatience
	}
	if tuning.Pause == nil {
		tuning.Pause = pause
	}
	return &Client{
		service:   mlopsv1.NewClientServiceClient(conn),
		artifacts: artifacts.New(mlopsv1.NewArtifactServiceClient(conn)),
		tuning:    tuning,
		close:     func() error { return nil },
	}
}

// Close closes the connection that Dial made.
func (c *Client) Close() error { return c.close() }

// Artifacts returns a client of the same master's artifacts.
func (c *Client) Artifacts() *artifacts.Client { return c.artifacts }

// pause is exponential with jitter, so that many clients of a master that comes
// back do not come all at once.
func pause(tries int) time.Duration {
	base := min(100*time.Millisecond<<min(tries-1, 10), 5*time.Second)
	return base*3/4 + rand.N(base/2)
}

// try calls call until it ends otherwise than with an absent master.
func (c *Client) try(ctx context.Context, doing string, call func(context.Context) error) error {
	end := time.Now().Add(c.tuning.Patience)
	for tries := 1; ; tries++ {
		err := call(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if status.Code(err) != codes.Unavailable || !c.rest(ctx, tries, end) {
			return errors.Join(wrap(doing, err), context.Cause(ctx))
		}
	}
}

// rest pauses before the next try and reports whether there is to be one.
func (c *Client) rest(ctx context.Context, tries int, end time.Time) bool {
	length := c.tuning.Pause(tries)
	if time.Now().Add(length).After(end) {
		return false
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
