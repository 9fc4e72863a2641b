package deploy

import (
	"fmt"
	"slices"
	"strings"

	"mlops/runner/config"
)

// needs lists the steps that must come before a standard step.
var needs = map[string][]string{
	"create_directory":  nil,
	"save_model":        {"create_directory"},
	"save_preprocessor": {"create_directory"},
	saveReportStep:      {"create_directory"},
	"endpoint_script":   {"create_directory"},
	"save_metadata":     {"save_model", "save_preprocessor"},
	"archive":           {"save_model", "save_preprocessor"},
	"object_store":      {"create_directory"},
	"register":          {"create_directory"},
	"mlflow":            {"create_directory"},
}

// repeatable are the standard steps that may be listed more than once: to push to
// two buckets, say.
var repeatable = []string{"object_store", "register", "mlflow"}

// lastStep writes what a deployment is opened by.
const lastStep = "save_metadata"

// checkOrder finds what a list of standard steps lacks. A step of a user's own may
// stand for any of them, so a list with one is only checked as it runs.
func checkOrder(list []config.Step) error {
	for _, s := range list {
		if _, standard := needs[s.Type]; !standard {
			return nil
		}
	}
	done := make(map[string]bool)
	for _, s := range list {
		if done[s.Type] && !slices.Contains(repeatable, s.Type) {
			return s.ErrorAt("", "deployment step %s is listed twice; list it once", s.Type)
		}
		for _, need := range needs[s.Type] {
			if !done[need] {
				return s.ErrorAt("", "deployment step %s needs what %s makes; list %s before it", s.Type, need, need)
			}
		}
		done[s.Type] = true
	}
	if !done[lastStep] {
		return fmt.Errorf("deployment.steps: a deployment cannot be opened without what %s writes; list that step, or leave steps out for the standard ones", lastStep)
	}
	return nil
}

// checkNames refuses file names of the configuration that other parts of the
// deployment have.
func checkNames(c config.Deployment, list []config.Step) error {
	taken := []string{InferenceFile, SchemaFile, PreprocessorFile, ProfileFile, ChecksumsFile, LogsDir, ReportDir}
	for _, file := range []struct{ step, key, name string }{
		{lastStep, "metadata_filename", c.MetadataFilename},
		{"endpoint_script", "endpoint_filename", c.EndpointFilename},
	} {
		if !slices.ContainsFunc(list, func(s config.Step) bool { return s.Type == file.step }) {
			continue
		}
		if file.name == "" {
			return fmt.Errorf("deployment.%s is empty; name the file", file.key)
		}
		if slices.ContainsFunc(taken, func(other string) bool { return strings.EqualFold(file.name, other) }) {
			return fmt.Errorf("deployment.%s: %q is the name of another part of the deployment; choose another", file.key, file.name)
		}
		taken = append(taken, file.name)
	}
	return nil
}
