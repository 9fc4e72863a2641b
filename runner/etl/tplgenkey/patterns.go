package tplgenkey

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mlops/runner/etl"
)

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// byTrend are settings by the name of a trend, or by a pattern of names.
type byTrend[T any] map[string]T

// of returns the key that is a trend's: its name, or else the one pattern that it
// matches; "" where there is none.
func (b byTrend[T]) of(name string) (string, error) {
	if _, ok := b[name]; ok {
		return name, nil
	}
	found := ""
	for _, pattern := range sortedKeys(b) {
		if !etl.Matches(name, pattern) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("the trend %s matches both %q and %q; narrow one of them, or give the trend a key of its own name", name, found, pattern)
		}
		found = pattern
	}
	return found, nil
}

// listed tells the first names of all.
func listed[T any](all []T, name func(T) string) string {
	const most = 12
	var names []string
	for i, one := range all {
		if i == most {
			names = append(names, fmt.Sprintf("… (%d)", len(all)))
			break
		}
		names = append(names, name(one))
	}
	return strings.Join(names, ", ")
}
