package config

import (
	"fmt"
	"reflect"
	"strings"

	"mlops/runner/table"
)

// Explanation is what is known of a key.
type Explanation struct {
	Key
	// Snippet is a piece of a configuration that sets the key.
	Snippet string
	// Below are the keys one level deeper: of a section its keys, of a list of
	// steps their kinds, of a kind its parameters.
	Below []Key
}

// Explain tells about a key such as "training.cv_folds", a section, a kind of step
// such as "preprocessing.steps.cast" or its parameter
// "preprocessing.steps.cast.columns". The empty path is the whole configuration.
// The error for a key that there is none of names the nearest.
func (k Kinds) Explain(path string) (*Explanation, error) {
	path = strings.Trim(strings.TrimSpace(path), ".")
	all := k.all()
	e := &Explanation{Key: Key{Path: path, Text: "The whole configuration.", Type: "map"}}
	found := path == ""
	for _, key := range all {
		if key.Path == path {
			e.Key, found = key, true
		}
		parent := key.Path[:max(strings.LastIndexByte(key.Path, '.'), 0)]
		if parent == path {
			e.Below = append(e.Below, key)
		}
	}
	if !found {
		return nil, unknownPath(path, all)
	}
	e.Snippet = k.snippet(e.Key)
	return e, nil
}

// all are the keys, the kinds of steps and their parameters, each after what it
// belongs to.
func (k Kinds) all() []Key {
	var all []Key
	for _, key := range k.Keys() {
		all = append(all, key)
		section, name, _ := strings.Cut(key.Path, ".")
		if name != "steps" {
			continue
		}
		for _, kind := range k.Steps[section] {
			at := join(key.Path, kind.Type)
			all = append(all, Key{Path: at, Text: kind.Text, Type: "step", Use: useOf(section)})
			for _, param := range kind.Params {
				param.Path, param.Use = join(at, param.Path), useOf(section)
				all = append(all, param)
			}
		}
	}
	return all
}

func unknownPath(path string, all []Key) *Error {
	paths := make([]string, len(all))
	names := make([]string, len(all)) // the last part of each
	for i, key := range all {
		paths[i], names[i] = key.Path, key.Path[strings.LastIndexByte(key.Path, '.')+1:]
		if strings.HasSuffix(key.Path, "."+path) {
			return &Error{Key: path, Message: fmt.Sprintf("unknown key; did you mean %q?", key.Path)}
		}
	}
	near := table.Nearest(path, paths)
	if name := table.Nearest(path, names); near == "" && name != "" {
		for i := range names {
			if names[i] == name {
				near = paths[i]
				break
			}
		}
	}
	if near == "" {
		return &Error{Key: path, Message: "unknown key; the sections are " + keyList(reflect.TypeFor[Config]())}
	}
	return &Error{Key: path, Message: fmt.Sprintf("unknown key; did you mean %q?", near)}
}

// snippet sets a key to its example, within its section. A section is shown by
// its first key, a step with the parameters that it needs.
func (k Kinds) snippet(key Key) string {
	section, rest, _ := strings.Cut(key.Path, ".")
	rest, inStep := strings.CutPrefix(rest, "steps.")
	switch {
	case section == "":
		return ""
	case inStep:
		name, param, _ := strings.Cut(rest, ".")
		for _, kind := range k.Steps[section] {
			if kind.Type == name {
				return section + ":\n  steps:\n    - " + kind.example(param) + "\n"
			}
		}
	case rest == "":
		first := keys(reflect.ValueOf(*Default()).Field(fieldOf(reflect.TypeFor[Config](), section)).Type())[0]
		for _, key := range k.Keys() {
			if key.Path == join(section, first) {
				return section + ":\n  " + first + ": " + key.Example + "\n"
			}
		}
	}
	with := ""
	if key.With != "" {
		with = "  " + key.With + "\n"
	}
	return section + ":\n" + with + "  " + rest + ": " + key.Example + "\n"
}

// example is a step with the parameters that it needs and the named one, in
// YAML.
func (kind StepKind) example(param string) string {
	var given []string
	for _, key := range kind.Params {
		if !key.Needed && key.Path != param && !(param == "" && key.usual) {
			continue
		}
		if key.Path == param && key.With != "" {
			given = append(given, key.With)
		}
		given = append(given, key.Path+": "+key.Example)
	}
	if given == nil {
		return kind.Type
	}
	return "{type: " + kind.Type + ", params: {" + strings.Join(given, ", ") + "}}"
}
