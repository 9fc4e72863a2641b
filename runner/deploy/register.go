package deploy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"mlops/runner/config"
	"mlops/runner/progress"
	"mlops/runner/registry"
)

// RegistryDir is the name of the model registry in a directory of deployments.
const RegistryDir = "registry"

// registerType is the type of the step that registers.
const registerType = "register"

// RegistryLocation returns where a configuration keeps its model registry: where
// its first register step says, or else in its output directory.
func RegistryLocation(c config.Deployment) string {
	for _, s := range c.Steps {
		if named, _ := s.Params["registry"].(string); s.Type == registerType && named != "" {
			return named
		}
	}
	if strings.Contains(c.OutputDir, "://") {
		return strings.TrimRight(c.OutputDir, "/") + "/" + RegistryDir
	}
	return path.Join(c.OutputDir, RegistryDir)
}

// registerParams are the step's parameters.
type registerParams struct {
	Name        string   `yaml:"name" needed:"true" doc:"Model's name in the registry: 1 to 100 letters, digits, \".\", \"-\" and \"_\"." example:"churn"`
	Aliases     []string `yaml:"aliases" doc:"Aliases to point to the new version." example:"[champion]"`
	Registry    string   `yaml:"registry" doc:"Directory of the registry; not given: registry in the output directory." example:"./models/registry"`
	Description string   `yaml:"description" doc:"Description of the version, at most 1000 bytes." example:"monthly"`
}

// register makes the deployment the next version of a named model.
type register struct{ registerParams }

func newRegister(s config.Step) (Step, error) {
	p, err := config.DecodeParams[registerParams](s)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		return nil, s.ErrorAt("name", "is missing; name the model, e.g. churn")
	}
	if err := registry.CheckName(p.Name); err != nil {
		return nil, s.ErrorAt("name", "%v", err)
	}
	if err := (registry.Registration{Name: p.Name, Aliases: p.Aliases}).Check(); err != nil {
		return nil, s.ErrorAt("aliases", "%v", err)
	}
	const longest = 1000
	if len(p.Description) > longest {
		return nil, s.ErrorAt("description", "must have at most %d bytes", longest)
	}
	return &register{p}, nil
}

// Check asks whether the registry can be reached.
func (r *register) Check(_ context.Context, e Environment) error {
	_, err := r.open(e)
	return err
}

func (r *register) open(e Environment) (*registry.Registry, error) {
	location := e.Registry
	if r.Registry != "" {
		location = e.locate(r.Registry)
	}
	switch {
	case e.Storage == nil:
		return nil, errors.New("there is no storage for a model registry")
	case location == "":
		return nil, errors.New("the deployment is sent to another host, where it has no output directory: name a registry that the worker can reach with " +
			"params.registry, or register the result afterwards with mlops-cli models register")
	}
	dir, err := e.Storage.ResolveDir(location)
	if err != nil {
		return nil, fmt.Errorf("model registry: %w", err)
	}
	return registry.New(dir, nil), nil
}

// Run announces the model; its version's number is not known before it has one.
func (r *register) Run(_ context.Context, c *Context) error {
	if c.Dir == "" {
		return errors.New("there is no directory yet; put the step create_directory first")
	}
	c.notes[r] = c.artifact("registered_model", registry.Ref{Name: r.Name}.String())
	return nil
}

// Publish registers a copy of the deployment.
func (r *register) Publish(ctx context.Context, c *Context) (Undo, error) {
	models, err := r.open(c.Environment)
	if err != nil {
		return nil, err
	}
	facts := FactsOf(c.Metadata, c.Files)
	facts.Source, facts.Description = c.Directory, r.Description
	version, err := models.Register(ctx, registry.Registration{Name: r.Name, Dir: c.Dir, Aliases: r.Aliases, Facts: facts})
	if err != nil {
		return nil, err
	}
	ref := registry.Ref{Name: r.Name, Version: version.Number}
	c.Artifacts[c.notes[r].(string)] = ref.String()
	progress.Logf(ctx, "deploy", "registered %s in %s", ref, models.Dir())
	return func(ctx context.Context) error { return models.Withdraw(ctx, r.Name, version.Number, facts.By) }, nil
}

// FactsOf returns what a model registry keeps of a deployment.
func FactsOf(m Metadata, files []FileInfo) registry.Facts {
	f := registry.Facts{
		By: "library", Task: m.TaskID, WorkflowID: m.WorkflowID, DeploymentVersion: m.Version,
		ModelName: m.Run.ModelName, ProblemType: m.Run.ProblemType, Metrics: m.Run.Metrics,
	}
	if m.WorkflowID != "" {
		f.By = "workflow " + m.WorkflowID
	}
	for _, file := range files {
		if file.Path == ChecksumsFile {
			f.Digest = file.SHA256
		}
	}
	return f
}
