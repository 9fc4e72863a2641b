package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Step adds its part to a deployment that is being put together.
type Step interface {
	// Run does it. A step that lacks what it needs fails and says what that is.
	Run(ctx context.Context, c *Context) error
}

// Context is what the steps of one deployment share. A step reads what earlier
// ones left and adds to it.
type Context struct {
	// Dir is the staging directory; empty until create_directory has run.
	Dir string
	// Name is the deployment's name, PREFIX_YYYYMMDD_HHMMSS. In a directory where it
	// is taken, a counter follows.
	Name string
	// Config is the configuration's deployment section.
	Config config.Deployment
	// Candidate is the trained model with all that belongs to it.
	Candidate *Candidate
	// Inference and Metadata are filled in step by step and written last.
	Inference Inference
	Metadata  Metadata
	// Artifacts are what steps made, by a name of their choice: paths within the
	// deployment, or URLs of what a step put elsewhere. Those that are there when all
	// steps have run stand in the metadata.
	Artifacts map[string]string
	// Directory is the name that the deployment's directory will have, unless another
	// run takes it first: Name, or the next with a counter that is free. A [Publisher]
	// sees it.
	Directory string
	// Files are all files of the finished deployment, checksums.txt last; empty
	// until a [Publisher] sees them.
	Files []FileInfo
	// Environment is what steps may reach beside the directory.
	Environment Environment
	// Warnings are what the run's result tells; see Warnf.
	Warnings []string
	// CreatedAt is the deployment's time.
	CreatedAt time.Time
	// EndpointTemplate is the configured text of the endpoint script; nil: none is.
	EndpointTemplate []byte

	disk   FileSystem
	create func() (string, error)
	told   map[string]string // the artifacts that the written metadata tells of
	notes  map[Step]any      // what steps keep for themselves between two calls
}

// Write creates a file of the deployment, which must not exist, and makes it
// durable. The name is slash-separated.
func (c *Context) Write(name string, perm fs.FileMode, write func(io.Writer) error) error {
	if c.Dir == "" {
		return errors.New("there is no directory yet; put the step create_directory first")
	}
	if !fs.ValidPath(name) || path.Clean(name) != name || strings.ContainsAny(name, "\\\n\r") {
		return fmt.Errorf("%q is no file name for a deployment", name)
	}
	if parent := path.Dir(name); parent != "." {
		if err := c.disk.MkdirAll(filepath.Join(c.Dir, filepath.FromSlash(parent)), 0o777); err != nil {
			return err
		}
	}
	err := writeFile(c.disk, c.Dir, name, perm, write)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("two steps write %s: %w", name, err)
	}
	// The directory itself is synced when everything is in it.
	for dir := path.Dir(name); dir != "." && err == nil; dir = path.Dir(dir) {
		err = c.disk.SyncDir(filepath.Join(c.Dir, filepath.FromSlash(dir)))
	}
	return err
}

// Factory makes a step of its parameters in the configuration. Errors about a
// parameter are made with [config.Step.ErrorAt].
type Factory func(s config.Step) (Step, error)

var factories = map[string]Factory{
	"create_directory":  withoutParams(createDirectory{}),
	"save_model":        withoutParams(saveModel{}),
	"save_preprocessor": withoutParams(savePreprocessor{}),
	"save_metadata":     withoutParams(saveMetadata{}),
	saveReportStep:      withoutParams(saveReport{}),
	"endpoint_script":   newEndpointScript,
	"archive":           newArchive,
	"object_store":      newObjectStore,
	"register":          newRegister,
	"mlflow":            newMLflow,
}

// Register adds a kind of step, for use as a type in deployment.steps. It is
// called at start-up, before any configuration is read; a name that is taken
// panics.
func Register(name string, f Factory) {
	if _, taken := factories[name]; taken {
		panic(fmt.Sprintf("deploy: step %q is registered already", name))
	}
	factories[name] = f
}

// Known returns the names of all kinds of steps, sorted.
func Known() []string { return slices.Sorted(maps.Keys(factories)) }

func withoutParams(step Step) Factory {
	return func(s config.Step) (Step, error) {
		_, err := config.DecodeParams[struct{}](s)
		return step, err
	}
}

// Steps is a checked list of steps, ready to run.
type Steps []namedStep

type namedStep struct {
	name string
	step Step
}

// NewSteps makes the steps that the configuration lists, or else the standard
// ones. Errors about a step are [*config.Error]s; it is cheap, so that a wrong
// list is told before anything is trained.
func NewSteps(c config.Deployment) (Steps, error) {
	list := c.Steps
	if list == nil {
		names := []string{"create_directory", "save_model", "save_preprocessor", saveReportStep}
		if c.CreateEndpoint {
			names = append(names, "endpoint_script") // the metadata tells of it
		}
		for _, name := range append(names, "save_metadata") {
			list = append(list, config.Step{Type: name})
		}
	}
	steps := make(Steps, 0, len(list))
	for _, s := range list {
		factory, ok := factories[s.Type]
		if !ok {
			return nil, unknownStep(s)
		}
		step, err := factory(s)
		if err != nil {
			return nil, err
		}
		steps = append(steps, namedStep{name: s.Type, step: step})
	}
	if err := checkOrder(list); err != nil {
		return nil, err
	}
	return steps, checkNames(c, list)
}

func unknownStep(s config.Step) error {
	known := strings.Join(Known(), ", ")
	if near := table.Nearest(s.Type, Known()); near != "" {
		return s.ErrorAt("", "unknown deployment step %q; did you mean %q? (known: %s)", s.Type, near, known)
	}
	return s.ErrorAt("", "unknown deployment step %q (known: %s)", s.Type, known)
}
