package s3

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"

	"mlops/runner/storage"
)

// Scheme is the scheme of this storage's URLs.
const Scheme = "s3"

// defaultRegion is the region of a process that names none. Servers with an endpoint
// of their own do not care; Amazon's tell the bucket's own in their refusal.
const defaultRegion = "us-east-1"

// Opener opens buckets by name. permit judges s3://bucket/key before anything of it is
// opened; nil: everything may be. It is called once a bucket and again for each key.
func Opener(permit func(u *url.URL) error) storage.OpenBucket {
	client := sync.OnceValues(connect)
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
		return &bucket{name: name, blobs: opened, permit: permit}, nil
	}
}

// connect makes a client of the standard chain's configuration.
func connect() (*awss3.Client, error) {
	// The client outlives any request, and loading reads files alone.
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithDefaultRegion(defaultRegion))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration of this process: %w", err)
	}
	own := cfg.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL_S3") != "" || os.Getenv("AWS_ENDPOINT_URL") != ""
	return awss3.NewFromConfig(cfg, func(o *awss3.Options) {
		o.UsePathStyle = own
		if own { // not every server knows the newer checksums
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	}), nil
}
