package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"mlops/runner/config"
	"mlops/runner/progress"
)

const (
	// snapshotsDir is the directory of all runs' snapshots, hidden among the
	// deployments.
	snapshotsDir = ".snapshots"
	// snapshotsKept is how long the snapshots of an interrupted run wait for one
	// that takes it up.
	snapshotsKept = 7 * 24 * time.Hour
)

// checkpointDir is the directory in which one run keeps its snapshots. It is named
// after all that decides the run's result, so that whoever runs the same takes up
// what is there: a later attempt, a retry, another worker.
type checkpointDir struct{ path string }

// Open implements training.Checkpoint.
func (d *checkpointDir) Open(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(d.path, name))
}

// Save implements training.Checkpoint.
func (d *checkpointDir) Save(name string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(d.path, 0o777); err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(filepath.Join(d.path, name), renameio.WithTempDir(d.path), renameio.WithPermissions(0o666))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := write(f); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// Remove implements training.Checkpoint.
func (d *checkpointDir) Remove(name string) error {
	if err := os.Remove(filepath.Join(d.path, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// openCheckpoint finds the run's place for snapshots, where it asks for some.
func (t *trainRun) openCheckpoint(ctx context.Context) error {
	if t.config.Training.SnapshotFreq == 0 {
		return nil
	}
	parent := t.parent
	if parent == "" {
		parent = t.env.SnapshotDir
	}
	if parent == "" {
		t.warn(ctx, "train", "training.snapshot_freq has no effect: there is no directory in which snapshots would outlive the run; deploy to a directory")
		return nil
	}
	key, err := t.runKey()
	if err != nil {
		return err
	}
	all := filepath.Join(parent, snapshotsDir)
	removeOld(ctx, all, key, t.env.Now())
	t.checkpoint = &checkpointDir{path: filepath.Join(all, key)}
	return nil
}

// runKey identifies all that decides a training's result.
func (t *trainRun) runKey() (string, error) {
	only := config.Default()
	only.Preprocessing, only.Training = t.config.Preprocessing, t.config.Training
	content := struct{ Program, Config, Data, Target, InitModel string }{
		Program: t.env.Version, Config: only.Hash(), Data: t.fingerprint, Target: t.request.Target,
	}
	if t.initModel != nil {
		var err error
		if content.InitModel, err = t.initModel.Fingerprint(); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// removeOld removes what interrupted runs left that nobody took up, except the run
// of key.
func removeOld(ctx context.Context, all, key string, now time.Time) {
	entries, err := os.ReadDir(all)
	if err != nil {
		return // there are none yet
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.Name() == key || now.Sub(info.ModTime()) < snapshotsKept {
			continue
		}
		if err := os.RemoveAll(filepath.Join(all, e.Name())); err != nil {
			progress.Warnf(ctx, "train", "the snapshots of an earlier run could not be removed: %v", err)
		}
	}
}

// closeCheckpoint removes the snapshots of a run that is done, and their directory
// where no other run has any.
func (t *trainRun) closeCheckpoint(ctx context.Context) {
	if t.checkpoint == nil {
		return
	}
	if err := os.RemoveAll(t.checkpoint.path); err != nil {
		progress.Warnf(ctx, "train", "the run's snapshots could not be removed: %v", err)
		return
	}
	if err := os.Remove(filepath.Dir(t.checkpoint.path)); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		progress.Warnf(ctx, "train", "the directory of snapshots could not be removed: %v", err)
	}
}
