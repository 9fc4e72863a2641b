package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/proto/artifacts"
	"mlops/runner/config"
	"mlops/runner/registry"
)

// travellers are the keys of a configuration that name files which its run reads.
var travellers = []struct {
	key string
	of  func(*config.Config) string
}{
	{"training.init_model", func(c *config.Config) string { return c.Training.InitModel }},
	{"training.validation_data", func(c *config.Config) string { return c.Training.ValidationData }},
	{"deployment.endpoint_template", func(c *config.Config) string {
		if c.TemplateInline() {
			return ""
		}
		return c.Deployment.EndpointTemplate
	}},
}

// travel uploads the local files that a configuration names, and gives it with their
// locations at the master, where every worker can read them.
func (a *app) travel(ctx context.Context, c *connection, given inputs.Config, configFlag string) (inputs.Config, error) {
	parsed, err := config.Parse(given.Name, []byte(given.YAML))
	if err != nil {
		return given, err
	}
	moved := false
	for _, t := range travellers {
		name := t.of(parsed)
		if name == "" || artifacts.IsURL(name) || inputs.IsBucket(name) {
			continue
		}
		location, err := a.uploaded(ctx, c, name, configFlag)
		if err == nil {
			err = parsed.Set(t.key + "=" + strconv.Quote(location))
		}
		if err != nil {
			return given, fmt.Errorf("%s: %w", t.key, err)
		}
		moved = true
	}
	if moved {
		given.YAML = string(parsed.YAML())
	}
	return given, nil
}

// uploaded uploads a file, a deployment's directory, or the version of a registered
// model.
func (a *app) uploaded(ctx context.Context, c *connection, name, configFlag string) (string, error) {
	if registry.IsRef(name) {
		dir, err := a.modelLocation(name, configFlag)
		if err != nil {
			return "", err
		}
		return a.reachableModel(ctx, c, dir)
	}
	path := inputs.Absolute(a.dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return a.reachableModel(ctx, c, path)
	}
	location, _, err := a.reachable(ctx, c, path)
	return location, err
}
