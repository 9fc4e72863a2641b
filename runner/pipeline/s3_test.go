package pipeline_test

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/pipeline"
	"mlops/runner/storage"
	"mlops/runner/storage/s3"
	"mlops/runner/storage/s3/s3test"
)

// The same run on local disk and on a server's buckets: where data is read from,
// deployments pushed to and predictions written changes none of their bytes.
func TestARunOnDiskAndOnS3GivesTheSameBytes(t *testing.T) {
	server := s3test.Start(t)
	root := server.Bucket(t, "team")
	runs := map[string]map[string][]byte{}
	for place, base := range map[string]string{"disk": "file://" + t.TempDir(), "s3": "s3://" + root + "/churn"} {
		dir, env := environment(t)
		env.Storage = storage.New(storage.Options{Base: dir, Buckets: map[string]storage.OpenBucket{s3.Scheme: s3.Opener(s3.Options{})}})
		env.AllowURL = func(*url.URL) error { return nil }
		data, err := os.ReadFile(customers(t, dir, "customers.csv", 300))
		if err != nil {
			t.Fatal(err)
		}
		local := filepath.Join(server.Dir, root, "churn")
		if place == "disk" {
			local = strings.TrimPrefix(base, "file://")
		}
		if err := os.MkdirAll(local, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(local, "customers.csv"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := settings(t, "deployment: {deployment_time: '2026-01-02T03:04:05Z', steps: [create_directory, save_model, save_preprocessor, save_report, save_metadata, {type: object_store, params: {url: '"+base+"/models'}}]}\n")
		trained := train(t, env, pipeline.TrainRequest{Data: base + "/customers.csv", Target: "leaves", BaseDir: dir, Config: cfg})
		if want := base + "/models/deployment_20260102_030405"; trained.Deployment.Artifacts["object_store"] != want {
			t.Errorf("%s: pushed to %s, not %s", place, trained.Deployment.Artifacts["object_store"], want)
		}
		_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{
			Data: base + "/customers.csv", Model: trained.Deployment.Dir, Output: base + "/scored.parquet", BaseDir: dir, Proba: true,
		}, env)
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		files := map[string][]byte{}
		err = fs.WalkDir(os.DirFS(local), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			// The metadata tells timings and where everything is.
			if name := filepath.Base(path); name != "metadata.json" && name != "checksums.txt" {
				files[path], err = os.ReadFile(filepath.Join(local, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		runs[place] = files
	}
	if len(runs["disk"]) < 10 {
		t.Fatalf("there are %d files", len(runs["disk"]))
	}
	for path, content := range runs["disk"] {
		if other, there := runs["s3"][path]; !there || !bytes.Equal(content, other) {
			t.Errorf("%s: %d bytes on disk, %d on s3 (there: %v)", path, len(content), len(other), there)
		}
	}
	if len(runs["disk"]) != len(runs["s3"]) {
		t.Errorf("%d files on disk, %d on s3", len(runs["disk"]), len(runs["s3"]))
	}
}

// A bucket that cannot be reached is a passing fault, one that may not be opened the
// operator's to allow.
func TestWhatKeepsAnObjectFromBeingReadIsSorted(t *testing.T) {
	server := s3test.Start(t)
	server.Bucket(t, "team")
	dir, env := environment(t)
	read := func(location string) error {
		_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: location, BaseDir: dir, NoDeploy: true}, env)
		return err
	}
	env.Storage = storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{s3.Scheme: s3.Opener(s3.Options{})}})
	wantError(t, read("s3://team/absent.csv"), "read", pipeline.BadData, "s3://team/absent.csv", "no such file")
	wantError(t, read("s3://nobody/a.csv"), "read", pipeline.BadData, "there is no bucket nobody at this endpoint")
	forbid := func(u *url.URL) error { return &storage.ForbiddenError{Location: u.String()} }
	env.Storage = storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{s3.Scheme: s3.Opener(s3.Options{Permit: forbid})}})
	wantError(t, read("s3://team/a.csv"), "read", pipeline.Forbidden, "s3://team/a.csv")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	server.Kill()
	env.Storage = storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{s3.Scheme: s3.Opener(s3.Options{})}})
	wantError(t, read("s3://team/a.csv"), "read", pipeline.Passing, "s3://team/a.csv", "connection refused")
}
