package isolation

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"mlops/runner/storage"
)

// Snapshots outlive the attempt: they are kept beside the directory of scratch
// directories, in the worker's own.
func TestSnapshotsOutliveTheAttempt(t *testing.T) {
	for scratch, want := range map[string]string{"/var/lib/worker/attempts/attempt-7": "/var/lib/worker", "": ""} {
		if got := (Reach{}).environment(scratch, nil, nil).SnapshotDir; got != want {
			t.Errorf("of %q: %q, want %q", scratch, got, want)
		}
	}
}

// A pipelines file names a server of buckets; only the operator lets it be contacted.
func TestAServerOfBucketsMustBeAllowed(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	const server = "http://127.0.0.1:1" // where nobody answers
	read := func(allowed ...string) error {
		opener := Reach{AllowedURLs: allowed}.environment("", nil, nil).Storage.At("s3", storage.Endpoint{URL: server})
		_, err := opener.ReadText(t.Context(), "s3://team/k")
		return err
	}
	var forbidden *storage.ForbiddenError
	err := read("s3://team/", "http://127.0.0.1:2/")
	if !errors.As(err, &forbidden) || !errors.Is(err, fs.ErrPermission) ||
		!strings.Contains(err.Error(), server+" may not be asked for buckets here") || !strings.HasSuffix(err.Error(), "the operator allows it with --allow-url "+server+"/") {
		t.Errorf("a server that nobody allowed gives %v", err)
	}
	if err := read(server + "/"); !errors.As(err, &forbidden) || !strings.HasSuffix(err.Error(), "--allow-url s3://team/") {
		t.Errorf("a bucket that nobody allowed gives %v", err)
	}
	if err := read("s3://team/", server+"/"); errors.As(err, &forbidden) || err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("what is allowed gives %v", err)
	}
}
