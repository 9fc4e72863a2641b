package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/progress"
	"mlops/runner/report"
	"mlops/runner/table"
	"mlops/runner/training"
)

// Candidate is a trained model with all that belongs to it.
type Candidate struct {
	Model        training.Model
	Preprocessor *preprocess.Fitted
	Run          Run
	Config       string // the whole configuration as canonical YAML
	// Profile is the profile of the training data as JSON, see package profile;
	// nil: there is none.
	Profile []byte
	// Report describes how good the model is; nil: nothing does.
	Report *report.Report
	// Validation rows, raw, and what the model in memory predicts of them: the
	// deployment must say the same when it is opened from disk.
	Validation *table.Table
	Expected   *training.Prediction
}

// Options say where and for whom to publish.
type Options struct {
	Config config.Deployment
	Steps  Steps
	// Parent is the local directory that receives the deployment.
	Parent     string
	Owner      Owner // of a task; the zero Owner is a library's run
	WorkflowID string
	Program    string // version of the program, for the metadata
	// EndpointTemplate is the text of the endpoint script; nil: the built-in one.
	EndpointTemplate []byte
	// Log writes the first entries of the history into the logs directory; nil:
	// nothing does.
	Log func(ctx context.Context, logs string) error
	// Permit is asked right before the deployment becomes visible; an error keeps
	// it from that. nil: always permitted.
	Permit func(ctx context.Context) error
	// Send puts the finished directory elsewhere and returns its URL, instead of
	// publishing it in Parent. The directory has the deployment's own name and is
	// removed afterwards. Send runs after Permit. nil: publish in Parent.
	Send        func(ctx context.Context, dir string) (url string, err error)
	Environment Environment      // what steps may reach beside the directory
	Disk        FileSystem       // nil: LocalDisk
	Now         func() time.Time // nil: time.Now
}

// Published is a deployment that others can see.
type Published struct {
	Dir       string // directory, or the URL that Send gave
	Version   string
	CreatedAt time.Time
	Files     []FileInfo
	Artifacts map[string]string
	Warnings  []string // of steps that did not do all that they could have
}

// Publish stages a deployment of the candidate, verifies it and makes it visible
// at once. An error leaves nothing behind.
func Publish(ctx context.Context, candidate *Candidate, o Options) (_ *Published, err error) {
	if o.Disk == nil {
		o.Disk = LocalDisk{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c, err := newContext(candidate, o)
	if err != nil {
		return nil, err
	}
	var s *staging
	c.create = func() (string, error) {
		inner := ""
		if o.Send != nil {
			inner = c.Name
		}
		staged, err := stage(o.Disk, o.Parent, inner, nameless(o.Owner), o.Now())
		if err != nil {
			return "", err
		}
		s = staged
		return s.dir, nil
	}
	defer func() {
		if err != nil && s != nil {
			err = errors.Join(err, s.discard())
		}
	}()
	if err := o.Steps.run(ctx, c); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errors.New("no step made a directory; list create_directory first")
	}
	if err := o.Steps.complete(ctx, c); err != nil {
		return nil, err
	}
	if err := c.renewMetadata(); err != nil {
		return nil, err
	}
	return finish(ctx, c, s, o)
}

func newContext(candidate *Candidate, o Options) (*Context, error) {
	created := o.Now().UTC().Truncate(time.Millisecond)
	if o.Config.DeploymentTime != "" {
		var err error
		if created, err = time.Parse(time.RFC3339, o.Config.DeploymentTime); err != nil {
			return nil, fmt.Errorf("deployment_time: %w", err)
		}
		created = created.UTC()
	}
	return &Context{
		Config: o.Config, Candidate: candidate, CreatedAt: created, EndpointTemplate: o.EndpointTemplate,
		Name: deploymentName(o.Config.DeploymentPrefix, created), Environment: o.Environment,
		Artifacts: make(map[string]string), notes: make(map[Step]any), disk: o.Disk,
		Inference: Inference{
			Header: newHeader(inferenceFormat),
		},
		Metadata: Metadata{
			Header: newHeader(metadataFormat), Version: o.Config.Version, CreatedAt: created, Program: o.Program,
			WorkflowID: o.WorkflowID, TaskID: o.Owner.Task, Attempt: o.Owner.Attempt, Run: candidate.Run, Config: candidate.Config,
		},
	}, nil
}

// nameless gives a library's run a name of its own.
func nameless(owner Owner) Owner {
	if owner.Task == "" {
		owner.Task = uuid.NewString()
	}
	return owner
}

// finish seals, verifies and publishes what the steps wrote.
func finish(ctx context.Context, c *Context, s *staging, o Options) (_ *Published, err error) {
	if c.Files, err = seal(o.Disk, c.Dir); err != nil {
		return nil, err
	}
	if err := selfTest(ctx, c); err != nil {
		return nil, fmt.Errorf("the deployment does not pass its own test, so it is not published: %w", err)
	}
	logs := filepath.Join(c.Dir, LogsDir)
	if err := o.Disk.MkdirAll(logs, 0o777); err != nil {
		return nil, fmt.Errorf("make the logs directory: %w", err)
	}
	if o.Log != nil {
		if err := o.Log(ctx, logs); err != nil {
			return nil, err
		}
	}
	if err := o.Disk.SyncDir(logs); err != nil {
		return nil, fmt.Errorf("sync the logs directory: %w", err)
	}
	permit := func() error {
		if o.Permit == nil {
			return nil
		}
		progress.Logf(ctx, "deploy", "waiting for leave to publish")
		return o.Permit(ctx)
	}
	if err := permit(); err != nil {
		return nil, err
	}
	c.Directory = s.freeName(c.Name)
	undo, err := o.Steps.publish(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo.run(ctx))
		}
	}()
	if len(undo) > 0 { // it took a while: leave may have run out
		if err := permit(); err != nil {
			return nil, err
		}
	}
	published := &Published{Version: c.Config.Version, CreatedAt: c.CreatedAt, Files: c.Files, Artifacts: c.Artifacts, Warnings: c.Warnings}
	if o.Send == nil {
		published.Dir, err = s.publish(c.Name)
		return published, err
	}
	if published.Dir, err = o.Send(ctx, c.Dir); err != nil {
		return nil, err
	}
	return published, s.discard()
}

// seal writes the list of checksums.
func seal(disk FileSystem, dir string) ([]FileInfo, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("list the deployment's files: %w", err)
	}
	defer root.Close()
	files, err := scanFiles(root)
	if err != nil {
		return nil, fmt.Errorf("list the deployment's files: %w", err)
	}
	err = writeFile(disk, dir, ChecksumsFile, 0o666, func(w io.Writer) error {
		_, err := w.Write(formatChecksums(files))
		return err
	})
	if err != nil {
		return nil, err
	}
	return appendChecksums(root, files)
}

// selfTest opens the staged deployment as anybody would and compares.
func selfTest(ctx context.Context, c *Context) error {
	b, err := Open(ctx, c.Dir)
	if err != nil {
		return err
	}
	if c.Candidate.Validation == nil || c.Candidate.Expected == nil {
		return errors.New("the training left no predictions to compare with")
	}
	got, err := b.predict(ctx, c.Candidate.Validation)
	if err != nil {
		return err
	}
	if row := difference(got, c.Candidate.Expected); row >= 0 {
		return fmt.Errorf("read back from disk it predicts otherwise than in memory, first at validation row %d", row+1)
	}
	return nil
}
