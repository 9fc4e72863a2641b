package config

import (
	"reflect"
	"slices"
	"strings"
)

// Section is one section of a pipelines file.
type Section struct {
	name   string
	n      *node
	places places
}

// Name returns the section's name.
func (s Section) Name() string { return s.name }

// ErrorAt makes an error about one of the section's keys, which may be dotted, or
// about the section itself where key is empty, at its place in the file.
func (s Section) ErrorAt(key, format string, args ...any) *Error {
	path := s.name
	if key != "" {
		path = join(path, key)
	}
	return s.places.find(path).errorf(path, format, args...)
}

// Word returns the text of a plain key, "" where it is not given.
func (s Section) Word(key string) (string, error) {
	n := s.n.child(key)
	if n == nil || n.kind == null {
		return "", nil
	}
	var text string
	return text, decodeScalar(n, join(s.name, key), valueOf(&text))
}

// DecodeSection decodes a section into structs over the defaults that they hold,
// by their yaml tags, strictly: each key must belong to one of them. Their enum,
// range and text tags are checked, and that what is needed:"true" is given.
// Errors are [*Error]s at the key's place.
func DecodeSection(s Section, into ...any) error {
	var known []string
	parts := make([]*node, len(into))
	for i, target := range into {
		known = append(known, keys(reflect.TypeOf(target).Elem())...)
		parts[i] = &node{kind: mapping, at: s.n.at}
	}
	for _, e := range s.n.entries {
		i := slices.IndexFunc(into, func(target any) bool { return fieldOf(reflect.TypeOf(target).Elem(), e.key) >= 0 })
		if i < 0 {
			return unknownKey(e, join(s.name, e.key), known)
		}
		parts[i].entries = append(parts[i].entries, e)
	}
	for i, target := range into {
		v := reflect.ValueOf(target).Elem()
		if err := (&decoder{}).decode(parts[i], s.name, v); err != nil {
			return err
		}
		if err := needed(s, v); err != nil {
			return err
		}
		if err := validate(v, s.name, s.places); err != nil {
			return err
		}
	}
	return nil
}

// needed tells a key that a section lacks.
func needed(s Section, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("needed") != "true" || !v.Field(i).IsZero() {
			continue
		}
		key := field.Tag.Get("yaml")
		return s.ErrorAt(key, "is needed: %s", strings.ToLower(field.Tag.Get("doc")[:1])+field.Tag.Get("doc")[1:])
	}
	return nil
}

// Effective returns the hash of what a struct of settings means, in the form of
// [Config.Hash], and every value by its dotted path as text: defaults are filled
// in, and what is tagged hash:"never" is left out of both.
func Effective(settings any) (hash string, flat map[string]string) {
	meaning := ordered(reflect.Indirect(reflect.ValueOf(settings)), true)
	flat = make(map[string]string)
	flatten(flat, "", meaning)
	return hashOf(meaning), flat
}

// SectionKeys describes the keys of a struct of settings that holds the
// defaults, in order.
func SectionKeys(defaults any) []Key {
	return keysOf(reflect.Indirect(reflect.ValueOf(defaults)), "")
}
