package pipeline

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe/outbound"
	"mlops/runner/program"
	"mlops/runner/storage"
)

// Artifacts keeps files for other hosts: see the interface of the same name in
// package runner.
type Artifacts interface {
	Publish(ctx context.Context, path, link string) (url string, err error)
	Fetch(ctx context.Context, url string) (path string, err error)
	List(ctx context.Context, prefix string) (map[string]string, error)
}

// Env is what a run may reach. The zero Env is the local disk, with everything
// permitted and no artifact service.
type Env struct {
	Storage    *storage.Opener
	Gate       Gate
	Artifacts  Artifacts
	ScratchDir string // for temporary files; "": the system's
	// SnapshotDir receives the snapshots of trainings whose deployment goes to no
	// local directory, beside which they would be kept; "": there are none then.
	SnapshotDir string
	// AllowedURLs are prefixes of the addresses that steps may send to; none: nowhere.
	AllowedURLs []string
	// AllowedPrograms are the programs that may run, and directories of such; none:
	// nothing runs. See package runner/program.
	AllowedPrograms []string
	// Sender sends there; nil: the network's. Its own list of addresses counts.
	Sender     *outbound.Sender
	WorkflowID string
	TaskID     string // names the run, so that a repeated attempt is known; "": it is not one
	Attempt    uint32 // of the task, from 1
	Version    string // of the program, for metadata
	Now        func() time.Time
	Disk       deploy.FileSystem // that deployments are published on; nil: the real one
	// HTTP contacts servers for the steps that do; nil: none is contacted.
	HTTP *http.Client
	// AllowURL returns an error for what steps may not contact; nil: nothing may be.
	AllowURL func(u *url.URL) error
}

// httpTimeout bounds one request of a deployment step.
const httpTimeout = time.Minute

func (e Env) withDefaults() Env {
	if e.Storage == nil {
		e.Storage = storage.New(storage.Options{})
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Disk == nil {
		e.Disk = deploy.LocalDisk{}
	}
	if e.Sender == nil {
		e.Sender = &outbound.Sender{Allowed: e.AllowedURLs}
	}
	if e.AllowURL == nil && e.HTTP == nil && len(e.AllowedURLs) > 0 {
		e.AllowURL, e.HTTP = outbound.Allow(e.AllowedURLs), &http.Client{Timeout: httpTimeout}
	}
	return e
}

// allowPrograms returns a context in which the allowed programs run. Relative
// paths of programs start at base.
func (e Env) allowPrograms(ctx context.Context, base string) context.Context {
	return program.With(ctx, program.Permission{Allowed: e.AllowedPrograms, Base: base, Scratch: e.ScratchDir})
}

const artifactScheme = "artifact://"

func isArtifact(location string) bool { return strings.HasPrefix(location, artifactScheme) }

// digestOf returns the digest in an artifact's URL.
func digestOf(url string) string {
	digest, _, _ := strings.Cut(strings.TrimPrefix(url, artifactScheme), "/")
	return digest
}

// open opens the file at location. An opened file stays the one that was allowed,
// whatever becomes of its path.
func (e Env) open(ctx context.Context, location string) (storage.Reader, error) {
	if !isArtifact(location) || e.Artifacts == nil {
		return e.Storage.Open(ctx, location)
	}
	path, err := e.Artifacts.Fetch(ctx, location)
	if err != nil {
		return nil, err
	}
	return storage.New(storage.Options{}).Open(ctx, path)
}

// localDir returns the local path of the directory at location.
func (e Env) localDir(ctx context.Context, location string) (string, error) {
	if isArtifact(location) {
		if e.Artifacts == nil {
			return "", &storage.SchemeError{Location: location, Scheme: "artifact", Problem: "cannot be fetched here: there is no artifact service"}
		}
		return e.Artifacts.Fetch(ctx, location)
	}
	if _, err := e.Storage.Stat(location); err != nil {
		return "", err
	}
	return e.Storage.ResolveDir(location)
}

// configuration returns the given one or the defaults.
func configuration(c *config.Config) *config.Config {
	if c == nil {
		return config.Default()
	}
	return c
}
