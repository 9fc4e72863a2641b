package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/config"
)

// usualPipelines are where the pipelines file is looked for.
var usualPipelines = []string{"configs/pipelines_config.yml", "pipelines_config.yml"}

// configsFolder is the folder of a project's root that keeps its configurations.
const configsFolder = "configs"

// PipelinesFlags say which pipelines file is read, and what is laid over it.
type PipelinesFlags struct {
	Path        string // "": one of the usual places
	Environment string
	Set         []string
	Section     string // the one that will be run, which assignments without a section are of; "": all
}

// Pipelines is a pipelines file with all that is laid over it.
type Pipelines struct {
	*config.Pipelines
	// Root is the absolute path of the project, where relative locations start.
	Root string
}

// ReadPipelines reads a pipelines file, relative to dir, with the environment's
// overlay file beside it and the process's variables.
func ReadPipelines(dir string, f PipelinesFlags) (*Pipelines, error) {
	path, err := pipelinesFile(dir, f.Path)
	if err != nil {
		return nil, err
	}
	text, err := readYAML(dir, path, "pipelines file", "")
	if err != nil {
		return nil, err
	}
	o := config.PipelinesOptions{Environment: f.Environment, Variables: os.LookupEnv, Set: f.Set, Section: f.Section}
	if f.Environment != "" {
		if strings.ContainsAny(f.Environment, "/\\") {
			return nil, fmt.Errorf("--env %s: an environment's name has no slash", f.Environment)
		}
		overlay := strings.TrimSuffix(path, filepath.Ext(path)) + "." + f.Environment + filepath.Ext(path)
		over, err := os.ReadFile(Absolute(dir, overlay))
		switch {
		case err == nil:
			o.Overlay, o.OverlayName = over, overlay
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("environment %s: %w", f.Environment, err)
		}
	}
	parsed, err := config.ParsePipelines(path, text, o)
	if err != nil {
		return nil, err
	}
	return &Pipelines{Pipelines: parsed, Root: projectRoot(filepath.Dir(Absolute(dir, path)), parsed.ProjectRoot)}, nil
}

// IsPipelines tells whether a file, relative to dir, is a pipelines file; what cannot
// be read is none.
func IsPipelines(dir, path string) bool {
	text, err := readYAML(dir, path, "", "")
	return err == nil && config.IsPipelines(text)
}

// projectRoot is what the file says, from its own directory; else that directory,
// or the one above if the file lies in configs.
func projectRoot(dir, said string) string {
	switch {
	case said != "":
		return Absolute(dir, said)
	case filepath.Base(dir) == configsFolder:
		return filepath.Dir(dir)
	}
	return dir
}

func pipelinesFile(dir, path string) (string, error) {
	if path != "" {
		return path, nil
	}
	for _, usual := range usualPipelines {
		if _, err := os.Stat(Absolute(dir, usual)); err == nil {
			return usual, nil
		}
	}
	return "", fmt.Errorf("there is no %s; name the pipelines file with --config", strings.Join(usualPipelines, " and no "))
}
