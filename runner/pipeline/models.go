package pipeline

import (
	"context"
	"errors"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/registry"
)

// LocateModel returns the location of the deployment that a model is named by: a
// location as it is, from base, and of a reference such as models:/churn@champion
// the version's directory. The registry is where the configuration keeps it, from
// base; nil is the default one. It is opened within what the environment allows.
func LocateModel(base, model string, c *config.Config, env Env) (string, error) {
	if !registry.IsRef(model) {
		return Locate(base, model), nil
	}
	ref, err := registry.ParseRef(model)
	if err != nil {
		return "", err
	}
	env = env.withDefaults()
	dir, err := env.Storage.ResolveDir(Locate(base, deploy.RegistryLocation(configuration(c).Deployment)))
	if err != nil {
		return "", err
	}
	_, location, err := registry.New(dir, env.Now).Resolve(ref)
	return location, err
}

// openModel opens a deployment by its location or by a reference.
func openModel(ctx context.Context, base, model string, c *config.Config, env Env) (*opened, error) {
	location, err := LocateModel(base, model, c, env)
	if err != nil {
		return nil, err
	}
	return open(ctx, location, env)
}

// deployEnvironment is what deployment steps may reach.
func (t *trainRun) deployEnvironment() deploy.Environment {
	e := deploy.Environment{
		Storage: t.env.Storage, HTTP: t.env.HTTP, AllowURL: t.env.AllowURL,
		Locate: func(location string) string { return Locate(t.request.BaseDir, location) },
	}
	if !t.request.PublishArtifact { // elsewhere the output directory means nothing
		e.Registry = Locate(t.request.BaseDir, deploy.RegistryLocation(t.config.Deployment))
	}
	return e
}

// registryFault tells a model registry that is damaged, full or has the name
// already.
func registryFault(err error) bool {
	var corrupt *registry.CorruptError
	var taken *registry.TakenError
	var limit *registry.LimitError
	return errors.As(err, &corrupt) || errors.As(err, &taken) || errors.As(err, &limit)
}
