package output

import (
	"fmt"
	"slices"
	"strings"
)

// Format is a way to print a result.
type Format string

// The formats.
const (
	Table Format = "table" // aligned text for people
	JSON  Format = "json"  // one JSON document
	YAML  Format = "yaml"  // one YAML document
	Name  Format = "name"  // nothing but ids or directories, one a line
)

// formats lists every format, in the order of the help text.
var formats = []Format{Table, JSON, YAML, Name}

// Formats returns the names of all formats.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return names
}

// ParseFormat returns the format of this name.
func ParseFormat(name string) (Format, error) {
	if slices.Contains(formats, Format(name)) {
		return Format(name), nil
	}
	return "", fmt.Errorf("%q is no output format; use %s", name, strings.Join(Formats(), ", "))
}
