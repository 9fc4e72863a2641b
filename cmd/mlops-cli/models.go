package main

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/proto/artifacts"
	"mlops/runner/deploy"
	"mlops/runner/pipeline"
	"mlops/runner/registry"
	"mlops/runner/storage"
)

func newModels(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models",
		Short: "Work with registered models: versions, aliases, differences",
		Long: `Work with the model registry: named models with numbered versions and aliases.

A model comes into it by the deployment step register, or by models register. It
is then named wherever a model directory is: models:/churn/3 is its third
version, models:/churn@champion the one that this alias points to, and
models:/churn or models:/churn@latest the newest. Within these commands models:/
may be left out.

The registry is a directory: that of --registry, or else the one where the
configuration (--config, MLOPS_CONFIG) registers, by default models/registry. It
is on this host, also where the work is done by a master's fleet.`,
		Example: `  mlops-cli models list
  mlops-cli models promote churn/3 champion
  mlops-cli predict new.csv models:/churn@champion`,
	}
	config := ""
	cmd.PersistentFlags().StringVarP(&config, "config", "c", "", "configuration file that says where the registry is (env MLOPS_CONFIG)")
	open := func() (*registry.Registry, error) { return a.registry(config) }
	cmd.AddCommand(
		newModelsList(a, open), newModelsShow(a, open), newModelsRegister(a, open), newModelsPromote(a, open), newModelsDiff(a, open), newModelsDelete(a, open),
	)
	return cmd
}

// openRegistry opens the registry of the flags.
type openRegistry func() (*registry.Registry, error)

// registry returns the model registry of --registry, or else of the configuration.
func (a *app) registry(configFlag string) (*registry.Registry, error) {
	location := a.flags.registry
	if location == "" {
		c, err := inputs.ParseConfig(a.dir, a.configPath(configFlag))
		if err != nil {
			return nil, usage(err)
		}
		location = deploy.RegistryLocation(c.Deployment)
	}
	dir, err := storage.New(storage.Options{Base: a.dir}).ResolveDir(pipeline.Locate(a.dir, location))
	if err != nil {
		return nil, usage(err)
	}
	return registry.New(dir, nil), nil
}

// modelLocation returns the absolute path of the deployment that a command line
// names, or its artifact's URL. A reference is resolved here and now, so that the
// work is done with the version that it names at this moment, wherever and
// whenever it is done.
func (a *app) modelLocation(model, configFlag string) (string, error) {
	if !registry.IsRef(model) {
		return inputs.ModelDir(a.dir, model)
	}
	models, err := a.registry(configFlag)
	if err != nil {
		return "", err
	}
	ref, err := registry.ParseRef(model)
	if err != nil {
		return "", err
	}
	version, dir, err := models.Resolve(ref)
	if err != nil {
		return "", registryError(err)
	}
	if ref.Version == 0 {
		a.display.Note("%s is version %d", ref, version.Number)
	}
	return dir, nil
}

// modelRef reads a reference, models:/ left out or not.
func modelRef(text string) (registry.Ref, error) {
	if !registry.IsRef(text) {
		text = registry.Scheme + text
	}
	ref, err := registry.ParseRef(text)
	return ref, usage(err)
}

// registryError makes what the user can mend a usage error.
func registryError(err error) error {
	var name *registry.NameError
	var missing *registry.NotFoundError
	var taken *registry.TakenError
	var protected *registry.ProtectedError
	var corrupt *registry.CorruptError
	switch {
	case errors.As(err, &protected):
		return usage(hinted{err, "--force"})
	case errors.As(err, &name), errors.As(err, &missing), errors.As(err, &taken), errors.As(err, &corrupt):
		return usage(err)
	}
	return err
}

// hinted adds the flag that an error speaks of.
type hinted struct {
	error
	flag string
}

func (h hinted) Error() string { return h.error.Error() + " (" + h.flag + ")" }
func (h hinted) Unwrap() error { return h.error }

// by names who does something: the flag's value, or the system's user.
func (a *app) by(flag string) string {
	if flag != "" {
		return flag
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	if name := a.getenv("USER"); name != "" {
		return name
	}
	return "unknown"
}

// completeModelName offers what is registered.
func completeModelName(open openRegistry, most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		models, err := open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := models.Models(cmd.Context())
		if err != nil {
			cobra.CompErrorln(err.Error())
		}
		var offers []string
		for _, m := range all {
			offers = append(offers, m.Name)
			for alias := range m.Aliases {
				offers = append(offers, m.Name+"@"+alias)
			}
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}

// deploymentDir returns the local directory of a deployment to register: what a
// fleet keeps as an artifact is fetched into scratch.
func (a *app) deploymentDir(ctx context.Context, location, scratch string) (dir string, err error) {
	if !artifacts.IsURL(location) {
		return inputs.ModelDir(a.dir, location)
	}
	if _, err := inputs.ModelDir(a.dir, location); err != nil {
		return "", err
	}
	err = a.with(ctx, need{}, func(c *connection) error {
		a.display.Note("downloading model %s", location)
		dir, err = c.Artifacts().Fetch(ctx, location, scratch)
		return err
	})
	return dir, err
}

// scratchDir makes a temporary directory; remove deletes it.
func scratchDir() (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp("", "mlops-cli-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// reachableModel returns a location of a deployment that every worker can read:
// a local directory is uploaded as one archive.
func (a *app) reachableModel(ctx context.Context, c *connection, location string) (string, error) {
	if artifacts.IsURL(location) {
		return location, nil
	}
	a.display.Note("uploading model %s", location)
	return c.Artifacts().UploadDir(ctx, location)
}

// sourceName is what a registry calls the deployment at a location.
func sourceName(location string) string {
	return strings.TrimSuffix(filepath.Base(strings.TrimRight(location, "/")), ".tar")
}
