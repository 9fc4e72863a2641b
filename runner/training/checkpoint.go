package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mlops/runner/progress"
	"mlops/runner/strictjson"
)

// Checkpoint keeps what a run has done, by name, for another one of the same
// data, configuration and program that takes up where this one breaks off.
type Checkpoint interface {
	// Open opens what is kept under a name; the error of one that is not there is
	// fs.ErrNotExist.
	Open(name string) (io.ReadCloser, error)
	// Save keeps what write writes, whole or not at all, in the place of what was
	// there.
	Save(name string, write func(io.Writer) error) error
	// Remove forgets a name, which need not be there.
	Remove(name string) error
}

// Snapshots keeps the state of one training. What fails about it costs time when
// the training is interrupted, and never the training. nil keeps nothing.
type Snapshots struct {
	store Checkpoint
	name  string
	every int
	warn  func(format string, args ...any)
	off   bool // saving failed and was warned of
}

// snapshots are those of the training of that name; nil where none are asked for.
func (r *run) snapshots(ctx context.Context, name string) *Snapshots {
	if r.checkpoint == nil || r.cfg.Training.SnapshotFreq == 0 {
		return nil
	}
	return &Snapshots{
		store: r.checkpoint, name: name + ".snapshot", every: r.cfg.Training.SnapshotFreq,
		warn: func(format string, args ...any) { r.warnNow(ctx, format, args...) },
	}
}

// Every is the number of iterations from one snapshot to the next; 0: none are
// kept.
func (s *Snapshots) Every() int {
	if s == nil {
		return 0
	}
	return s.every
}

// Load reads the snapshot that an interrupted training left, if there is one.
func (s *Snapshots) Load(read func(io.Reader) error) (found bool) {
	if s == nil {
		return false
	}
	f, err := s.store.Open(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		err = errors.Join(read(f), f.Close())
	}
	if err != nil {
		s.Ignore(err)
		return false
	}
	return true
}

// Ignore warns of a snapshot that is of no use.
func (s *Snapshots) Ignore(why error) {
	s.warn("the snapshot of an interrupted training is not used, training starts anew: %v", why)
}

// Save keeps a snapshot in the place of the earlier one.
func (s *Snapshots) Save(write func(io.Writer) error) {
	if s == nil || s.off {
		return
	}
	if err := s.store.Save(s.name, write); err != nil {
		s.off = true
		s.warn("no snapshots are kept, so that this training cannot be resumed: %v", err)
	}
}

// warnNow warns at once and in the outcome, of the same thing once.
func (r *run) warnNow(ctx context.Context, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if r.warned[text] {
		return
	}
	r.warnings = append(r.warnings, text)
	r.warned[text] = true
	progress.Warnf(ctx, "train", "%s", text)
}

// The folds that are done are kept in one document.
const (
	foldsName    = "folds.json"
	foldsVersion = 1
	maxFoldsSize = 1 << 20
)

type foldsDocument struct {
	Version int       `json:"version"`
	Scores  []float64 `json:"scores"`
	Rounds  []int     `json:"rounds,omitempty"`
}

// foldsDone gives the scores of the folds that an interrupted run has done, of at
// most k.
func (r *run) foldsDone(ctx context.Context, k int) []float64 {
	kept := r.snapshots(ctx, "")
	if kept == nil {
		return nil
	}
	kept.name = foldsName
	var d foldsDocument
	found := kept.Load(func(in io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(in, maxFoldsSize))
		if err != nil {
			return err
		}
		if err := strictjson.Decode(text, &d); err != nil {
			return fmt.Errorf("%s %w", foldsName, err)
		}
		if d.Version != foldsVersion || len(d.Scores) > k || len(d.Rounds) > len(d.Scores) {
			return fmt.Errorf("%s is not of this run's folds", foldsName)
		}
		return nil
	})
	if !found {
		return nil
	}
	r.foldRounds = d.Rounds
	progress.Logf(ctx, "cross_validate", "an interrupted run has done %d of %d folds", len(d.Scores), k)
	return d.Scores
}

// keepFolds keeps the scores of the folds so far, whose own snapshots are then of
// no more use.
func (r *run) keepFolds(ctx context.Context, scores []float64) {
	kept := r.snapshots(ctx, fmt.Sprintf("fold-%d", len(scores)))
	if kept == nil {
		return
	}
	fold := kept.name
	kept.name = foldsName
	kept.Save(func(w io.Writer) error {
		return json.NewEncoder(w).Encode(foldsDocument{Version: foldsVersion, Scores: scores, Rounds: r.foldRounds})
	})
	if err := kept.store.Remove(fold); err != nil && !kept.off {
		kept.warn("the snapshot of a finished fold could not be removed: %v", err)
	}
}
