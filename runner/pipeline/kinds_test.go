package pipeline_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/pipeline"
	"mlops/runner/training"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing with them")

// The reference page is that of the configuration's types and the registries.
func TestConfigurationReferenceIsCurrent(t *testing.T) {
	const path = "../../docs/configuration.md"
	page := pipeline.Kinds().Reference()
	if *update {
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, page) {
		t.Errorf("%s is not current: run go generate ./runner/pipeline", path)
	}
}

// walk visits every key, every kind of step and every parameter.
func walk(t *testing.T, path string, visit func(e *config.Explanation)) {
	t.Helper()
	e, err := pipeline.Kinds().Explain(path)
	if err != nil {
		t.Fatal(err)
	}
	if path != "" {
		visit(e)
	}
	for _, key := range e.Below {
		walk(t, key.Path, visit)
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	walk(t, "", func(e *config.Explanation) {
		seen[e.Path] = true
		if !strings.HasSuffix(e.Text, ".") || e.Type == "" || e.Use == "" {
			t.Errorf("%s: the description %q, the type %q or the use %q is missing", e.Path, e.Text, e.Type, e.Use)
		}
		if e.Type != "map" && e.Type != "step" && e.Example == "" {
			t.Errorf("%s has no example", e.Path)
		}
	})
	for path := range config.Default().Flatten() {
		if !seen[path] {
			t.Errorf("%s has a default and is not explained", path)
		}
	}
	for section, kinds := range pipeline.Kinds().Steps {
		for _, kind := range kinds {
			if !seen[section+".steps."+kind.Type] || kind.Open {
				t.Errorf("%s step %s is not explained", section, kind.Type)
			}
		}
	}
}

// check reads a configuration as train does before it sees data.
func check(text string) error {
	c, err := config.Parse("c.yaml", []byte(text))
	if err != nil {
		return err
	}
	if err := training.Check(c); err != nil {
		return err
	}
	for _, s := range c.Deployment.Steps {
		// Alone, a step is out of order; put it where it belongs.
		list := []config.Step{{Type: "create_directory"}, {Type: "save_model"}, {Type: "save_preprocessor"}, {Type: "save_metadata"}, {Type: "archive"}, s}
		for i := range len(list) - 1 {
			if list[i].Type == s.Type {
				list = append(list[:i], list[i+1:]...)
				break
			}
		}
		own := c.Deployment
		if own.Steps = list; len(c.Deployment.Steps) > 1 {
			own.Steps = c.Deployment.Steps
		}
		if _, err := deploy.NewSteps(own); err != nil && !strings.Contains(err.Error(), "before") {
			return err
		}
	}
	_, err = observe.New(c.Observability)
	return err
}

func TestEveryExampleIsValid(t *testing.T) {
	schema := compile(t)
	walk(t, "", func(e *config.Explanation) {
		if err := check(e.Snippet); err != nil {
			t.Errorf("%s:\n%s%v", e.Path, e.Snippet, err)
		}
		if err := schema.Validate(document(t, e.Snippet)); err != nil {
			t.Errorf("%s:\n%s%v", e.Path, e.Snippet, err)
		}
	})
}

// What the schema calls needed the step itself refuses to do without.
func TestNeededParametersAreNeeded(t *testing.T) {
	for section, kinds := range pipeline.Kinds().Steps {
		for _, kind := range kinds {
			for _, key := range kind.Params {
				if !key.Needed {
					continue
				}
				if err := check(section + ": {steps: [" + kind.Type + "]}"); err == nil || !strings.Contains(err.Error(), key.Path) {
					t.Errorf("%s without %s: %v", kind.Type, key.Path, err)
				}
			}
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(pipeline.Kinds().Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("config.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// document reads YAML as an editor does, by another way than package config.
func document(t *testing.T, text string) any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return parsed
}

func TestSchemaAcceptsDefaultsExamplesAndSnippets(t *testing.T) {
	schema := compile(t)
	texts := map[string]string{"init": string(config.Commented(false)), "init --full": string(config.Commented(true)), "defaults": string(config.Default().YAML())}
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(data)
	}
	for name, text := range snippets(t) {
		texts[name] = text
	}
	for name, text := range texts {
		if err := schema.Validate(document(t, text)); err != nil {
			t.Errorf("%s:\n%s\n%v", name, text, err)
		}
		if _, err := config.Parse(name, []byte(text)); err != nil {
			t.Error(err)
		}
	}
}

var fence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// snippets are the pieces of configurations in the docs. A list is one of steps,
// of the section that the page, or the heading above it, is about.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	sectionOf := map[string]string{"preprocessing.md": "preprocessing", "deployment.md": "deployment", "observability.md": "observability"}
	heading := regexp.MustCompile(`(?m)^### (preprocessing|deployment|observability): `)
	found := map[string]string{}
	for _, page := range append(pages, "../../README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range fence.FindAllSubmatchIndex(data, -1) {
			text := string(data[at[2]:at[3]])
			section := sectionOf[filepath.Base(page)]
			if above := heading.FindAllSubmatch(data[:at[0]], -1); above != nil {
				section = string(above[len(above)-1][1])
			}
			if strings.Contains(text, "type: quiet") {
				continue // the step that the page shows how to write
			}
			if strings.HasPrefix(text, "# pipelines_config.yml") {
				continue // a file of another kind, which package builtin's test opens
			}
			if strings.HasPrefix(text, "- ") && section != "" {
				text = section + ":\n  steps:\n" + regexp.MustCompile(`(?m)^`).ReplaceAllString(strings.TrimSpace(text), "    ")
			}
			line := bytes.Count(data[:at[0]], []byte("\n")) + 1
			found[filepath.Base(page)+":"+strconv.Itoa(line)] = text
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d snippets were found", len(found))
	}
	return found
}

// What the schema and the runtime say about a document, they say alike.
func TestSchemaRefusesWhatIsInvalid(t *testing.T) {
	schema := compile(t)
	for text, valid := range map[string]bool{
		"": true, "training:": true, "training: {cv_folds: }": true, "training: {cv_folds: 3.0}": true,
		"trainings: {}":                                                              false,
		"training: fast":                                                             false,
		"training: {test_sise: 0.3}":                                                 false,
		"training: {cv_folds: -1}":                                                   false,
		"training: {cv_folds: 1001}":                                                 false,
		"training: {cv_folds: 2.5}":                                                  false,
		"training: {cv_folds: many}":                                                 false,
		"training: {test_size: 0}":                                                   true,
		"training: {test_size: 100}":                                                 true,
		"training: {test_size: 1.5}":                                                 false,
		"training: {test_size: -0.1}":                                                false,
		"training: {backend: sklearn}":                                               true,
		"training: {backend: lightgmb}":                                              false,
		"training: {backend: ''}":                                                    false,
		"training: {model_type: ''}":                                                 false,
		"training: {problem_type: ranked}":                                           false,
		"training: {backend: lightgbm, init_score_column: a}":                        true,
		"training: {backend: lightgbm, init_score_column: [a, b]}":                   true,
		"training: {backend: lightgbm, init_score_column: 3}":                        false,
		"training: {backend: lightgbm, init_score_column: [a, ' ']}":                 false,
		"training: {params: {anything: [1]}}":                                        false,
		"preprocessing: {steps: []}":                                                 true,
		"preprocessing: {steps: [feature_scaler]}":                                   true,
		"preprocessing: {steps: [feature_scalr]}":                                    false,
		"preprocessing: {steps: {a: 1}}":                                             false,
		"preprocessing: {steps: [{params: {}}]}":                                     false,
		"preprocessing: {steps: [{type: feature_scaler, parms: {}}]}":                false,
		"preprocessing: {steps: [{type: feature_scaler, params: }]}":                 true,
		"preprocessing: {steps: [cast]}":                                             false,
		"preprocessing: {steps: [{type: cast}]}":                                     false,
		"preprocessing: {steps: [{type: cast, params: {columns: {a: x}}}]}":          false,
		"preprocessing: {steps: [{type: feature_scaler, params: {metod: robust}}]}":  false,
		"preprocessing: {steps: [{type: feature_scaler, params: {method: rubust}}]}": false,
		"preprocessing: {steps: [{type: outlier_clip, params: {factor: 0}}]}":        false,
		"preprocessing: {steps: [{type: outlier_clip, params: {columns: a}}]}":       false,
		"preprocessing: {scale_features: 'yes'}":                                     false,
		"deployment: {version: 2.0}":                                                 true,
		"deployment: {version: [2]}":                                                 false,
		"deployment: {metadata_filename: ../x}":                                      false,
		"deployment: {metadata_filename: ..}":                                        false,
		"deployment: {output_dir: ''}":                                               false,
		"deployment: {deployment_time: ''}":                                          true,
		"deployment: {deployment_time: '2024-05-06T07:08:09Z'}":                      true,
		"deployment: {deployment_time: yesterday}":                                   false,
		"observability: {metric_directions: {rmse: lower}}":                          true,
		"observability: {metric_directions: {rmse: down}}":                           false,
		"observability: {metric_thresholds: {rmse: low}}":                            false,
		"observability: {metric_thresholds: {rmse: }}":                               false,
		"observability: {steps: [{type: drift, params: {significance: 0}}]}":         false,
	} {
		err := schema.Validate(document(t, text))
		if (err == nil) != valid {
			t.Errorf("%s: the schema says %v", text, err)
		}
		if err := check(text); (err == nil) != valid {
			t.Errorf("%s: the runtime says %v", text, err)
		}
	}
}

// The parameters that the schema lists for a backend are those that it knows.
func TestTheSchemaKnowsEachBackendsParameters(t *testing.T) {
	schema := compile(t)
	kinds := pipeline.Kinds()
	for _, backend := range kinds.Backends {
		params := kinds.Params[backend]
		if len(params) < 5 {
			t.Errorf("%s has %d parameters", backend, len(params))
		}
		for _, p := range params {
			text := "training: {backend: " + backend + ", params: {" + p.Name + ": ~}}"
			if err := schema.Validate(document(t, text)); err != nil {
				t.Errorf("%s: the schema says %v", text, err)
			}
			if err := check("training: {backend: " + backend + ", params: {program: x, " + p.Name + ": '?'}}"); err != nil && unknownParam(err, p.Name) {
				// Each name is of some of the backend's models at least.
				if err := check("training: {backend: " + backend + ", model_type: " + modelOf(backend, p.Name) + ", params: {" + p.Name + ": '?'}}"); err != nil && unknownParam(err, p.Name) {
					t.Errorf("%s: %s: %v", backend, p.Name, err)
				}
			}
		}
		wrong := "training: {backend: " + backend + ", params: {no_such_parameter: 1}}"
		if schema.Validate(document(t, wrong)) == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
	if err := schema.Validate(document(t, "training: {params: {n_estimators: 5, no_such_parameter: 1}}")); err == nil {
		t.Error("the schema takes an unknown parameter of the default backend")
	}
	if err := schema.Validate(document(t, "training: {backend: mine, params: {anything: 1}}")); err == nil {
		t.Error("the schema takes an unknown backend")
	}
}

// unknownParam tells an error about a parameter's name from one about its value.
func unknownParam(err error, name string) bool {
	return strings.Contains(err.Error(), "."+name+": unknown key") || strings.Contains(err.Error(), "."+name+": unknown; ") || strings.Contains(err.Error(), "."+name+": is not a parameter")
}

// modelOf is a model of the backend that takes a parameter.
func modelOf(backend, param string) string {
	if backend != "classic" && backend != "nlp" {
		return "auto"
	}
	for _, model := range []string{"random_forest_classifier", "logistic_regression", "linear_regression", "ridge", "lasso", "elastic_net", "xgboost"} {
		err := check("training: {backend: " + backend + ", model_type: " + model + ", params: {" + param + ": '?'}}")
		if err == nil || !unknownParam(err, param) && !strings.Contains(err.Error(), "training.model_type") {
			return model
		}
	}
	return "auto"
}
