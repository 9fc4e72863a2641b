package pipeline_test

import (
	"path/filepath"
	"testing"

	"mlops/needs"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

// tinyDisk is a directory on a file system of so many bytes.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	needs.SmallDisk(t, dir, size)
	return dir
}

func TestARealFullDisk(t *testing.T) {
	dir, env := environment(t)
	disk := tinyDisk(t, "16k")
	env.Storage = storage.New(storage.Options{Base: dir})
	houses(t, dir, "houses.csv", 1500)
	c := settings(t, "")

	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: c}).Deployment.Dir
	_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model, Output: filepath.Join(disk, "p.json")}, env)
	wantError(t, err, "write", pipeline.Passing, "no space left on device")
	if got := names(t, disk); len(got) != 0 {
		t.Errorf("left %q", got)
	}

	c.Deployment.OutputDir = filepath.Join(disk, "models")
	_, err = pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: c}, env)
	wantError(t, err, "deploy", pipeline.Passing, "no space left on device")
	if got := names(t, c.Deployment.OutputDir); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}

func TestOutputsMayLieOnAnotherFileSystem(t *testing.T) {
	dir, env := environment(t)
	disk := tinyDisk(t, "1m")
	env.Storage = storage.New(storage.Options{Base: dir})
	houses(t, dir, "houses.csv", 120)
	c := settings(t, "")
	c.Deployment.OutputDir = filepath.Join(disk, "models")
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: c}).Deployment.Dir
	_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model, Output: filepath.Join(disk, "new", "p.json")}, env)
	if got := names(t, filepath.Join(disk, "new")); err != nil || len(got) != 1 {
		t.Errorf("got %v, %q", err, got)
	}
}
