package isolation

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"

	"mlops/runner"
	"mlops/runner/observe/outbound"
	"mlops/runner/storage"
	"mlops/runner/storage/s3"
)

// artifactScheme is the scheme of locations that the artifact service keeps.
const artifactScheme = "artifact"

// Reach bounds what attempts may touch.
type Reach struct {
	// AllowedRoots are the directories beneath which attempts may open files.
	// Nil means anywhere; otherwise an attempt's own scratch directory is always
	// allowed as well, so that an empty list means nothing else.
	AllowedRoots []string
	// AllowedURLs are prefixes of the addresses that attempts may send to, of the buckets
	// that they may read and write, and of the servers that these may be at besides the
	// one that the process's environment names, see package runner/observe/outbound;
	// none: nowhere.
	AllowedURLs []string
	// AllowedPrograms are the programs that attempts may run, and directories of
	// such, see package runner/program; none: nothing runs.
	AllowedPrograms []string
	// ProbesAllowed lets probes run.
	ProbesAllowed bool
	// Version of the program, for the metadata of what it makes.
	Version string
}

// environment is all that one attempt may reach.
func (r Reach) environment(scratch string, gate runner.Gate, artifacts runner.Artifacts) runner.Environment {
	allowed := outbound.Allow(r.AllowedURLs)
	buckets := s3.Options{Permit: permit(allowed, "may not be opened here"), PermitEndpoint: permit(allowed, "may not be asked for buckets here")}
	o := storage.Options{
		Buckets:   map[string]storage.OpenBucket{s3.Scheme: s3.Opener(buckets)},
		Endpoints: map[string]func(storage.Endpoint) storage.OpenBucket{s3.Scheme: s3.OpenerAt(buckets)},
	}
	if r.AllowedRoots != nil {
		o.AllowedRoots = slices.Clone(r.AllowedRoots)
		if !slices.Contains(o.AllowedRoots, scratch) {
			o.AllowedRoots = append(o.AllowedRoots, scratch)
		}
	}
	if artifacts != nil {
		o.Resolvers = map[string]storage.Resolver{artifactScheme: fetcher{artifacts}}
	}
	return runner.Environment{
		Storage: storage.New(o), Gate: gate, Artifacts: artifacts, ScratchDir: scratch, SnapshotDir: snapshotDir(scratch),
		AllowedURLs: slices.Clone(r.AllowedURLs), AllowedPrograms: slices.Clone(r.AllowedPrograms), ProbesAllowed: r.ProbesAllowed, Version: r.Version,
	}
}

// permit is a judge of what is opened that says what it forbids, and how the operator
// allows it.
func permit(allow func(u *url.URL) error, forbidden string) func(u *url.URL) error {
	return func(u *url.URL) error {
		if err := allow(u); err != nil {
			return &storage.ForbiddenError{Location: u.String(), Reason: forbidden + ": " + err.Error()}
		}
		return nil
	}
}

// snapshotDir is where an attempt's snapshots outlive it: the worker's directory,
// in which attempts/ holds the scratch directories.
func snapshotDir(scratch string) string {
	if scratch == "" {
		return ""
	}
	return filepath.Dir(filepath.Dir(scratch))
}

// fetcher resolves artifact URLs.
type fetcher struct{ artifacts runner.Artifacts }

// Resolve fetches the artifact.
func (f fetcher) Resolve(ctx context.Context, u *url.URL) (string, error) {
	return f.artifacts.Fetch(ctx, u.String())
}
