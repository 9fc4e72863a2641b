package config

import (
	"maps"
	"slices"
	"strings"
)

// Make MLOps Easy has other places for some keys, and keys that have nothing to do
// here. adoptForeign rewrites a file's nodes so that its files are read unchanged:
//
//   - parameters of its neural networks that stand in training itself go to
//     training.params;
//   - parameters of its deployment steps that name what deployment names go there;
//     as in its steps, they prevail;
//   - a step with enabled: false is left out;
//   - what chooses a pickle's format or name is noted and dropped.

// foreignTraining are the keys of training that are parameters of its networks.
var foreignTraining = []string{
	"hidden_layer_sizes", "max_iter", "activation", "solver", "alpha", "learning_rate", "learning_rate_init", "early_stopping",
}

// foreignParams are parameters of deployment steps: the key of deployment that they
// set, or "" where they do nothing here.
var foreignParams = map[string]map[string]string{
	"create_directory":  {"prefix": "deployment_prefix"},
	"save_model":        {"filename": ""},
	"save_preprocessor": {"filename": ""},
	"save_metadata":     {"filename": "metadata_filename"},
	"endpoint_script":   {"filename": "endpoint_filename", "template": "endpoint_template", "executable_mode": ""},
}

const (
	foreignFormat  = "save_format" // of deployment
	foreignEnabled = "enabled"     // of every step
)

// foreignNotes say why a key does nothing, by the key.
var foreignNotes = map[string]string{
	foreignFormat:     "models are kept as data, in LightGBM's text or JSON, never as pickles",
	"filename":        "the files of models and preprocessing have fixed names, which inference.json tells",
	"executable_mode": "the script is executable for all who may read it",
}

// adoptForeign rewrites root and tells what was given and does nothing.
func adoptForeign(root *node) (notes []string, err error) {
	if training := root.child("training"); training != nil {
		if err := adoptTraining(training); err != nil {
			return nil, err
		}
	}
	for _, section := range []string{"preprocessing", "deployment", "observability"} {
		if steps := root.child(section).child("steps"); steps != nil {
			if err := dropDisabled(steps, section+".steps"); err != nil {
				return nil, err
			}
		}
	}
	if deployment := root.child("deployment"); deployment != nil {
		notes = adoptDeployment(deployment)
	}
	return notes, nil
}

// child is the value of a mapping's key; nil where there is none.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// take removes a mapping's key.
func (n *node) take(key string) (entry, bool) {
	if n != nil {
		for i, e := range n.entries {
			if e.key == key {
				n.entries = slices.Delete(n.entries, i, i+1)
				return e, true
			}
		}
	}
	return entry{}, false
}

// adoptTraining moves the networks' parameters to params.
func adoptTraining(training *node) error {
	for _, key := range foreignTraining {
		given, ok := training.take(key)
		if !ok {
			continue
		}
		params := training.child("params")
		if params == nil {
			params = &node{kind: mapping, at: given.at}
			training.entries = append(training.entries, entry{key: "params", at: given.at, value: params})
		}
		switch {
		case params.kind == null:
			params.kind = mapping
		case params.child(key) != nil:
			return given.at.errorf("training."+key, "is the same as training.params.%s, which is given, too; keep one of them", key)
		}
		params.entries = append(params.entries, given)
	}
	return nil
}

// dropDisabled leaves out the steps that are switched off.
func dropDisabled(steps *node, path string) error {
	kept := steps.items[:0:0]
	for i, step := range steps.items {
		given, ok := step.child("params").take(foreignEnabled)
		if !ok {
			kept = append(kept, step)
			continue
		}
		enabled, isBool := given.value.value.(bool)
		if !isBool {
			return given.value.at.errorf(index(path, i)+".params."+foreignEnabled, "must be true or false, not %s", given.value.describe())
		}
		if enabled {
			kept = append(kept, step)
		}
	}
	steps.items = kept
	return nil
}

// adoptDeployment takes the keys of deployment from its steps' parameters.
func adoptDeployment(deployment *node) (notes []string) {
	note := func(e entry, path string) {
		told := e.at.errorf(path, "does nothing here: %s", foreignNotes[e.key])
		told.Excerpt = ""
		notes = append(notes, told.Error())
	}
	if given, ok := deployment.take(foreignFormat); ok {
		note(given, "deployment."+foreignFormat)
	}
	steps := deployment.child("steps")
	if steps == nil {
		return notes
	}
	for i, step := range steps.items {
		kind := step.child("type")
		if kind == nil {
			continue
		}
		for _, param := range slices.Sorted(maps.Keys(foreignParams[kind.text])) {
			given, ok := step.child("params").take(param)
			if !ok {
				continue
			}
			key := foreignParams[kind.text][param]
			if key == "" {
				note(given, index("deployment.steps", i)+".params."+param)
				continue
			}
			deployment.take(key)
			deployment.entries = append(deployment.entries, entry{key: key, at: given.at, value: given.value})
		}
	}
	return notes
}

// addForeign lets editors take what adoptForeign does.
func addForeign(root *schema) {
	for _, key := range foreignTraining {
		root.Properties["training"].Properties[key] = &schema{
			Description: "Make MLOps Easy's place for training.params." + key + ".", Deprecated: true,
		}
	}
	root.Properties["deployment"].Properties[foreignFormat] = &schema{
		Description: "Make MLOps Easy's; it does nothing: " + foreignNotes[foreignFormat] + ".", Deprecated: true,
	}
	for def, params := range root.Defs {
		section, kind, _ := strings.Cut(def, "_")
		if params.Properties == nil {
			continue // not a step's parameters
		}
		params.Properties[foreignEnabled] = &schema{Description: "false leaves the step out.", Type: []string{"boolean"}}
		if section != "deployment" {
			continue
		}
		for param, key := range foreignParams[kind] {
			text := "Make MLOps Easy's place for deployment." + key + "."
			if key == "" {
				text = "Make MLOps Easy's; it does nothing: " + foreignNotes[param] + "."
			}
			params.Properties[param] = &schema{Description: text, Deprecated: true}
		}
	}
}
