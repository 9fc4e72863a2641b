package config

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"mlops/runner/table"
)

// decoder fills structs from nodes by their yaml tags, strictly.
type decoder struct {
	// known are the dotted paths of all keys there are, to tell where a misplaced
	// key belongs; may be nil.
	known []string
}

func valueOf(pointer any) reflect.Value { return reflect.ValueOf(pointer).Elem() }

// nodeDecoder is what a type with a form of its own implements.
type nodeDecoder interface {
	decodeNode(n *node, path string) error
}

// decode sets v from n. A null leaves v as it is.
func (d *decoder) decode(n *node, path string, v reflect.Value) error {
	if n.kind == null {
		return nil
	}
	if own, ok := v.Addr().Interface().(nodeDecoder); ok {
		return own.decodeNode(n, path)
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.decodeStruct(n, path, v)
	case reflect.Map:
		return d.decodeMap(n, path, v)
	case reflect.Slice:
		return d.decodeSlice(n, path, v)
	case reflect.Interface:
		v.Set(reflect.ValueOf(n.plain()))
		return nil
	case reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		if err := d.decode(n, path, target.Elem()); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	return decodeScalar(n, path, v)
}

func (d *decoder) decodeStruct(n *node, path string, v reflect.Value) error {
	if n.kind != mapping {
		return n.at.errorf(path, "must be a map of %s, not %s", keyList(v.Type()), n.describe())
	}
	for _, e := range n.entries {
		field := fieldOf(v.Type(), e.key)
		if field < 0 {
			return d.unknownKey(e, path, v.Type())
		}
		target := v.Field(field)
		key := join(path, e.key)
		if v.Type().Field(field).Tag.Get("text") == "number" && e.value.kind == scalar {
			target.SetString(e.value.text) // "version: 1.0" means the text 1.0
			continue
		}
		if err := d.decode(e.value, key, target); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) unknownKey(e entry, path string, t reflect.Type) error {
	names := keys(t)
	key := join(path, e.key)
	if path == "training" && (e.key == "target" || e.key == "target_column") {
		return e.at.errorf(key, "unknown key; the target goes with the data, not the configuration: train with --target NAME")
	}
	if table.Nearest(e.key, names) == "" {
		for _, known := range d.known {
			if strings.HasSuffix(known, "."+e.key) {
				return e.at.errorf(key, "unknown key here; did you mean %q?", known)
			}
		}
	}
	return unknownKey(e, key, names)
}

// unknownKey says which keys there are, or the nearest of them.
func unknownKey(e entry, path string, known []string) error {
	if near := table.Nearest(e.key, known); near != "" {
		return e.at.errorf(path, "unknown key; did you mean %q?", near)
	}
	if len(known) == 0 {
		return e.at.errorf(path, "unknown key; nothing can be set here")
	}
	return e.at.errorf(path, "unknown key; known here: %s", strings.Join(known, ", "))
}

func (d *decoder) decodeMap(n *node, path string, v reflect.Value) error {
	if n.kind != mapping {
		return n.at.errorf(path, "must be a map, not %s", n.describe())
	}
	// A new map, so that the defaults' map is never written to.
	out := reflect.MakeMapWithSize(v.Type(), len(n.entries))
	for _, k := range v.MapKeys() {
		out.SetMapIndex(k, v.MapIndex(k))
	}
	for _, e := range n.entries {
		item := reflect.New(v.Type().Elem()).Elem()
		if e.value.kind == null && item.Kind() != reflect.Interface {
			return e.at.errorf(join(path, e.key), "has no value")
		}
		if err := d.decode(e.value, join(path, e.key), item); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(e.key), item)
	}
	v.Set(out)
	return nil
}

func (d *decoder) decodeSlice(n *node, path string, v reflect.Value) error {
	if n.kind != sequence {
		return n.at.errorf(path, "must be a list, not %s", n.describe())
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		at := index(path, i)
		if item.kind == null {
			return item.at.errorf(at, "has no value")
		}
		if err := d.decode(item, at, out.Index(i)); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func decodeScalar(n *node, path string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		if text, ok := n.value.(string); ok {
			v.SetString(text)
			return nil
		}
		return n.at.errorf(path, "must be text, not %s; quote it if text is meant", n.describe())
	case reflect.Bool:
		if truth, ok := n.value.(bool); ok {
			v.SetBool(truth)
			return nil
		}
		return n.at.errorf(path, "must be true or false, not %s", n.describe())
	case reflect.Int, reflect.Int64:
		switch number := n.value.(type) {
		case int64:
			v.SetInt(number)
			return nil
		case float64:
			if number == math.Trunc(number) && math.Abs(number) <= maxWhole {
				v.SetInt(int64(number))
				return nil
			}
		}
		return n.at.errorf(path, "must be a whole number, not %s", n.describe())
	case reflect.Float64:
		switch number := n.value.(type) {
		case int64:
			v.SetFloat(float64(number))
			return nil
		case float64:
			v.SetFloat(number)
			return nil
		}
		return n.at.errorf(path, "must be a number, not %s", n.describe())
	}
	return n.at.errorf(path, "cannot be set from a file (%s)", v.Type())
}

// keys lists the yaml names of a struct's fields in order.
func keys(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func keyList(t reflect.Type) string { return strings.Join(keys(t), ", ") }

// fieldOf returns the index of the field with that yaml name, or -1.
func fieldOf(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name == key && name != "" && name != "-" {
			return i
		}
	}
	return -1
}

// configKeys are the dotted paths of all keys, in order.
var configKeys = func() []string {
	var paths []string
	root := reflect.TypeFor[Config]()
	for i := range root.NumField() {
		section := root.Field(i).Tag.Get("yaml")
		if section == "" {
			continue
		}
		for _, key := range keys(root.Field(i).Type) {
			paths = append(paths, section+"."+key)
		}
	}
	return slices.Clip(paths)
}()
