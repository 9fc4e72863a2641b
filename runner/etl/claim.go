package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"mlops/runner/pipeline"
	"mlops/runner/progress"
	"mlops/runner/storage"
)

// maxClaimBytes bounds what is read of a claim.
const maxClaimBytes = 64 << 10

// Claim is the record of the run that an output folder belongs to: the one that
// started last. It lies in the folder, .manifests/run.json, and stays when the run
// has ended.
type Claim struct {
	// Run tells the run from others: its workflow, or where it has none the hash of
	// its configuration.
	Run string `json:"run"`
	// Section that ran.
	Section string `json:"section"`
	// Host and PID of the process that planned the run.
	Host string `json:"host"`
	PID  int    `json:"pid"`
	// Started is when it planned.
	Started time.Time `json:"started"`
}

// String names the run, as in "section windows_pipeline (process 12 on host a
// since 2026-03-01 10:00:00 UTC)".
func (c Claim) String() string {
	return fmt.Sprintf("section %s (process %d on host %s since %s)", c.Section, c.PID, c.Host, c.Started.UTC().Format("2006-01-02 15:04:05 MST"))
}

// BusyError says that another run is at work in the output folder, on this
// machine: its process holds the folder's lock.
type BusyError struct {
	Folder string
	Holder Claim // zero where it is not known
}

// Error names the run.
func (e *BusyError) Error() string {
	by := "another run"
	if e.Holder.Run != "" {
		by = "another run, of " + e.Holder.String()
	}
	return fmt.Sprintf("%s is being written by %s; wait until that has ended, or end it", e.Folder, by)
}

// TakenError says that a later run has taken the output folder over.
type TakenError struct {
	Folder string
	Owner  Claim
}

// Error names the run.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s was taken over by another run, of %s; this one ends here and writes nothing more", e.Folder, e.Owner)
}

// isConflict says that an error is about another run in the same folder.
func isConflict(err error) bool {
	var busy *BusyError
	var taken *TakenError
	return errors.As(err, &busy) || errors.As(err, &taken)
}

// runID is what the job's run is called in claims. It is the same in every process
// that does a part of the run.
func (j *Job) runID() string {
	if j.env.WorkflowID != "" {
		return j.env.WorkflowID
	}
	return "configuration " + j.hash
}

// claim begins a run: from here on the output folder is this job's, until another
// run claims it or, on this machine, for as long as the lock is not released.
func (j *Job) claim(ctx context.Context) (release func(), err error) {
	release, err = j.lock(ctx, false)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	mine := Claim{Run: j.runID(), Section: j.section, Host: host, PID: os.Getpid(), Started: j.env.Now().UTC()}
	err = j.store.WriteAtomic(ctx, j.claimFile(), func(w io.Writer) error {
		if err := writeJSON(w, mine); err != nil {
			return err
		}
		return pipeline.Permit(ctx, j.env.Gate) // an attempt that has lost its task takes nothing
	})
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// join begins a part of a run that was claimed when it was planned, beside its
// other parts.
func (j *Job) join(ctx context.Context) (release func(), err error) {
	release, err = j.lock(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := j.owned(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// owned gives a [*TakenError] once the output folder is another run's.
func (j *Job) owned(ctx context.Context) error {
	owner, err := j.readClaim(ctx)
	if err != nil {
		return err
	}
	if owner.Run != "" && owner.Run != j.runID() {
		return &TakenError{Folder: j.output, Owner: owner}
	}
	return nil
}

// lock takes the lock of a local output folder, alone or shared with the other
// parts of a run. In a bucket there is none, and none is needed where this run's
// own former attempt still holds it: that one may not publish any more.
func (j *Job) lock(ctx context.Context, shared bool) (release func(), err error) {
	if !storage.IsLocal(j.output) {
		return func() {}, nil
	}
	if err := j.store.opener.MkdirAll(Join(j.output, manifestFolder)); err != nil {
		return nil, err
	}
	lock, err := j.store.opener.Lock(Join(j.output, manifestFolder+"/lock"), shared)
	var locked *storage.LockedError
	switch {
	case err == nil:
		return func() { _ = lock.Close() }, nil // the lock is free in any case
	case errors.Is(err, errors.ErrUnsupported):
		progress.Logf(ctx, j.typeName, "%s cannot be locked (%v); do not run another section into it at the same time", j.output, err)
		return func() {}, nil
	case !errors.As(err, &locked):
		return nil, err
	}
	holder, err := j.readClaim(ctx)
	if err != nil {
		return nil, err
	}
	if holder.Run == j.runID() && j.env.WorkflowID != "" {
		return func() {}, nil
	}
	return nil, &BusyError{Folder: j.output, Holder: holder}
}

// readClaim returns the claim on the output folder, a zero one where there is none
// that can be read.
func (j *Job) readClaim(ctx context.Context) (Claim, error) {
	file, err := j.store.Open(ctx, j.claimFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Claim{}, nil
	}
	if err != nil {
		return Claim{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxClaimBytes))
	if err != nil {
		return Claim{}, fmt.Errorf("read %s: %w", j.claimFile(), err)
	}
	var c Claim
	if json.Unmarshal(text, &c) != nil {
		return Claim{}, nil // it says nothing; the next run writes a new one
	}
	return c, nil
}

func (j *Job) claimFile() string { return Join(j.output, manifestFolder+"/run.json") }
