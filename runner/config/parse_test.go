package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// same compares configurations without the places their keys came from.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(Config{}),
	cmpopts.IgnoreUnexported(Step{}),
}

func TestTextWithoutValuesGivesTheDefaults(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# a comment\n", "---\n", "~\n", "training:\n", "training:\n  cv_folds:\n", "{}", "training: {}\n"} {
		c, err := Parse("c.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(Default(), c, same); diff != "" {
			t.Errorf("%q (-default +parsed):\n%s", text, diff)
		}
	}
}

func TestValuesReplaceDefaults(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`
preprocessing:
  handle_missing: median
  steps:
    - missing_values
    - type: categorical_encoder
      params: {columns: [a, b], handle_unknown: ignore}
training:
  backend: sklearn
  test_size: 100
  cv_folds: 3.0
  params:
    num_leaves: 63
    metric: [auc, binary_logloss]
deployment:
  version: 2.0
  deployment_time: 2024-05-06T07:08:09Z
observability:
  metric_thresholds: {rmse: 3}
  metric_directions: {rmse: lower}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Preprocessing.HandleMissing = "median"
	want.Preprocessing.Steps = []Step{
		{Type: "missing_values"},
		{Type: "categorical_encoder", Params: map[string]any{"columns": []any{"a", "b"}, "handle_unknown": "ignore"}},
	}
	want.Training.Backend = "classic"
	want.Training.TestSize = 100
	want.Training.CVFolds = 3
	want.Training.Params = map[string]any{"num_leaves": int64(63), "metric": []any{"auc", "binary_logloss"}}
	want.Deployment.Version = "2.0"
	want.Deployment.DeploymentTime = "2024-05-06T07:08:09Z"
	want.Observability.MetricThresholds = map[string]float64{"rmse": 3}
	want.Observability.MetricDirections = map[string]string{"rmse": "lower"}
	if diff := cmp.Diff(want, c, same); diff != "" {
		t.Errorf("(-want +parsed):\n%s", diff)
	}
}

func TestAnchorsAndMergesAreExpanded(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`
training:
  params: &trees
    num_leaves: 15
    seed: 1
observability:
  metric_thresholds:
    <<: *trees
    seed: 2
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"num_leaves": 15, "seed": 2}
	if diff := cmp.Diff(want, c.Observability.MetricThresholds); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsNamePlaceKeyAndRemedy(t *testing.T) {
	laughs := "a: &a [" + strings.Repeat("x, ", 10) + "x]\n"
	for c := 'b'; c < 'i'; c++ {
		p := string(c - 1)
		laughs += fmt.Sprintf("%c: &%c [*%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s]\n", c, c, p, p, p, p, p, p, p, p)
	}
	cases := []struct {
		name, text   string
		line, column int
		key, message string
	}{
		{"unknown key", "training:\n  test_sise: 0.3\n", 2, 3, "training.test_sise", `did you mean "test_size"`},
		{"unknown section", "trainings:\n  x: 1\n", 1, 1, "trainings", `did you mean "training"`},
		{"key in the wrong place", "cv_folds: 3\n", 1, 1, "cv_folds", `did you mean "training.cv_folds"`},
		{"nothing near", "deployment:\n  zzz: 1\n", 2, 3, "deployment.zzz", "known here: output_dir, deployment_prefix"},
		{"text for a number", "training:\n  cv_folds: five\n", 2, 13, "training.cv_folds", "must be a whole number, not the text \"five\""},
		{"fraction for a whole number", "training:\n  cv_folds: 2.5\n", 2, 13, "training.cv_folds", "must be a whole number"},
		{"text for a truth value", "preprocessing:\n  scale_features: \"yes\"\n", 2, 19, "preprocessing.scale_features", "must be true or false"},
		{"number for text", "training:\n  backend: 3\n", 2, 12, "training.backend", "must be text, not the number 3"},
		{"map for a number", "training:\n  test_size:\n    a: 1\n", 3, 5, "training.test_size", "must be a number, not a map"},
		{"list for a map", "training:\n- a\n", 2, 1, "training", "must be a map of backend, model_type"},
		{"text for a map", "training: fast\n", 1, 11, "training", "must be a map of backend"},
		{"list at the top", "- a\n", 1, 1, "", "must be a map of preprocessing, training"},
		{"map for a list", "preprocessing:\n  steps: {a: 1}\n", 2, 10, "preprocessing.steps", "must be a list, not a map"},
		{"out of range", "training:\n  cv_folds: -1\n", 2, 3, "training.cv_folds", "at least 0 and at most 1000, not -1"},
		{"test_size", "training:\n  test_size: 1.5\n", 2, 3, "training.test_size", "fraction above 0 and below 1"},
		{"unknown choice", "preprocessing:\n  handle_missing: meen\n", 2, 3, "preprocessing.handle_missing", `did you mean "mean"? (known: drop, mean, median, mode, constant)`},
		{"choice in a map", "observability:\n  metric_directions:\n    rmse: down\n", 3, 5, "observability.metric_directions.rmse", "known: higher, lower"},
		{"path as a name", "deployment:\n  metadata_filename: ../x\n", 2, 3, "deployment.metadata_filename", "plain file name"},
		{"bad time", "deployment:\n  deployment_time: yesterday\n", 2, 3, "deployment.deployment_time", "RFC 3339"},
		{"CRLF", "# x\r\n\r\ntraining:\r\n  test_sise: 0.3\r\n", 4, 3, "training.test_sise", "did you mean"},
		{"byte order mark", "\ufefftraining:\n  test_sise: 0.3\n", 2, 3, "training.test_sise", "did you mean"},
		{"key twice", "training:\n  cv_folds: 1\n  cv_folds: 2\n", 3, 3, "training.cv_folds", "given twice, first on line 2"},
		{"section twice", "training:\n  cv_folds: 1\ntraining:\n  cv_folds: 2\n", 3, 1, "training", "given twice"},
		{"second document", "training:\n  cv_folds: 1\n---\ntraining:\n  cv_folds: 2\n", 4, 0, "", "second YAML document"},
		{"negative test_size", "training:\n  test_size: -0.1\n", 2, 3, "training.test_size", "must be 0 (no validation part), a fraction"},
		{"infinity", "training:\n  test_size: .inf\n", 2, 14, "training.test_size", "finite"},
		{"tag", "training: !!python/object x\n", 1, 11, "training", "tag !!python/object is not accepted"},
		{"unknown alias", "training: *a\n", 1, 11, "training", "*a names no anchor"},
		{"alias of itself", "training: &a [*a]\n", 1, 15, "training[0]", "*a names no anchor"},
		{"billion laughs", laughs, 0, 0, "", "more than 20000 values"},
		{"deep flow", strings.Repeat("[", 9000), 1, 0, "", "levels deep"},
		{"deep block", strings.Repeat("- ", 9000), 1, 0, "", "levels deep"},
		{"deep anchors", strings.Repeat("&a ", 4000), 1, 0, "", ""},
		{"too many words", strings.Repeat("a: b\n", 20000), 3334, 0, "", "more than 10000 words and signs"},
		{"unclosed quote", "training:\n  backend: \"x\n", 2, 12, "", "malformed YAML"},
		{"tab indent", "training:\n\tbackend: x\n", 2, 0, "", "malformed YAML"},
		{"not UTF-8", "training:\n  backend: \xff\n", 2, 12, "", "not UTF-8"},
		{"step key", "preprocessing:\n  steps:\n  - type: x\n    parms: {}\n", 4, 5, "preprocessing.steps[0].parms", `did you mean "params"`},
		{"the target", "training:\n  target_column: y\n", 2, 3, "training.target_column", "train with --target NAME"},
		{"step without type", "preprocessing:\n  steps:\n  - params: {}\n", 3, 0, "preprocessing.steps[0]", "name the step"},
		{"step as a list", "preprocessing:\n  steps: [[a]]\n", 2, 11, "preprocessing.steps[0]", "step's name"},
		{"empty item", "preprocessing:\n  steps:\n  -\n", 3, 0, "preprocessing.steps[0]", "no value"},
		{"too large", strings.Repeat("#", 128<<10+1), 0, 0, "", "larger than 131072 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("conf.yaml", []byte(c.text))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %T (%v), want *Error", err, err)
			}
			if e.File != "conf.yaml" || c.line > 0 && e.Line != c.line || c.column > 0 && e.Column != c.column {
				t.Errorf("at %s:%d:%d, want conf.yaml:%d:%d", e.File, e.Line, e.Column, c.line, c.column)
			}
			if c.key != "" && e.Key != c.key {
				t.Errorf("key is %q, want %q", e.Key, c.key)
			}
			if !strings.Contains(e.Message, c.message) {
				t.Errorf("message is %q, want it to contain %q", e.Message, c.message)
			}
			if c.line > 0 && e.Excerpt == "" {
				t.Error("no excerpt")
			}
		})
	}
}

func TestErrorShowsTheLine(t *testing.T) {
	_, err := Parse("conf.yaml", []byte("training:\n  test_sise: 0.3\n"))
	want := `conf.yaml:2:3: training.test_sise: unknown key; did you mean "test_size"?
     2 |   test_sise: 0.3
       |   ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestPositionsStayForLaterErrors(t *testing.T) {
	c, err := Parse("conf.yaml", []byte("training:\n  params:\n    num_leaves: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if e := c.ErrorAt("training.params.num_leaves", "too few"); e.Line != 3 || e.Column != 5 {
		t.Errorf("at %d:%d, want 3:5", e.Line, e.Column)
	}
	if e := c.ErrorAt("training.backend", "unknown"); e.Line != 1 || e.Column != 1 {
		t.Errorf("a key that was not given is placed at %d:%d, want its section at 1:1", e.Line, e.Column)
	}
	if e := c.ErrorAt("deployment.version", "x"); e.Line != 0 || e.Error() != "deployment.version: x" {
		t.Errorf("a key of a section that was not given: %v", e)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(path, []byte("training:\n  cv_folds: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil || c.Training.CVFolds != 2 {
		t.Fatalf("cv_folds %v, error %v", c, err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
}
