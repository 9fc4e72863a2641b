package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Flatten returns every value that is set by its dotted path, such as
// "training.params.num_leaves" or "preprocessing.steps[0]", as text: what two
// configurations are compared by and what experiment trackers take. A list of
// single values is one text, [a,b].
func (c *Config) Flatten() map[string]string {
	flat := make(map[string]string)
	flatten(flat, "", ordered(reflect.ValueOf(*c), false))
	return flat
}

func flatten(into map[string]string, path string, value any) {
	switch v := value.(type) {
	case pairs:
		for _, p := range v {
			flatten(into, join(path, p.key), p.value)
		}
	case []any:
		nested := func(item any) bool {
			switch item.(type) {
			case pairs, []any:
				return true
			}
			return false
		}
		if slices.ContainsFunc(v, nested) {
			for i, item := range v {
				flatten(into, index(path, i), item)
			}
			return
		}
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i] = plainScalar(item)
		}
		into[path] = "[" + strings.Join(texts, ",") + "]"
	default:
		into[path] = plainScalar(v)
	}
}

func plainScalar(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return canonicalFloat(v)
	}
	return fmt.Sprint(value)
}
