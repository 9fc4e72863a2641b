package e2e_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/e2e/harness"
	"mlops/runner/storage"
	"mlops/runner/storage/s3"
	"mlops/runner/storage/s3/s3test"
)

// TestBucketsOfAServerThatAPipelinesFileNames runs a section whose file alone says where
// its bucket is. A worker asks that server only if it was allowed to; workers that were
// make in the bucket what one process makes on disk; and the credentials stay theirs.
func TestBucketsOfAServerThatAPipelinesFileNames(t *testing.T) {
	server := s3test.Start(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1") // where nobody is
	root := t.TempDir()
	cases := filepath.Join(root, "cases")
	plant(t, cases, 6, 200)
	inBucket := storage.New(storage.Options{
		Buckets:   map[string]storage.OpenBucket{s3.Scheme: s3.Opener(s3.Options{})},
		Endpoints: map[string]func(storage.Endpoint) storage.OpenBucket{s3.Scheme: s3.OpenerAt(s3.Options{})},
	}).At(s3.Scheme, storage.Endpoint{URL: server.Endpoint})
	server.Bucket(t, "plant")
	for e, err := range inBucket.ListParquetFiles(t.Context(), cases) {
		if err != nil {
			t.Fatal(err)
		}
		if err := inBucket.Copy(t.Context(), filepath.Join(cases, e.Key), "s3://plant/team/cases/"+e.Key); err != nil {
			t.Fatal(err)
		}
	}
	onDisk := filepath.Join(root, "windows")
	mustSucceed(t, embedded(t, windowsProject(t, cases, onDisk), filepath.Join(root, "state"), "run", "windows_pipeline"))
	project := windowsProject(t, "cases", "windows")
	file := filepath.Join(project, "pipelines_config.yml")
	sections, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, fmt.Sprintf("storage: {type: s3, bucket: plant, prefix: team, endpoint: '%s', path_style: true}\n%s", server.Endpoint, sections))

	fleet := harness.NewFleet(t, bin)
	refusing := fleet.StartWorker("--allow-url", "s3://plant/team/")
	fleet.AwaitWorkers(fleet.Client(), 1)
	refused := fleet.CLI(project, "run", "windows_pipeline")
	if want := "the operator allows it with --allow-url " + server.Endpoint + "/"; refused.Code != 1 || !strings.Contains(refused.Stderr, want) {
		t.Errorf("exit code %d, want 1 and %q:\n%s", refused.Code, want, refused.Stderr)
	}
	refusing.Kill()

	for range 2 {
		fleet.StartWorker("--allow-url", "s3://plant/team/", "--allow-url", server.Endpoint+"/")
	}
	run := decodeRun(t, fleet.CLI(project, "run", "windows_pipeline", "-o", "json"))
	if run.Result.Done != 6 || run.Result.Shards != 3 {
		t.Errorf("on a fleet: %+v", run.Result)
	}
	sameFiles(t, made(t, onDisk), made(t, filepath.Join(server.Dir, "plant", "team", "windows")))

	err = filepath.WalkDir(fleet.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(s3test.SecretKey)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fleet.Master.Log(), s3test.SecretKey) {
		t.Error("the master's log holds the secret")
	}
}
