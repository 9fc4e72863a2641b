package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// hashVersion begins every hash; it changes when the canonical form does, so
// that old hashes are never mistaken for new ones.
const hashVersion = "config-v1:"

// aliases are names that an earlier system gave to backends.
var aliases = map[string]string{"sklearn": "classic"}

func canonicalBackend(name string) string {
	if backend, ok := aliases[name]; ok {
		return backend
	}
	return name
}

func backendAliases() []string { return slices.Sorted(maps.Keys(aliases)) }

// Hash identifies what the configuration means: every key with its defaults
// filled in, whatever the order of keys, comments, styles of writing, and
// whether defaults were written out. The form is "config-v1:" and a SHA-256 in
// hexadecimal.
func (c *Config) Hash() string {
	return hashOf(ordered(reflect.ValueOf(*c), true))
}

func hashOf(meaning any) string {
	var b strings.Builder
	writeCanonical(&b, meaning)
	sum := sha256.Sum256([]byte(b.String()))
	return hashVersion + hex.EncodeToString(sum[:])
}

// YAML returns the configuration with every key in fixed order; lists and maps
// that are not set are left out. [Parse] reads it back to an equal one.
func (c *Config) YAML() []byte {
	var b strings.Builder
	for _, section := range ordered(reflect.ValueOf(*c), false).(pairs) {
		writeYAML(&b, section.key+":", section.value, "  ")
	}
	return []byte(b.String())
}

// pairs is a map in a fixed order.
type pairs []pair

type pair struct {
	key   string
	value any
}

// ordered turns structs into slices of pairs in field order and maps into
// slices of pairs in key order. Unset lists and maps appear only if all.
func ordered(v reflect.Value, all bool) any {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return ordered(v.Elem(), all)
	case reflect.Struct:
		if step, ok := v.Interface().(Step); ok {
			return orderedStep(step, all)
		}
		out := pairs{}
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			field := v.Field(i)
			unset := field.Kind() == reflect.Slice && field.IsNil() || field.Kind() == reflect.Map && field.Len() == 0
			if name == "" || unset && !all || all && !hashed(field, v.Type().Field(i).Tag.Get("hash")) {
				continue
			}
			out = append(out, pair{name, ordered(field, all)})
		}
		return out
	case reflect.Map:
		out := pairs{}
		values := map[string]reflect.Value{}
		for _, key := range v.MapKeys() {
			values[key.String()] = v.MapIndex(key)
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			out = append(out, pair{key, ordered(values[key], all)})
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = ordered(v.Index(i), all)
		}
		return list
	case reflect.Invalid:
		return nil
	}
	return v.Interface()
}

// hashed tells whether a key is part of the hash. A key that a later version
// brought is only where it is set (hash:"set"), so that the hashes of
// configurations without it stay; one that changes no result never is
// (hash:"never").
func hashed(field reflect.Value, tag string) bool {
	return tag != "never" && !(tag == "set" && field.IsZero())
}

func orderedStep(s Step, all bool) any {
	if len(s.Params) == 0 && !all {
		return s.Type
	}
	return pairs{{"type", s.Type}, {"params", ordered(reflect.ValueOf(s.Params), all)}}
}

// writeCanonical writes JSON in which equal numbers have one spelling.
func writeCanonical(b *strings.Builder, value any) {
	switch v := value.(type) {
	case pairs:
		b.WriteByte('{')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, item.key)
			b.WriteByte(':')
			writeCanonical(b, item.value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, item)
		}
		b.WriteByte(']')
	case float64:
		b.WriteString(canonicalFloat(v))
	case float32:
		b.WriteString(canonicalFloat(float64(v)))
	default:
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(strconv.Quote(fmt.Sprint(v)))
		}
		b.Write(text)
	}
}

func canonicalFloat(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
