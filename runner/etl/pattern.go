package etl

import (
	"path"
	"strings"

	"mlops/runner/config"
)

// plainSlash stands for a slash where names are matched, so that * reaches across it.
const plainSlash = "\x1f"

// Matches tells whether a name matches one of the patterns: as of a shell, with *, ?
// and [classes], of which * also matches slashes. A pattern that is none matches
// nothing: see [CheckPattern].
func Matches(name string, patterns ...string) bool {
	name = strings.ReplaceAll(name, "/", plainSlash)
	for _, p := range patterns {
		if ok, err := path.Match(strings.ReplaceAll(p, "/", plainSlash), name); ok && err == nil {
			return true
		}
	}
	return false
}

// CheckPattern refuses what is no pattern, as an error about the section's key.
func CheckPattern(s config.Section, key, pattern string) error {
	if pattern == "" {
		return s.ErrorAt(key, "a name or pattern must not be empty")
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return s.ErrorAt(key, "the pattern %q has a [ without its end", pattern)
	}
	return nil
}
