package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"mlops/runner/table"
)

// Validate checks ranges and choices. It is needed only for a configuration
// built or changed in code; the error is an [*Error].
func (c *Config) Validate() error {
	return validate(reflect.ValueOf(*c), "", c.places)
}

// ErrorAt makes an error about the key of a dotted path, such as
// "training.params.num_leaves", at its place in the file it came from.
func (c *Config) ErrorAt(path, format string, args ...any) *Error {
	return c.places.find(path).errorf(path, format, args...)
}

// validate walks a struct's fields and checks those with range, enum or text
// tags.
func validate(v reflect.Value, path string, at places) error {
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		name := field.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		key := join(path, name)
		if err := validateField(v.Field(i), key, field.Tag, at); err != nil {
			return err
		}
	}
	return nil
}

func validateField(v reflect.Value, key string, tag reflect.StructTag, at places) error {
	fail := func(format string, args ...any) error { return at.find(key).errorf(key, format, args...) }
	switch v.Kind() {
	case reflect.Struct:
		return validate(v, key, at)
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return validateField(v.Elem(), key, tag, at)
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			if err := validateField(v.MapIndex(name), join(key, name.String()), tag, at); err != nil {
				return err
			}
		}
	case reflect.String:
		if choices := tag.Get("enum"); choices != "" {
			return checkChoice(v.String(), strings.Split(choices, "|"), fail)
		}
		return checkText(v.String(), tag.Get("text"), fail)
	case reflect.Int, reflect.Int64:
		return checkRange(float64(v.Int()), tag.Get("range"), fail)
	case reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return fail("must be a finite number")
		}
		if tag.Get("part") != "" {
			return checkPart(v.Float(), fail)
		}
		return checkRange(v.Float(), tag.Get("range"), fail)
	}
	return nil
}

func checkChoice(value string, choices []string, fail func(string, ...any) error) error {
	if slices.Contains(choices, value) {
		return nil
	}
	known := strings.Join(choices, ", ")
	if near := table.Nearest(value, choices); near != "" {
		return fail("unknown value %q; did you mean %q? (known: %s)", value, near, known)
	}
	return fail("unknown value %q (known: %s)", value, known)
}

// checkRange checks an interval such as "[0,1)" or "(0,)".
func checkRange(value float64, tag string, fail func(string, ...any) error) error {
	if tag == "" {
		return nil
	}
	if r := intervalOf(tag); !r.has(value) {
		return fail("must be %s, not %v", r, value)
	}
	return nil
}

// checkPart checks the size of a part of the rows, by a part:"rows" tag: 0, a
// fraction, or a count.
func checkPart(size float64, fail func(string, ...any) error) error {
	if size >= 0 && size < 1 || size >= 1 && size == math.Trunc(size) && size <= maxWhole {
		return nil
	}
	return fail("must be "+partText+", not %v", size)
}

// partText says what checkPart takes.
const partText = "0 (no validation part), a fraction above 0 and below 1, or a count of rows of at least 1"

// longestName is how many bytes a file name may have.
const longestName = 200

// checkText checks a text by its role: a path and a word must not be empty, a name
// must be one plain file name, a time RFC 3339 or empty.
func checkText(value, role string, fail func(string, ...any) error) error {
	switch {
	case strings.ContainsRune(value, 0):
		return fail("must not contain a NUL byte")
	case (role == "path" || role == "word") && value == "":
		return fail("must not be empty")
	case role == "name" && !plainName(value):
		return fail("must be a plain file name without slashes, not %q", shorten(value))
	case role == "name" && len(value) > longestName:
		return fail("must have at most %d bytes", longestName)
	case role == "time" && value != "":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return fail("must be a time such as 2006-01-02T15:04:05Z (RFC 3339), not %q", shorten(value))
		}
	}
	return nil
}

func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\:\n\r\t")
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
