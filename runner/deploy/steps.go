package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"

	"mlops/runner/config"
)

// createDirectory makes the staging directory.
type createDirectory struct{}

// Run makes the directory and its logs directory.
func (createDirectory) Run(_ context.Context, c *Context) error {
	if c.Dir != "" {
		return errors.New("the directory is there already; list this step once")
	}
	dir, err := c.create()
	if err != nil {
		return err
	}
	c.Dir = dir
	return nil
}

// saveModel writes the model.
type saveModel struct{}

// Run writes the model in its own form.
func (saveModel) Run(_ context.Context, c *Context) error {
	model := c.Candidate.Model
	if model == nil {
		return errors.New("there is no trained model")
	}
	name := model.FileName()
	if err := c.Write(name, 0o666, model.Write); err != nil {
		return err
	}
	c.Inference.ModelFile, c.Inference.Model = name, model.Info()
	c.Artifacts["model"] = name
	if also, ok := model.(exporter); ok && also.ExportName() != "" {
		c.Artifacts["model_export"] = also.ExportName()
		return c.Write(also.ExportName(), 0o666, also.Export)
	}
	return nil
}

// exporter is a model that may also be kept in another program's form.
type exporter interface {
	// ExportName is the file's name; empty where there is none.
	ExportName() string
	Export(w io.Writer) error
}

// savePreprocessor writes the fitted preprocessing and the schema.
type savePreprocessor struct{}

// Run writes two documents, and the profile of the training data.
func (savePreprocessor) Run(_ context.Context, c *Context) error {
	if c.Candidate.Preprocessor == nil {
		return errors.New("there is no fitted preprocessing")
	}
	state, err := c.Candidate.Preprocessor.MarshalJSON()
	if err != nil {
		return err
	}
	err = c.Write(PreprocessorFile, 0o666, func(w io.Writer) error {
		_, err := w.Write(append(state, '\n'))
		return err
	})
	if err != nil {
		return err
	}
	schema := schemaDocument{Header: newHeader(schemaFormat), Schema: c.Candidate.Preprocessor.Schema()}
	if err := c.Write(SchemaFile, 0o666, func(w io.Writer) error { return writeDocument(w, schema) }); err != nil {
		return err
	}
	c.Inference.Preprocessor, c.Inference.SchemaFile = PreprocessorFile, SchemaFile
	c.Artifacts["preprocessor"], c.Artifacts["schema"] = PreprocessorFile, SchemaFile
	return saveProfile(c)
}

// saveProfile writes what the training data looked like, where that is known.
func saveProfile(c *Context) error {
	if c.Candidate.Profile == nil {
		return nil
	}
	c.Artifacts["profile"] = ProfileFile
	return c.Write(ProfileFile, 0o666, func(w io.Writer) error {
		_, err := w.Write(append(c.Candidate.Profile, '\n'))
		return err
	})
}

// saveMetadata writes what is known of the run, and what belongs together.
type saveMetadata struct{}

// Run writes both documents, so it comes after the steps that they tell of.
func (saveMetadata) Run(_ context.Context, c *Context) error {
	switch {
	case c.Inference.ModelFile == "":
		return errors.New("no model was saved; put the step save_model before this one")
	case c.Inference.Preprocessor == "":
		return errors.New("no preprocessing was saved; put the step save_preprocessor before this one")
	}
	name := c.Config.MetadataFilename
	c.Artifacts["metadata"], c.Artifacts["inference"] = name, InferenceFile
	c.Inference.MetadataFile = name
	if err := c.writeMetadata(); err != nil {
		return err
	}
	return c.Write(InferenceFile, 0o666, func(w io.Writer) error { return writeDocument(w, c.Inference) })
}

func (c *Context) writeMetadata() error {
	c.told = maps.Clone(c.Artifacts)
	c.Metadata.Artifacts = c.told
	return c.Write(c.Inference.MetadataFile, 0o666, func(w io.Writer) error { return writeDocument(w, c.Metadata) })
}

// renewMetadata writes the metadata once more where later steps added artifacts.
func (c *Context) renewMetadata() error {
	if c.told == nil || maps.Equal(c.told, c.Artifacts) {
		return nil
	}
	if err := c.disk.RemoveAll(filepath.Join(c.Dir, c.Inference.MetadataFile)); err != nil {
		return fmt.Errorf("write %s anew: %w", c.Inference.MetadataFile, err)
	}
	return c.writeMetadata()
}

// endpointScript writes a shell script that predicts with the deployment.
type endpointScript struct{}

func newEndpointScript(s config.Step) (Step, error) {
	_, err := config.DecodeParams[struct{}](s)
	return endpointScript{}, err
}

// endpointText finds its own directory, so that no name of the deployment stands
// in it and nothing need be quoted. $1 and further arguments go through as they
// are.
const endpointText = `#!/bin/sh
# Predicts with the deployment that this script lies in.
# Usage: %s DATA [further options of "mlops-cli predict"]
# MLOPS_CLI names the program; by default it is looked for in PATH.
set -eu
if [ "$#" -lt 1 ]; then
	echo "usage: $0 DATA [options]" >&2
	exit 2
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
data=$1
shift
exec "${MLOPS_CLI:-mlops-cli}" predict "$@" -- "$data" "$here"
`

// Run writes the script under the configured name, executable. A configured
// template is copied as it is: nothing in it is evaluated.
func (endpointScript) Run(_ context.Context, c *Context) error {
	name := c.Config.EndpointFilename
	text := c.EndpointTemplate
	if text == nil {
		text = fmt.Appendf(nil, endpointText, comment(name))
	}
	err := c.Write(name, 0o777, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	c.Artifacts["endpoint"] = name
	return nil
}

// comment keeps a name on its line of a comment.
func comment(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, name)
}
