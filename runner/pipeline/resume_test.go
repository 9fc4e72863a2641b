package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/pipeline"
	"mlops/runner/progress"
)

const resumable = "training: {backend: lightgbm, cv_folds: 2, snapshot_freq: 10, params: {num_iterations: 60}}"

// newAttempt is the run of the tests below. Its clock goes on, so that every
// iteration is told.
func newAttempt(dir, yaml string, n uint32) (pipeline.TrainRequest, pipeline.Env, error) {
	cfg, err := config.Parse("test.yaml", []byte(yaml))
	at := noon
	return pipeline.TrainRequest{Data: "houses.csv", Config: cfg, BaseDir: dir}, pipeline.Env{
		TaskID: "flow/0", Attempt: n, Version: "test", Now: func() time.Time {
			at = at.Add(time.Second)
			return at
		},
	}, err
}

func attempt(t testing.TB, dir, yaml string, n uint32) (pipeline.TrainRequest, pipeline.Env) {
	t.Helper()
	request, env, err := newAttempt(dir, yaml, n)
	if err != nil {
		t.Fatal(err)
	}
	return request, env
}

// whenIteration calls f when the final training tells that iteration.
func whenIteration(ctx context.Context, n float64, f func()) context.Context {
	return progress.With(ctx, progress.Func(func(r progress.Report) {
		if r.Stage == "train" && r.Metrics["iteration"] == n {
			f()
		}
	}))
}

// resumed runs an attempt and tells which iterations it did.
func resumed(t *testing.T, request pipeline.TrainRequest, env pipeline.Env) (*pipeline.TrainResult, []float64) {
	t.Helper()
	var did []float64
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) {
		if n, ok := r.Metrics["iteration"]; ok && r.Stage == "train" {
			did = append(did, n)
		}
	}))
	result, err := pipeline.Train(ctx, request, env)
	if err != nil {
		t.Fatal(err)
	}
	return result, did
}

func modelText(t *testing.T, dir string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "model.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// uninterrupted is the model text of a run that went through.
func uninterrupted(t *testing.T, yaml string) []byte {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	request, env := attempt(t, dir, yaml, 1)
	return modelText(t, train(t, env, request).Deployment.Dir)
}

// killedTraining names, to a process of this test program, the directory in which it
// trains until it dies.
const killedTraining = "MLOPS_TEST_KILLED_TRAINING"

func trainUntilKilled(dir string) error {
	request, env, err := newAttempt(dir, resumable, 1)
	if err != nil {
		return err
	}
	_, err = pipeline.Train(whenIteration(context.Background(), 35, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }), request, env)
	return err
}

func TestAKilledTrainingIsTakenUp(t *testing.T) {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killedTraining+"="+dir)
	var exit *exec.ExitError
	if out, err := child.CombinedOutput(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended with %v\n%s", err, out)
	}
	models := filepath.Join(dir, "models")
	if got := names(t, models); !slices.Equal(got, []string{".snapshots"}) {
		t.Fatalf("the killed attempt left %q", got)
	}
	request, env := attempt(t, dir, resumable, 2)
	result, did := resumed(t, request, env)
	if did[0] != 31 || did[len(did)-1] != 60 {
		t.Errorf("the second attempt did iterations %v to %v", did[0], did[len(did)-1])
	}
	if len(result.Warnings) > 0 {
		t.Errorf("warnings %q", result.Warnings)
	}
	if !bytes.Equal(modelText(t, result.Deployment.Dir), uninterrupted(t, resumable)) {
		t.Error("the model is not that of an uninterrupted training")
	}
	if got := names(t, models); !slices.Equal(got, []string{filepath.Base(result.Deployment.Dir)}) {
		t.Errorf("after success there are %q", got)
	}
}

// A cancelled run that is done anew, as another task, goes on; other data,
// parameters or programs have a place of their own.
func TestACancelledTrainingIsTakenUpByTheSameRunOnly(t *testing.T) {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	request, env := attempt(t, dir, resumable, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := pipeline.Train(whenIteration(ctx, 25, cancel), request, env)
	wantError(t, err, "train", pipeline.Cancelled)
	snapshots := filepath.Join(dir, "models", ".snapshots")
	if got := names(t, snapshots); len(got) != 1 || !slices.Equal(names(t, filepath.Join(snapshots, got[0])), []string{"folds.json", "model.snapshot"}) {
		t.Fatalf("left %q", got)
	}

	other, env := attempt(t, dir, strings.Replace(resumable, "num_iterations: 60", "num_iterations: 60, num_leaves: 7", 1), 1)
	if _, did := resumed(t, other, env); did[0] != 1 {
		t.Errorf("other parameters went on from iteration %v", did[0])
	}
	_, env = attempt(t, dir, resumable, 1)
	env.Version = "another"
	if _, did := resumed(t, request, env); did[0] != 1 {
		t.Errorf("another program went on from iteration %v", did[0])
	}
	if len(names(t, snapshots)) != 1 {
		t.Error("the snapshots of the cancelled run are gone")
	}
	_, env = attempt(t, dir, resumable, 1)
	env.TaskID = "retried/0"
	result, did := resumed(t, request, env)
	if did[0] != 21 || !bytes.Equal(modelText(t, result.Deployment.Dir), uninterrupted(t, resumable)) {
		t.Errorf("the retried run began with iteration %v, or gave another model", did[0])
	}
	if names(t, snapshots) != nil {
		t.Errorf("after success there are %q", names(t, snapshots))
	}
}

func TestWhatADamagedSnapshotCosts(t *testing.T) {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	request, env := attempt(t, dir, resumable, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := pipeline.Train(whenIteration(ctx, 25, cancel), request, env); err == nil {
		t.Fatal("not cancelled")
	}
	found, err := filepath.Glob(filepath.Join(dir, "models", ".snapshots", "*", "model.snapshot"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	if err := os.Truncate(found[0], 1000); err != nil {
		t.Fatal(err)
	}
	result, did := resumed(t, request, env)
	if did[0] != 1 || !strings.Contains(strings.Join(result.Warnings, "\n"), "the snapshot of an interrupted training is not used, training starts anew") ||
		!bytes.Equal(modelText(t, result.Deployment.Dir), uninterrupted(t, resumable)) {
		t.Errorf("began with iteration %v, warnings %q", did[0], result.Warnings)
	}
}

// Snapshots that nobody takes up go after a week; those of a failed deployment stay.
func TestOldSnapshotsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	old, fresh := filepath.Join(dir, "models", ".snapshots", "old"), filepath.Join(dir, "models", ".snapshots", "fresh")
	for path, at := range map[string]time.Time{old: noon.Add(-8 * 24 * time.Hour), fresh: noon.Add(-6 * 24 * time.Hour)} {
		if err := errors.Join(os.MkdirAll(path, 0o777), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	request, env := attempt(t, dir, resumable, 1)
	denied := errors.New("the lease is lost")
	env.Gate = gate(func(context.Context) error { return denied })
	if _, err := pipeline.Train(t.Context(), request, env); !errors.Is(err, denied) {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(old)); len(got) != 2 || !slices.Contains(got, "fresh") {
		t.Errorf("there are %q", got)
	}
	env.Gate = nil
	if _, did := resumed(t, request, env); len(did) > 0 {
		t.Errorf("iterations %v were done again", did)
	}
	if got := names(t, filepath.Dir(old)); !slices.Equal(got, []string{"fresh"}) {
		t.Errorf("there are %q", got)
	}
}

func TestSnapshotsOfDeploymentsThatGoElsewhere(t *testing.T) {
	dir := t.TempDir()
	houses(t, dir, "houses.csv", 300)
	request, env := attempt(t, dir, resumable, 1)
	request.PublishArtifact, env.Artifacts, env.ScratchDir = true, &shelf{dir: t.TempDir()}, t.TempDir()
	result, _ := resumed(t, request, env)
	if !strings.Contains(strings.Join(result.Warnings, "\n"), "training.snapshot_freq has no effect") {
		t.Errorf("warnings %q", result.Warnings)
	}
	env.SnapshotDir = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := pipeline.Train(whenIteration(ctx, 45, cancel), request, env); err == nil {
		t.Fatal("not cancelled")
	}
	result, did := resumed(t, request, env)
	if did[0] != 41 || len(result.Warnings) > 0 || len(names(t, env.SnapshotDir)) > 0 {
		t.Errorf("began with iteration %v, warnings %q, left %q", did[0], result.Warnings, names(t, env.SnapshotDir))
	}
	path, err := env.Artifacts.Fetch(t.Context(), result.Deployment.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deploy.Open(t.Context(), path); err != nil {
		t.Error(err)
	}
}
