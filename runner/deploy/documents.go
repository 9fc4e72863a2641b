package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"mlops/runner/preprocess"
	"mlops/runner/strictjson"
	"mlops/runner/training"
)

// Names of the documents. The metadata's is the configuration's choice and
// stands in inference.json.
const (
	InferenceFile    = "inference.json"
	SchemaFile       = "schema.json"
	PreprocessorFile = "preprocessor.json"
	ProfileFile      = "profile.json"
)

// Formats and versions of the documents. A reader refuses every other.
const (
	inferenceFormat = "mlops-inference"
	schemaFormat    = "mlops-schema"
	metadataFormat  = "mlops-metadata"
	documentVersion = 1
)

// Inference says what belongs together to predict.
type Inference struct {
	strictjson.Header
	ModelFile    string             `json:"model_file"`
	Preprocessor string             `json:"preprocessor_file"`
	SchemaFile   string             `json:"schema_file"`
	MetadataFile string             `json:"metadata_file"`
	Model        training.ModelInfo `json:"model"` // backend, problem, classes, features
}

// schemaDocument is the schema as a document of its own, for people and other
// programs.
type schemaDocument struct {
	strictjson.Header
	Schema preprocess.Schema `json:"schema"`
}

// Metadata tells where a deployment comes from.
type Metadata struct {
	strictjson.Header
	Version    string    `json:"version"` // the deployment's, from the configuration
	CreatedAt  time.Time `json:"created_at"`
	Program    string    `json:"program,omitempty"` // version of the program that made it
	WorkflowID string    `json:"workflow_id,omitempty"`
	TaskID     string    `json:"task_id,omitempty"` // the task that published it; empty for a library's run
	Attempt    uint32    `json:"attempt,omitempty"`
	Run        Run       `json:"run"`
	Config     string    `json:"config"` // the whole configuration as canonical YAML
	// Artifacts are what the steps made, by a step's name for it: paths within the
	// deployment, or URLs of what a step put elsewhere.
	Artifacts map[string]string `json:"artifacts"`
}

// Run is the training that a deployment comes from.
type Run struct {
	ModelName       string             `json:"model_name"`
	ProblemType     string             `json:"problem_type"`
	Target          string             `json:"target"`
	Features        []string           `json:"features"`
	Classes         []string           `json:"classes,omitempty"`
	Metrics         map[string]float64 `json:"metrics"`
	CVMetric        string             `json:"cv_metric,omitempty"`
	Data            string             `json:"data"` // where the table came from
	DataFingerprint string             `json:"data_fingerprint"`
	ConfigHash      string             `json:"config_hash"`
	Rows            int64              `json:"rows"`
	Columns         int64              `json:"columns"`
	Timings         map[string]float64 `json:"timings"` // seconds by stage, up to the deployment
	PeakRSSBytes    int64              `json:"peak_rss_bytes"`
	Warnings        []string           `json:"warnings,omitempty"`
}

func newHeader(format string) strictjson.Header {
	return strictjson.Header{Format: format, FormatVersion: documentVersion}
}

// writeDocument writes indented JSON with a line end.
func writeDocument(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

func parseDocument[T any](data []byte, format string) (T, error) {
	var parsed T
	err := strictjson.DecodeAs(data, newHeader(format), &parsed)
	return parsed, err
}

// parseInference also requires that everything is named.
func parseInference(data []byte) (Inference, error) {
	i, err := parseDocument[Inference](data, inferenceFormat)
	if err != nil {
		return Inference{}, err
	}
	for _, name := range []string{i.ModelFile, i.Preprocessor, i.SchemaFile, i.MetadataFile} {
		if !fs.ValidPath(name) || name == "." {
			return Inference{}, fmt.Errorf("names %q, which is no file of a deployment", name)
		}
	}
	if i.Model.Backend == "" {
		return Inference{}, errors.New("tells of no model")
	}
	return i, nil
}
