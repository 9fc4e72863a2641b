package pipeline

import (
	"path/filepath"
	"strings"
)

// Locate resolves a relative path from base, where one is given. URLs and
// absolute paths stay as they are.
func Locate(base, location string) string {
	if base == "" || location == "" || isURL(location) || filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(base, location)
}

func isURL(location string) bool { return strings.Contains(location, "://") }
