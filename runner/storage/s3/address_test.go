package s3

import (
	"net/url"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"mlops/runner/storage"
)

// Where a bucket is asked for goes by the file's endpoint, then by the environment's,
// and is Amazon's where nobody says otherwise.
func TestWhereABucketIsAskedFor(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	inPath, inHost := true, false
	for _, c := range []struct {
		environment string
		endpoint    storage.Endpoint
		want        string
	}{
		{"", storage.Endpoint{}, "https://team.s3.us-east-1.amazonaws.com/k"},
		{"", storage.Endpoint{Region: "eu-west-1"}, "https://team.s3.eu-west-1.amazonaws.com/k"},
		{"", storage.Endpoint{PathStyle: &inPath}, "https://s3.us-east-1.amazonaws.com/team/k"},
		{"", storage.Endpoint{URL: "https://s3.eu-west-1.amazonaws.com", Region: "eu-west-1"}, "https://team.s3.eu-west-1.amazonaws.com/k"},
		{"", storage.Endpoint{URL: "http://minio:9000"}, "http://minio:9000/team/k"},
		{"", storage.Endpoint{URL: "https://example.org/storage/s3"}, "https://example.org/storage/s3/team/k"},
		{"", storage.Endpoint{URL: "http://minio:9000", PathStyle: &inHost}, "http://team.minio:9000/k"},
		{"http://ceph:7480", storage.Endpoint{}, "http://ceph:7480/team/k"},
		{"http://ceph:7480", storage.Endpoint{Region: "eu-west-1"}, "http://ceph:7480/team/k"},
		{"http://ceph:7480", storage.Endpoint{URL: "http://minio:9000"}, "http://minio:9000/team/k"},
		{"http://ceph:7480", storage.Endpoint{PathStyle: &inHost}, "http://team.ceph:7480/k"},
	} {
		t.Setenv("AWS_ENDPOINT_URL_S3", c.environment)
		client, err := Options{}.connect(c.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		request, err := awss3.NewPresignClient(client).PresignGetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String("team"), Key: aws.String("k")})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		u, err := url.Parse(request.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = ""
		if u.String() != c.want {
			t.Errorf("environment %q, endpoint %+v: %s, want %s", c.environment, c.endpoint, u, c.want)
		}
	}
}
