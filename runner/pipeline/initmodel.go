package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/training"
)

// openInitModel opens the model to go on from: the directory of a deployment, or
// a file of model text.
func (t *trainRun) openInitModel(ctx context.Context) (err error) {
	name := t.config.Training.InitModel
	location := Locate(t.request.BaseDir, name)
	dir, err := t.deploymentDir(ctx, location)
	if err != nil {
		return fmt.Errorf("training.init_model: %w", err)
	}
	if dir == "" {
		file, err := t.env.open(ctx, location)
		if err != nil {
			return fmt.Errorf("training.init_model: %w", err)
		}
		defer file.Close()
		if t.initModel, err = training.ReadInitModel(name, file); err != nil {
			return fmt.Errorf("training.init_model: %w", err)
		}
		return nil
	}
	bundle, err := deploy.Open(ctx, dir)
	if err != nil {
		return fmt.Errorf("training.init_model: %w", err)
	}
	if t.initModel, err = training.InitModelOf(name, bundle.Model(), bundle.Preprocessor()); err != nil {
		return fmt.Errorf("training.init_model: %w", err)
	}
	was, err := config.Parse(filepath.Join(name, bundle.Inference.MetadataFile)+" (config)", []byte(bundle.Metadata.Config))
	if err != nil || preprocessingHash(was) != preprocessingHash(t.config) {
		t.warn(ctx, "load", "the preprocessing section is not used: the preprocessing of %s goes on, whose codes and scales its trees know", name)
	}
	return nil
}

// deploymentDir is the local path of the directory at a location, "" where that is
// a file.
func (t *trainRun) deploymentDir(ctx context.Context, location string) (string, error) {
	if isURL(location) && !isArtifact(location) && !strings.HasPrefix(location, "file://") {
		return "", nil // a bucket has files only
	}
	if !isArtifact(location) {
		info, err := t.env.Storage.Stat(location)
		if err != nil || !info.IsDir() {
			return "", err
		}
	}
	path, err := t.env.localDir(ctx, location)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return "", err
	}
	return path, nil
}

// preprocessingHash identifies a configuration's preprocessing.
func preprocessingHash(c *config.Config) string {
	only := config.Default()
	only.Preprocessing = c.Preprocessing
	return only.Hash()
}
