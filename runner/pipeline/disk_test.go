package pipeline_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mlops/runner/deploy"
	"mlops/runner/pipeline"
)

// fullDisk has no room for the model.
type fullDisk struct{ deploy.LocalDisk }

func (d fullDisk) Create(path string, perm fs.FileMode) (deploy.File, error) {
	if filepath.Base(path) == "model.txt" {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	return d.LocalDisk.Create(path, perm)
}

func TestAFullDiskIsAPassingFault(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	env.Disk = fullDisk{}
	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}, env)
	wantError(t, err, "deploy", pipeline.Passing, "save_model", "no space left on device")
	if got := names(t, filepath.Join(dir, "models")); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}

// lockedDisk lets nobody make a directory.
type lockedDisk struct {
	deploy.LocalDisk
	err error
}

func (d lockedDisk) MkdirAll(path string, _ fs.FileMode) error {
	return &fs.PathError{Op: "mkdir", Path: path, Err: d.err}
}

func TestAnOutputDirectoryThatCannotBeWrittenToIsTheUsersToChange(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	for _, err := range []error{syscall.EACCES, syscall.EROFS} {
		env.Disk = lockedDisk{err: err}
		_, got := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}, env)
		wantError(t, got, "deploy", pipeline.BadConfig, "deployment.output_dir cannot be written to; choose another", err.Error())
	}
}

func TestALogThatCannotBeWrittenCostsAWarning(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	log := filepath.Join(model, "logs", "predictions_log.jsonl")
	if err := os.Mkdir(log, 0o777); err != nil {
		t.Fatal(err)
	}
	r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model, Output: "p.csv"}, env)
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "could not be recorded") {
		t.Errorf("got %+v, %v", r, err)
	}
}
