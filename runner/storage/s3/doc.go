// Package s3 is the storage of s3://bucket/key: Amazon S3 and servers that speak its
// protocol, through gocloud.dev/blob.
//
// Credentials, region and endpoint come from the standard AWS chain alone, that is
// from the environment of the process and its profile files (AWS_ACCESS_KEY_ID,
// AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_PROFILE, …), never from a configuration:
// whoever submits work chooses neither whom data is sent to nor with whose keys.
// With an endpoint of one's own buckets are named in the path. Nothing is looked up
// before the first bucket is opened.
package s3
