package pipeline

import (
	"path/filepath"
	"strings"
)

// Locate resolves a relative path from base, where one is given. URLs and
// absolute paths stay as they are.
func Locate(base, location string) string {
	if base == "" || location == "" || !IsRelative(location) {
		return location
	}
	return filepath.Join(base, location)
}

// IsRelative tells whether a location is neither a URL nor an absolute path.
func IsRelative(location string) bool { return !isURL(location) && !filepath.IsAbs(location) }

func isURL(location string) bool { return strings.Contains(location, "://") }
