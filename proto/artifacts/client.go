package artifacts

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Limits of what a client accepts.
const (
	// ChunkBytes is the size of a transfer's messages.
	ChunkBytes = 1 << 20
	// DefaultMaxBytes is the largest artifact fetched unless WithMaxBytes says
	// otherwise.
	DefaultMaxBytes = int64(64) << 30
	// MaxFiles is how many files and directories an archive may hold.
	MaxFiles = 10_000
	// MaxTries is how often a call is tried that moves no byte.
	MaxTries = 8
)

// ErrNotFound says that the master does not have the artifact.
var ErrNotFound = errors.New("artifact not found")

// Client moves artifacts. It is safe for concurrent use.
type Client struct {
	service  mlopsv1.ArtifactServiceClient
	backoff  func() backoff.BackOff
	maxBytes int64
}

// Option changes how a client behaves.
type Option func(*Client)

// WithBackoff sets the pauses between tries; each transfer draws its own.
func WithBackoff(draw func() backoff.BackOff) Option {
	return func(c *Client) { c.backoff = draw }
}

// WithMaxBytes bounds the size of an artifact that is fetched.
func WithMaxBytes(n int64) Option { return func(c *Client) { c.maxBytes = n } }

// New returns a client of the service.
func New(c mlopsv1.ArtifactServiceClient, options ...Option) *Client {
	client := &Client{service: c, backoff: defaultBackoff, maxBytes: DefaultMaxBytes}
	for _, o := range options {
		o(client)
	}
	return client
}

func defaultBackoff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 200*time.Millisecond, 10*time.Second
	return b
}

// Link gives an artifact a further name to be listed by: slash-separated, at
// most 512 bytes. Its last element should have the ending of the artifact's own
// name, because [Client.List] tells formats by it.
func (c *Client) Link(ctx context.Context, url, name string) error {
	digest, _, err := ParseURL(url)
	if err != nil {
		return err
	}
	err = c.retry(ctx, func() (bool, error) {
		_, err := c.service.LinkArtifact(ctx, &mlopsv1.LinkArtifactRequest{Digest: digest, Name: name})
		return false, err
	})
	if err != nil {
		return fmt.Errorf("link %s as %q: %w", url, name, err)
	}
	return nil
}

// List returns the URLs of linked artifacts by link name, of those names that
// begin with prefix.
func (c *Client) List(ctx context.Context, prefix string) (map[string]string, error) {
	links := map[string]string{}
	request := &mlopsv1.ListArtifactsRequest{Prefix: prefix}
	for {
		var page *mlopsv1.ListArtifactsResponse
		err := c.retry(ctx, func() (moved bool, err error) {
			page, err = c.service.ListArtifacts(ctx, request)
			return false, err
		})
		if err != nil {
			return nil, fmt.Errorf("list artifacts under %q: %w", prefix, err)
		}
		for _, l := range page.GetLinks() {
			if !validDigest(l.GetDigest()) {
				return nil, fmt.Errorf("list artifacts under %q: the master named %q with the digest %q, which is none", prefix, l.GetName(), l.GetDigest())
			}
			links[l.GetName()] = FormatURL(l.GetDigest(), path.Base(l.GetName()))
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return links, nil
		}
	}
}

// retry calls try until it succeeds, fails for good, or has failed MaxTries
// times in a row without moving a byte.
func (c *Client) retry(ctx context.Context, try func() (moved bool, err error)) error {
	pauses, tries := c.backoff(), 0
	for {
		moved, err := try()
		if err == nil {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if !passing(err) {
			return err
		}
		if tries++; moved {
			tries = 0
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		if tries >= MaxTries || pause == backoff.Stop {
			return fmt.Errorf("gave up after %d tries: %w", tries, err)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// passing reports whether another try may end otherwise: the connection broke,
// or somebody else moved the same upload on meanwhile.
func passing(err error) bool {
	s, ok := status.FromError(err)
	if !ok {
		return false
	}
	switch s.Code() {
	case codes.Unavailable, codes.Aborted, codes.OutOfRange, codes.Internal, codes.DeadlineExceeded:
		return true
	}
	return false
}
