package config

import (
	"reflect"
	"strings"
)

// Key describes a key of the configuration, or a parameter of a step.
type Key struct {
	// Path is dotted, e.g. "training.cv_folds".
	Path string
	// Text says what the key means.
	Text string
	// Type is the kind of value in words, e.g. "whole number".
	Type string
	// Range says in words which values are taken; "" where the type says all.
	Range string
	// Choices are the only values that are taken, where there are any.
	Choices []string
	// Default is the value of a key that is not given; nil: none.
	Default any
	// Example is a value as it stands in YAML.
	Example string
	// Needed tells that a step cannot do without the parameter.
	Needed bool
	// With is what the example needs beside it, as it stands in YAML, e.g.
	// "method: target".
	With string
	// Use says where the key takes effect.
	Use string

	form  schema // what a value must look like
	usual bool   // one of several parameters that are needed; the example shows it
}

// uses tells where the keys of a section take effect, or single ones that differ.
var uses = map[string]string{
	"preprocessing":                   "train, predict and observe",
	"training":                        "train",
	"training.test_size":              "train: the split, the metrics and early stopping",
	"training.validation_data":        "train: the metrics and early stopping",
	"training.random_state":           "train: the split, the folds and what a backend draws",
	"training.cv_folds":               "train: cross-validation",
	"training.group_column":           "train: the split, the folds and the queries of a ranking",
	"training.time_column":            "train: the split and the folds",
	"training.snapshot_freq":          "train, where an interrupted attempt is taken up",
	"deployment":                      "train, when the model is deployed",
	"deployment.output_dir":           "train; models: where the registry is looked for",
	"deployment.endpoint_filename":    "train, with create_endpoint or the step endpoint_script",
	"deployment.endpoint_template":    "train, with create_endpoint or the step endpoint_script",
	"observability":                   "train, predict and observe",
	"observability.track_metrics":     "train; observe and status read it",
	"observability.log_predictions":   "predict; observe and status read it",
	"observability.alert_threshold":   "observe",
	"observability.metric_thresholds": "observe",
	"observability.metric_directions": "observe",
}

func useOf(path string) string {
	if use, ok := uses[path]; ok {
		return use
	}
	section, _, _ := strings.Cut(path, ".")
	return uses[section]
}

// Keys describes the sections and their keys, in order.
func (k Kinds) Keys() []Key {
	var all []Key
	root := reflect.ValueOf(*Default())
	for i := range root.NumField() {
		section := root.Type().Field(i).Tag.Get("yaml")
		if section == "" {
			continue
		}
		all = append(all, Key{Path: section, Text: about[section].text, Type: "map", Use: useOf(section)})
		for _, key := range keysOf(root.Field(i), section) {
			key.Text, key.Use = about[key.Path].text, useOf(key.Path)
			if example := about[key.Path].example; example != "" {
				key.Example, key.With = example, about[key.Path].with
			}
			if key.Path == "training.backend" && len(k.Backends) > 0 {
				key.Choices = k.Backends
				key.form = schema{Enum: enumOf(append(k.Backends[:len(k.Backends):len(k.Backends)], backendAliases()...))}
			}
			all = append(all, key)
		}
	}
	return all
}

// keysOf describes the fields of a struct that holds the defaults.
func keysOf(defaults reflect.Value, path string) []Key {
	var keys []Key
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		name := field.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		key := Key{
			Path: join(path, name), Text: field.Tag.Get("doc"), Type: typeText(field.Type, field.Tag), Range: rangeText(field.Tag),
			Default: defaultOf(defaults.Field(i), path == ""), form: formOf(field.Type, field.Tag),
		}
		if choices := field.Tag.Get("enum"); choices != "" {
			key.Choices = strings.Split(choices, "|")
		}
		key.Example, key.With, key.Needed = field.Tag.Get("example"), field.Tag.Get("with"), field.Tag.Get("needed") == "true"
		key.usual = field.Tag.Get("needed") == "or"
		if key.Example == "" {
			key.Example = plainExample(key, field.Type)
		}
		keys = append(keys, key)
	}
	return keys
}

// defaultOf returns a value that a key has by default as a plain value, or nil. A
// parameter's empty text means that it is not given.
func defaultOf(v reflect.Value, param bool) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return defaultOf(v.Elem(), param)
	case reflect.Slice, reflect.Map:
		if v.IsNil() {
			return nil
		}
	case reflect.String:
		if param && v.Len() == 0 {
			return nil
		}
	}
	return ordered(v, false)
}

// plainExample is the default, or else the first choice.
func plainExample(k Key, t reflect.Type) string {
	switch {
	case k.Default != nil && k.Default != "":
		return flowYAML(k.Default, canonicalFloat)
	case len(k.Choices) > 0 && t.Kind() == reflect.String:
		return textYAML(k.Choices[0])
	}
	return ""
}

// typeText names a type for people.
func typeText(t reflect.Type, tag reflect.StructTag) string {
	switch t {
	case reflect.TypeFor[Columns]():
		return "a column's name, or a list of names"
	case reflect.TypeFor[Step]():
		return "step"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem(), tag)
	case reflect.Slice:
		return "list of " + plural(typeText(t.Elem(), tag))
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return "map"
		}
		return "map of name to " + typeText(t.Elem(), tag)
	case reflect.String:
		if tag.Get("enum") != "" {
			return "choice"
		}
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	return "value"
}

func plural(word string) string {
	if word == "text" || strings.HasPrefix(word, "list") {
		return word + "s"
	}
	return strings.TrimSuffix(word, "s") + "s"
}

// rangeText says what the tags allow.
func rangeText(tag reflect.StructTag) string {
	switch {
	case tag.Get("part") != "":
		return partText
	case tag.Get("range") != "":
		return intervalOf(tag.Get("range")).String()
	}
	switch tag.Get("text") {
	case "path", "word":
		return "not empty"
	case "name":
		return "a plain file name"
	case "time":
		return "RFC 3339, or empty"
	}
	return ""
}
