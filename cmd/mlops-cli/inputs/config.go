package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"mlops/runner/config"
)

// Config is a checked configuration as a task takes it.
type Config struct {
	YAML string // the text; empty: all defaults
	Name string // what errors call it
}

// ReadConfig reads the configuration file, unless path is empty, and applies the
// key=value settings over it. A file without settings is passed on as it is, so
// that errors found later name its own lines.
func ReadConfig(dir, path string, settings []string) (Config, error) {
	parsed, checked, err := read(dir, path)
	if err != nil {
		return Config{}, err
	}
	if len(settings) == 0 {
		return checked, nil
	}
	for _, s := range settings {
		if err := parsed.Set(s); err != nil {
			if prefix := "--set " + s + ": "; !strings.HasPrefix(err.Error(), prefix) {
				err = fmt.Errorf("%s%w", prefix, err)
			}
			return Config{}, err
		}
	}
	name := "the configuration given with --set"
	if path != "" {
		name = path + " with --set"
	}
	return Config{YAML: string(parsed.YAML()), Name: name}, nil
}

// ParseConfig reads the configuration file; an empty path means all defaults.
func ParseConfig(dir, path string) (*config.Config, error) {
	parsed, _, err := read(dir, path)
	return parsed, err
}

func read(dir, path string) (*config.Config, Config, error) {
	if path == "" {
		return config.Default(), Config{}, nil
	}
	text, err := readYAML(dir, path, "configuration file", " (mlops-cli init writes one)")
	if err != nil {
		return nil, Config{}, err
	}
	parsed, err := config.Parse(path, text)
	return parsed, Config{YAML: string(text), Name: path}, err
}

// readYAML reads a file of what, as errors call it; hint says how to come by one.
func readYAML(dir, path, what, hint string) ([]byte, error) {
	file := Absolute(dir, path)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s %s does not exist%s%s", what, path, offer(file, isConfig), hint)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s %s is a directory", what, path)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, path, err)
	}
	return text, nil
}

func isConfig(entry fs.DirEntry) bool {
	return !entry.IsDir() && hasEnding(entry.Name(), []string{".yaml", ".yml"})
}
