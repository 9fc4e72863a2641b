package etl_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

func TestWherePathsLead(t *testing.T) {
	local := config.PipelineStorage{Type: "local"}
	bucket := config.PipelineStorage{Type: "s3", Bucket: "plant"}
	part := config.PipelineStorage{Type: "s3", Bucket: "plant", Prefix: "/team/2026/"}
	for _, c := range []struct {
		storage    config.PipelineStorage
		path, want string
	}{
		{local, "data/raw", "/srv/project/data/raw"},
		{local, "../shared", "/srv/shared"},
		{local, "/data", "/data"},
		{local, "s3://other/key", "s3://other/key"},
		{local, "file:///data/a%20b", "/data/a b"},
		{part, "file:///data", "/data"},
		{local, "", ""},
		{bucket, "data/raw", "s3://plant/data/raw"},
		{bucket, ".", "s3://plant/"},
		{bucket, ".hidden", "s3://plant/.hidden"},
		{bucket, "../up", "s3://plant/../up"}, // which no bucket opens
		{part, "./data//raw/", "s3://plant/team/2026/data/raw"},
		{part, "../2025/50% #1", "s3://plant/team/2025/50% #1"},
		{part, ".", "s3://plant/team/2026"},
		{part, "/data", "/data"},
		{part, "s3://other/key", "s3://other/key"},
		{part, "artifact://abc", "artifact://abc"},
		{part, "", ""},
	} {
		if got := etl.ResolvePath(c.storage, "/srv/project", c.path); got != c.want {
			t.Errorf("%q with %+v is %q, not %q", c.path, c.storage, got, c.want)
		}
	}
}

// What the file says of the server reaches whoever opens buckets, and the section's own
// locations are none of it.
func TestBucketsAreLookedForWhereTheFileSays(t *testing.T) {
	var asked []storage.Endpoint
	env := etl.Env{Storage: storage.New(storage.Options{
		Buckets: map[string]storage.OpenBucket{"s3": func(context.Context, string) (storage.Bucket, error) {
			return nil, errors.New("the environment's server was asked")
		}},
		Endpoints: map[string]func(storage.Endpoint) storage.OpenBucket{"s3": func(e storage.Endpoint) storage.OpenBucket {
			asked = append(asked, e)
			return func(context.Context, string) (storage.Bucket, error) {
				return nil, &storage.ForbiddenError{Location: e.URL, Reason: "is not allowed"}
			}
		}},
	})}
	job, err := openSection("storage: {endpoint: 'http://minio:9000', region: eu-west-1, path_style: false}\n"+
		"lines_pipeline: {source_folder: 's3://other/texts', output_folder: out}\n", "lines_pipeline", t.TempDir(), config.PipelinesOptions{}, env, linesType)
	if err != nil {
		t.Fatal(err)
	}
	_, err = job.Run(t.Context(), etl.Options{})
	var forbidden *storage.ForbiddenError
	if !errors.As(err, &forbidden) || pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.Forbidden {
		t.Errorf("got %v", err)
	}
	no := false
	if d := cmp.Diff([]storage.Endpoint{{URL: "http://minio:9000", Region: "eu-west-1", PathStyle: &no}}, asked); d != "" {
		t.Error(d)
	}
}

func ExampleResolvePath() {
	file, err := config.ParsePipelines("pipelines_config.yml", []byte(`
storage: {type: s3, bucket: plant, prefix: team}
lines_pipeline: {source_folder: texts, output_folder: s3://archive/numbered}
`), config.PipelinesOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(etl.ResolvePath(file.Storage, "/srv/project", "texts"))
	fmt.Println(etl.ResolvePath(file.Storage, "/srv/project", "s3://archive/numbered"))
	fmt.Println(etl.ResolvePath(file.Storage, "/srv/project", "/data/texts"))
	// Output:
	// s3://plant/team/texts
	// s3://archive/numbered
	// /data/texts
}

func ExampleResolvePaths() {
	settings := linesSettings{SourceFolder: "texts", OutputFolder: "numbered"}
	sources, outputs := etl.ResolvePaths(config.PipelineStorage{Type: "local"}, "/srv/project", &settings)
	fmt.Println(sources, outputs, settings.SourceFolder)
	// Output:
	// [/srv/project/texts] [/srv/project/numbered] /srv/project/texts
}

func TestNamesAreJoinedToLocations(t *testing.T) {
	for _, c := range []struct{ folder, name, want string }{
		{"/data/windows", "metadata/x.json", "/data/windows/metadata/x.json"},
		{"/data/windows", "../cases", "/data/cases"},
		{"s3://plant", "a", "s3://plant/a"},
		{"s3://plant/", "a", "s3://plant/a"},
		{"s3://plant/team/windows/", "50% #1?.csv", "s3://plant/team/windows/50% #1?.csv"},
		{"s3://plant/team/windows", "../cases", "s3://plant/team/cases"},
	} {
		if got := etl.Join(c.folder, c.name); got != c.want {
			t.Errorf("%s and %s are %s, want %s", c.folder, c.name, got, c.want)
		}
	}
}
