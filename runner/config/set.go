package config

import (
	"reflect"
	"strings"

	"mlops/runner/table"
)

// Set overrides one key, given as "key=value" with a dotted key and a YAML
// value, such as "training.params.num_leaves=63" or
// "preprocessing.steps=[feature_scaler]". A list is replaced; in a map the one
// key is set. On an error, which is an [*Error], c is unchanged.
func (c *Config) Set(assignment string) error {
	key, value, ok := strings.Cut(assignment, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" {
		return &Error{Message: "override " + quoted(assignment) + ": must have the form key=value, such as training.cv_folds=3"}
	}
	n, err := parse("--set "+key, []byte(value))
	if err != nil {
		return err
	}
	if n.kind == null {
		return &Error{Key: key, Message: "the override has no value; write \"\" for empty text"}
	}
	at := position{in: &source{name: "--set " + shorten(assignment)}}
	relocate(n, at)
	keys, err := splitKey(key, at)
	if err != nil {
		return err
	}
	for i := len(keys) - 1; i >= 0; i-- {
		n = &node{kind: mapping, at: at, entries: []entry{{key: keys[i], at: at, value: n}}}
	}
	changed := *c
	changed.places = places{}
	for path, place := range c.places {
		changed.places[path] = place
	}
	if err := changed.apply(n); err != nil {
		return err
	}
	*c = changed
	return nil
}

// splitKey cuts a dotted key at most where the structs have levels: what
// follows a map's key is one name, which may hold dots.
func splitKey(key string, at position) ([]string, error) {
	section, rest, _ := strings.Cut(key, ".")
	root := reflect.TypeFor[Config]()
	field := fieldOf(root, section)
	if field < 0 {
		if near := table.Nearest(key, configKeys); near != "" {
			return nil, at.errorf(key, "unknown key; did you mean %q?", near)
		}
		return []string{section}, nil // the decoder tells what is wrong
	}
	if rest == "" {
		return []string{section}, nil
	}
	name, inner, deeper := strings.Cut(rest, ".")
	if !deeper {
		return []string{section, name}, nil
	}
	return []string{section, name, inner}, nil
}

// relocate puts every value at the same place: an override has no lines.
func relocate(n *node, at position) {
	n.at = at
	for i := range n.entries {
		n.entries[i].at = at
		relocate(n.entries[i].value, at)
	}
	for _, item := range n.items {
		relocate(item, at)
	}
}

func quoted(s string) string { return "\"" + shorten(s) + "\"" }
