package s3

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"

	"mlops/runner/storage"
)

// Scheme is the scheme of this storage's URLs.
const Scheme = "s3"

const (
	// defaultRegion is the region of a process that names none. Servers with an endpoint
	// of their own do not care; Amazon's tell the bucket's own in their refusal.
	defaultRegion = "us-east-1"
	// defaultReplyTimeout is long enough for a server that assembles or copies a large
	// object before it answers.
	defaultReplyTimeout = 2 * time.Minute
)

// Options say what is opened, and how patient to be.
type Options struct {
	// Permit judges s3://bucket/key before anything of it is opened; nil: everything
	// may be.
	Permit func(u *url.URL) error
	// PermitEndpoint judges the address of a server that is not Amazon's and that
	// something else than the process's environment names; nil: every one may be
	// contacted.
	PermitEndpoint func(u *url.URL) error
	// MaxBackoff bounds the wait before a request is repeated, which doubles each time
	// and varies; 0: the SDK's, 20 s.
	MaxBackoff time.Duration
	// ReplyTimeout bounds the wait for a reply's beginning, after which the request is
	// repeated; 0: 2 min.
	ReplyTimeout time.Duration
}

// Opener opens buckets by name, where the process's environment says they are.
func Opener(o Options) storage.OpenBucket { return o.at(storage.Endpoint{}) }

// OpenerAt opens buckets at an endpoint: for [storage.Options] Endpoints.
func OpenerAt(o Options) func(e storage.Endpoint) storage.OpenBucket { return o.at }

func (o Options) at(e storage.Endpoint) storage.OpenBucket {
	client := sync.OnceValues(func() (*awss3.Client, error) { return o.connect(e) })
	seen := &sync.Map{}
	return func(ctx context.Context, name string) (storage.Bucket, error) {
		if name == "" {
			return nil, fmt.Errorf("%s:// names no bucket", Scheme)
		}
		c, err := client()
		if err != nil {
			return nil, err
		}
		opened, err := s3blob.OpenBucket(ctx, c, name, nil)
		if err != nil {
			return nil, fmt.Errorf("open bucket %s: %w", name, err)
		}
		return &bucket{name: name, blobs: opened, permit: o.Permit, seen: seen}, nil
	}
}

// connect makes a client of the standard chain's configuration.
func (o Options) connect(e storage.Endpoint) (*awss3.Client, error) {
	own, err := o.mayContact(e.URL)
	if err != nil {
		return nil, err
	}
	choices := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(defaultRegion), config.WithHTTPClient(o.transport()),
	}
	if e.Region != "" {
		choices = append(choices, config.WithRegion(e.Region))
	}
	// The client outlives any request, and loading reads files alone.
	cfg, err := config.LoadDefaultConfig(context.Background(), choices...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration of this process: %w", err)
	}
	if e.URL == "" {
		own = cfg.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL_S3") != "" || os.Getenv("AWS_ENDPOINT_URL") != ""
	}
	return awss3.NewFromConfig(cfg, func(s *awss3.Options) {
		s.Credentials = chain{cfg.Credentials}
		if e.URL != "" {
			s.BaseEndpoint = aws.String(e.URL)
		}
		if o.MaxBackoff > 0 {
			s.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
				r.MaxBackoff = o.MaxBackoff
				if cfg.RetryMaxAttempts > 0 {
					r.MaxAttempts = cfg.RetryMaxAttempts
				}
			})
		}
		s.UsePathStyle = own
		if e.PathStyle != nil {
			s.UsePathStyle = *e.PathStyle
		}
		if own { // not every server knows the newer checksums
			s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	}), nil
}

// chain is the standard chain of credentials; its errors say that they are its.
type chain struct{ aws.CredentialsProvider }

// Retrieve returns the credentials of now.
func (c chain) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return found, &credentialsError{err}
	}
	return found, nil
}

// credentialsError says that there are no credentials.
type credentialsError struct{ err error }

// Error tells the chain's own error, which holds no secret.
func (e *credentialsError) Error() string { return e.err.Error() }

// Unwrap returns the chain's own error.
func (e *credentialsError) Unwrap() error { return e.err }

// amazon are the addresses of Amazon's own servers. Others beneath amazonaws.com are
// Amazon's customers'.
var amazon = regexp.MustCompile(`^s3(-fips)?(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-[0-9]+)?\.amazonaws\.com(\.cn)?$`)

// mayContact tells whether an endpoint is somebody's own, and whether it is allowed.
func (o Options) mayContact(endpoint string) (own bool, err error) {
	if endpoint == "" {
		return false, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil {
		return false, fmt.Errorf("the endpoint of %s:// must be http:// or https://, a host and a path, without user and password", Scheme)
	}
	if u.Scheme == "https" && u.Port() == "" && amazon.MatchString(u.Host) {
		return false, nil
	}
	if o.PermitEndpoint == nil {
		return true, nil
	}
	return true, o.PermitEndpoint(u)
}

// transport contacts servers with a bound on the time that one may be silent.
func (o Options) transport() *awshttp.BuildableClient {
	timeout := o.ReplyTimeout
	if timeout == 0 {
		timeout = defaultReplyTimeout
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = timeout })
}
