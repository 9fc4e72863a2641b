package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
)

func TestFilesOfMakeMLOpsEasyMeanTheSameAsOurs(t *testing.T) {
	tests := []struct{ name, theirs, ours string }{
		{
			"parameters of networks stand in training",
			"training:\n  backend: neural_network\n  hidden_layer_sizes: [8, 4]\n  max_iter: 300\n  activation: tanh\n  solver: lbfgs\n  alpha: 0.1\n  learning_rate: adaptive\n  learning_rate_init: 0.01\n  early_stopping: true\n",
			"training:\n  backend: neural_network\n  params: {hidden_layer_sizes: [8, 4], max_iter: 300, activation: tanh, solver: lbfgs, alpha: 0.1, learning_rate: adaptive, learning_rate_init: 0.01, early_stopping: true}\n",
		},
		{
			"beside others in params",
			"training: {backend: neural_network, max_iter: 300, params: {tol: 0.01}}\n",
			"training: {backend: neural_network, params: {tol: 0.01, max_iter: 300}}\n",
		},
		{
			"params without a value",
			"training: {backend: neural_network, max_iter: 300, params: }\n",
			"training: {backend: neural_network, params: {max_iter: 300}}\n",
		},
		{
			"steps that are switched on and off",
			"preprocessing:\n  steps: [{type: missing_values, params: {enabled: true, strategy: mean}}, {type: feature_scaler, params: {enabled: false}}]\nobservability:\n  steps: [{type: metrics_logger, params: {enabled: true}}, {type: predictions_logger, params: {enabled: false}}]\n",
			"preprocessing:\n  steps: [{type: missing_values, params: {strategy: mean}}]\nobservability:\n  steps: [metrics_logger]\n",
		},
		{
			"names in deployment steps prevail",
			"deployment:\n  metadata_filename: a.json\n  steps:\n    - {type: create_directory, params: {prefix: sales}}\n    - {type: save_model, params: {filename: model.joblib}}\n    - save_preprocessor\n    - {type: save_metadata, params: {filename: b.json}}\n    - {type: endpoint_script, params: {enabled: true, filename: run.sh, template: t.sh, executable_mode: 493}}\n",
			"deployment:\n  deployment_prefix: sales\n  metadata_filename: b.json\n  endpoint_filename: run.sh\n  endpoint_template: t.sh\n  steps: [create_directory, save_model, save_preprocessor, save_metadata, endpoint_script]\n",
		},
		{"a pickle's format", "deployment: {save_format: joblib}\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			theirs, err := config.Parse("theirs.yaml", []byte(test.theirs))
			if err != nil {
				t.Fatal(err)
			}
			ours, err := config.Parse("ours.yaml", []byte(test.ours))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(ours.YAML()), string(theirs.YAML())); d != "" {
				t.Error(d)
			}
			if ours.Hash() != theirs.Hash() {
				t.Error("the hashes differ")
			}
		})
	}
}

func TestWhatDoesNothingIsTold(t *testing.T) {
	c, err := config.Parse("easy.yaml", []byte("deployment:\n  save_format: joblib\n  steps:\n    - create_directory\n    - {type: save_model, params: {filename: m.joblib}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"easy.yaml:2:3: deployment.save_format: does nothing here: models are kept as data, in LightGBM's text or JSON, never as pickles",
		"easy.yaml:5:35: deployment.steps[1].params.filename: does nothing here: the files of models and preprocessing have fixed names, which inference.json tells",
	}
	if d := cmp.Diff(want, c.Notes()); d != "" {
		t.Error(d)
	}
	if notes := config.Default().Notes(); len(notes) > 0 {
		t.Errorf("the defaults have notes %q", notes)
	}
}

func TestMisusedForeignKeysAreErrorsAtTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"training: {max_iter: 5, params: {max_iter: 6}}":                                 "training.max_iter: is the same as training.params.max_iter, which is given, too; keep one of them",
		"observability:\n  steps: [{type: metrics_logger, params: {enabled: 1}}]":        "2:52: observability.steps[0].params.enabled: must be true or false, not the number 1",
		"deployment:\n  steps: [{type: save_metadata, params: {filename: ../x.json}}]":   "deployment.metadata_filename:",
		"deployment:\n  steps: [{type: save_metadata, params: {filename: [a, b]}}]":      "deployment.metadata_filename: must be text, not a list",
		"training: {max_iter: 5, params: 7}":                                             "training.params: must be a map",
		"training: [max_iter]":                                                           "training: must be a map",
		"deployment:\n  steps: {type: create_directory, params: {prefix: x}}":            "deployment.steps: must be a list",
		"observability:\n  steps: [{type: metrics_logger, params: {enabled: , x: 2}}]\n": "must be true or false, not nothing",
	} {
		_, err := config.Parse("f.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, which lacks %q", text, err, want)
		}
	}
}

func TestForeignKeysCanBeSet(t *testing.T) {
	c := config.Default()
	if err := c.Set("training.max_iter=7"); err != nil {
		t.Fatal(err)
	}
	if err := c.Set("training.hidden_layer_sizes=[3]"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"max_iter": int64(7), "hidden_layer_sizes": []any{int64(3)}}, c.Training.Params); d != "" {
		t.Error(d)
	}
}
