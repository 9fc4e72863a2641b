package runner

import (
	"context"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/storage"
)

// Assignment is one attempt's work.
type Assignment struct {
	WorkflowID string
	TaskID     string
	Attempt    uint32
	Operation  *mlopsv1.Operation
	Inputs     []*mlopsv1.Result // results of joined children, for a continuation
}

// Gate guards side effects. A pipeline stages its outputs where nobody looks,
// asks for leave and only then makes them visible, at once and atomically.
type Gate interface {
	// Permit returns nil while the attempt is known to be the task's current one,
	// and an error when its outputs must not be published.
	Permit(ctx context.Context) error
}

// Artifacts keeps files for other hosts. URLs are artifact://<digest>/<name>.
type Artifacts interface {
	// Publish stores a file, or a directory as one archive, and links it by name
	// unless link is empty. It returns the artifact's URL.
	Publish(ctx context.Context, path, link string) (url string, err error)
	// Fetch makes an artifact available on the local disk and returns its path: a
	// file, or the directory that was archived. The caller must not change it.
	Fetch(ctx context.Context, url string) (path string, err error)
	// List returns the URLs of linked artifacts whose names begin with prefix, by
	// name.
	List(ctx context.Context, prefix string) (map[string]string, error)
}

// Environment is all that a task may reach.
type Environment struct {
	Storage         *storage.Opener // paths and URLs, within the allowed roots
	Gate            Gate            // nil: everything is permitted (library use)
	Artifacts       Artifacts       // nil: there is no artifact service
	ScratchDir      string          // for temporary files; deleted by the caller
	SnapshotDir     string          // for what a later attempt may take up; "": nowhere
	AllowedURLs     []string        // prefixes of the addresses that may be sent to; none: nowhere
	AllowedPrograms []string        // programs that may run, and directories of such; none: nothing runs
	ProbesAllowed   bool            // whether probe operations run
	InProcess       bool            // the attempt shares its process with others
	Version         string          // of the program, for metadata
}
