package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// PipelineStorage is the storage section of a pipelines file. Credentials are none of
// it: they are those of the process that opens a bucket.
type PipelineStorage struct {
	// Type is local or s3.
	Type string `yaml:"type" enum:"local|s3" doc:"Where relative locations lie: local, beneath the project root, or s3, in the bucket."`
	// Bucket is the S3 bucket's name.
	Bucket string `yaml:"bucket" doc:"The S3 bucket of relative locations."`
	// Prefix comes before each key in the bucket.
	Prefix string `yaml:"prefix" doc:"What comes before the keys of relative locations in the bucket."`
	// Endpoint is the address of the server of all the file's buckets; "": the one that
	// the environment of the process names, else Amazon's.
	Endpoint string `yaml:"endpoint" doc:"The server of the file's buckets, http:// or https://, where it is not the one of the process's environment."`
	// Region of the buckets; "": the environment's.
	Region string `yaml:"region" doc:"The region of the file's buckets, where it is not the one of the process's environment."`
	// PathStyle names buckets in the path of addresses; nil: with any server but Amazon's.
	PathStyle *bool `yaml:"path_style" doc:"Buckets are named in the path of addresses, not in their host; null means with any server but Amazon's."`
}

var (
	bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
)

// check tells what is wrong with the values.
func (s *PipelineStorage) check(at places) error {
	if err := validate(valueOf(s), storageKey, at); err != nil {
		return err
	}
	fail := func(key, format string, args ...any) *Error {
		path := join(storageKey, key)
		return at.find(path).errorf(path, format, args...)
	}
	switch {
	case s.Type == "s3" && s.Bucket == "":
		return fail("bucket", "is needed with type: s3; name the bucket")
	case s.Bucket != "" && !bucketName.MatchString(s.Bucket):
		return fail("bucket", "must be a bucket's name alone, not %q; a folder in it is the prefix", shorten(s.Bucket))
	case s.Region != "" && !regionName.MatchString(s.Region):
		return fail("region", "must be a region's name such as eu-west-1, not %q", shorten(s.Region))
	case s.Endpoint == "":
		return nil
	}
	u, err := url.Parse(s.Endpoint)
	switch {
	case err == nil && u.User != nil:
		return withoutText(fail("endpoint", "holds a user or a password; %s", whereCredentialsAre))
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "":
		return withoutText(fail("endpoint", "must be the address of a server, such as https://minio.example.org:9000: http:// or https://, a host, and a path at most"))
	}
	return nil
}

const whereCredentialsAre = "credentials are never in a pipelines file: each process takes its own from the standard AWS chain, that is " +
	"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, the files under ~/.aws, or a role of its machine; remove the key"

// credentialWords are parts of the names of keys that hold credentials or choose them.
var credentialWords = []string{"secret", "password", "passwd", "token", "credential", "accesskey", "profile", "username"}

// refuseCredentials tells of a key that holds credentials, without showing them.
func refuseCredentials(n *node, path string) error {
	for _, item := range n.items {
		if err := refuseCredentials(item, path); err != nil {
			return err
		}
	}
	for _, e := range n.entries {
		key := join(path, e.key)
		word := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(e.key))
		if word == "key" || slices.ContainsFunc(credentialWords, func(part string) bool { return strings.Contains(word, part) }) {
			return withoutText(e.at.errorf(key, "%s", whereCredentialsAre))
		}
		if err := refuseCredentials(e.value, key); err != nil {
			return err
		}
	}
	return nil
}

// withoutText is an error that shows nothing of what was given.
func withoutText(e *Error) *Error {
	e.Excerpt = ""
	if strings.HasPrefix(e.File, assigned) {
		e.File, _, _ = strings.Cut(e.File, "=")
	}
	return e
}
