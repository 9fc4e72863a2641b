package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// Step is one item of a steps list: a registered name and its parameters. The
// step's factory decodes them with [DecodeParams].
type Step struct {
	// Type is the step's registered name.
	Type string
	// Params are its parameters as bool, int64, float64, string, []any or
	// map[string]any; nil where none were given.
	Params map[string]any

	path   string // e.g. "preprocessing.steps[0]"; "" if built in code
	places places
	asked  *question // not nil: the step is a question for its parameters
}

// Path returns the step's dotted path, e.g. "preprocessing.steps[0]", or its
// type if it was built in code.
func (s Step) Path() string {
	if s.path == "" {
		return s.Type
	}
	return s.path
}

// ErrorAt makes an error about one of the step's parameters, or about the step
// itself where param is empty, at its place in the file it came from.
func (s Step) ErrorAt(param, format string, args ...any) *Error {
	path := s.Path()
	if param != "" {
		path = join(join(path, "params"), param)
	}
	return s.places.find(path).errorf(path, format, args...)
}

// DecodeParams decodes a step's parameters into T by its yaml tags, strictly,
// and checks its enum ("a|b") and range ("[0,1)") tags. A parameter that is not
// given is T's zero value. Errors are [*Error]s at the parameter's place.
func DecodeParams[T any](s Step) (T, error) {
	var zero T
	return DecodeParamsOver(s, zero)
}

// DecodeParamsOver is [DecodeParams] over defaults.
func DecodeParamsOver[T any](s Step, defaults T) (T, error) {
	if s.asked != nil {
		return defaults, s.asked.answer(defaults)
	}
	return decodeValues(s.Params, s.places, join(s.Path(), "params"), defaults)
}

// DecodeTrainingParams decodes training.params over defaults as
// [DecodeParamsOver] decodes a step's.
func DecodeTrainingParams[T any](c *Config, defaults T) (T, error) {
	return decodeValues(c.Training.Params, c.places, "training.params", defaults)
}

func decodeValues[T any](values map[string]any, at places, path string, defaults T) (T, error) {
	out := defaults
	if values != nil {
		n, err := nodeOf(values, at, path)
		if err != nil {
			return defaults, err
		}
		if err := (&decoder{}).decode(n, path, valueOf(&out)); err != nil {
			return defaults, err
		}
	}
	if err := validate(reflect.ValueOf(out), path, at); err != nil {
		return defaults, err
	}
	return out, nil
}

// stepForm is the long form of a step in a file.
type stepForm struct {
	Type   string         `yaml:"type"`
	Params map[string]any `yaml:"params"`
}

// decodeNode takes a name or {type, params}.
func (s *Step) decodeNode(n *node, path string) error {
	var form stepForm
	switch n.kind {
	case scalar:
		if err := decodeScalar(n, path, valueOf(&form.Type)); err != nil {
			return err
		}
	case mapping:
		if err := (&decoder{}).decode(n, path, valueOf(&form)); err != nil {
			return err
		}
	default:
		return n.at.errorf(path, "must be a step's name or a map of type and params, not %s", n.describe())
	}
	if strings.TrimSpace(form.Type) == "" {
		return n.at.errorf(path, "has no type; name the step")
	}
	at := places{path: n.at}
	n.record(path, at)
	*s = Step{Type: form.Type, Params: form.Params, path: path, places: at}
	return nil
}

// nodeOf makes nodes of plain Go values, finding each one's place by its path.
func nodeOf(value any, at places, path string) (*node, error) {
	n := &node{kind: scalar, at: at.find(path), value: value}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return &node{at: n.at}, nil
	case reflect.Bool:
		n.value, n.text = v.Bool(), fmt.Sprint(value)
	case reflect.String:
		n.value, n.text = v.String(), v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.value, n.text = v.Int(), fmt.Sprint(value)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		n.value, n.text = int64(v.Uint()), fmt.Sprint(value)
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return nil, n.at.errorf(path, "must be a finite number")
		}
		n.value, n.text = v.Float(), fmt.Sprint(value)
	case reflect.Slice:
		n.kind, n.value = sequence, nil
		for i := range v.Len() {
			item, err := nodeOf(v.Index(i).Interface(), at, index(path, i))
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return nil, n.at.errorf(path, "a map's keys must be text")
		}
		n.kind, n.value = mapping, nil
		plain := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			plain[key.String()] = v.MapIndex(key).Interface()
		}
		for _, key := range slices.Sorted(maps.Keys(plain)) {
			keyPath := join(path, key)
			item, err := nodeOf(plain[key], at, keyPath)
			if err != nil {
				return nil, err
			}
			n.entries = append(n.entries, entry{key: key, at: at.find(keyPath), value: item})
		}
	default:
		return nil, n.at.errorf(path, "a %T cannot be a parameter", value)
	}
	return n, nil
}
