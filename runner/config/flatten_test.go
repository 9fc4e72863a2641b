package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
)

func TestFlattenedValues(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte(`
preprocessing: {steps: [{type: missing_values, params: {strategy: constant, fill_value: {age: 0.5}}}, feature_scaler]}
training: {params: {num_leaves: 63, learning_rate: 1e-1, metric: [auc, binary_logloss]}, cv_folds: 0}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Flatten()
	want := map[string]string{
		"preprocessing.steps[0].type":                  "missing_values",
		"preprocessing.steps[0].params.strategy":       "constant",
		"preprocessing.steps[0].params.fill_value.age": "0.5",
		"preprocessing.steps[1]":                       "feature_scaler",
		"training.params.num_leaves":                   "63",
		"training.params.learning_rate":                "0.1",
		"training.params.metric":                       "[auc,binary_logloss]",
		"training.cv_folds":                            "0",
		"training.backend":                             "classic",
		"deployment.create_endpoint":                   "false",
		"deployment.endpoint_template":                 "",
	}
	for path, text := range want {
		if d := cmp.Diff(text, got[path]); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
	if _, set := got["observability.metric_thresholds"]; set {
		t.Error("an unset map has a value")
	}
}
