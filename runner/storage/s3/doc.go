// Package s3 is the storage of s3://bucket/key: Amazon S3 and servers that speak its
// protocol, through gocloud.dev/blob.
//
// Credentials come from the standard AWS chain alone, that is from the environment of
// the process, its profile files and its machine's role (AWS_ACCESS_KEY_ID, AWS_PROFILE,
// …), never from a configuration: whoever submits work does not choose with whose keys it
// is done. Region and endpoint are the chain's, too (AWS_REGION, AWS_ENDPOINT_URL_S3),
// unless a file names others; a server that is not Amazon's is then contacted only if
// [Options] PermitEndpoint lets it be. With an endpoint of one's own buckets are named in
// the path. Nothing is looked up before the first bucket is opened.
//
// Requests are repeated with growing pauses as the SDK does, AWS_MAX_ATTEMPTS times, and
// a reply that breaks off is taken up where it did. What lasts is a
// [storage.UnavailableError].
package s3
