package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mlops/proto/artifacts"
	"mlops/runner/table"
)

// maxOffered bounds how many names an error lists.
const maxOffered = 5

// DataFile checks a data file named on the command line, relative to dir, and
// returns its absolute path, or the URL of an artifact or of a bucket's object as it
// is.
func DataFile(dir, location string) (string, error) {
	if artifacts.IsURL(location) {
		_, name, err := artifacts.ParseURL(location)
		if err != nil {
			return "", err
		}
		if _, err := table.FormatOf(name); err != nil {
			return "", err
		}
		return location, nil
	}
	if IsBucket(location) {
		_, err := table.FormatOf(location)
		return location, err
	}
	path := Absolute(dir, location)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("data file %s does not exist%s", location, offer(path, isData))
	case err != nil:
		return "", fmt.Errorf("data file %s: %w", location, err)
	case info.IsDir():
		return "", fmt.Errorf("%s is a directory; name a data file%s", location, contents(path))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", location)
	}
	if _, err := table.FormatOf(path); err != nil {
		return "", fmt.Errorf("data file %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("data file %s: %w", location, err)
	}
	return path, file.Close()
}

// ModelDir checks a deployment's directory and returns its absolute path, or an
// artifact's URL as it is.
func ModelDir(dir, location string) (string, error) {
	if artifacts.IsURL(location) {
		_, _, err := artifacts.ParseURL(location)
		return location, err
	}
	path := Absolute(dir, location)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("model directory %s does not exist%s", location, offer(path, fs.DirEntry.IsDir))
	case err != nil:
		return "", fmt.Errorf("model directory %s: %w", location, err)
	case !info.IsDir():
		return "", fmt.Errorf("%s is a file; name the model's directory, e.g. %s", location, filepath.Dir(location))
	}
	return path, nil
}

// OutputFile checks that a file may be written and returns its absolute path.
// endings are the file endings that are known; none: any.
func OutputFile(dir, location string, endings ...string) (string, error) {
	path := location
	if !IsBucket(location) {
		path = Absolute(dir, location)
	}
	if len(endings) > 0 && !hasEnding(path, endings) {
		return "", fmt.Errorf("output file %s: its ending says no known format; use %s", location, strings.Join(endings, ", "))
	}
	if IsBucket(location) {
		return location, nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", fmt.Errorf("output file %s is a directory; name a file in it", location)
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("output file %s: the directory %s does not exist; make it first", location, filepath.Dir(path))
	case err != nil:
		return "", fmt.Errorf("output file %s: %w", location, err)
	case !info.IsDir():
		return "", fmt.Errorf("output file %s: %s is not a directory", location, filepath.Dir(path))
	}
	return path, nil
}

// IsBucket tells whether a location is an object of a bucket, which every worker that
// may can open by itself.
func IsBucket(location string) bool { return strings.HasPrefix(location, "s3://") }

func hasEnding(path string, endings []string) bool {
	ending := strings.ToLower(filepath.Ext(path))
	for _, e := range endings {
		if e == ending {
			return true
		}
	}
	return false
}

// Absolute is the path that a location on the command line names, relative to dir.
func Absolute(dir, location string) string {
	location = strings.TrimPrefix(location, "file://")
	if filepath.IsAbs(location) {
		return filepath.Clean(location)
	}
	return filepath.Join(dir, location)
}

func isData(entry fs.DirEntry) bool {
	_, err := table.FormatOf(entry.Name())
	return err == nil && !entry.IsDir()
}

// offer names the sibling of a missing path that is most like it.
func offer(path string, wanted func(fs.DirEntry) bool) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return fmt.Sprintf(": there is no directory %s either", filepath.Dir(path))
	}
	var names []string
	for _, e := range entries {
		if wanted(e) {
			names = append(names, e.Name())
		}
	}
	if nearest := table.Nearest(filepath.Base(path), names); nearest != "" {
		return fmt.Sprintf("; did you mean %q?", nearest)
	}
	return ""
}

// contents lists the data files of a directory.
func contents(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		if isData(e) {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > maxOffered:
		names = append(names[:maxOffered], "…")
	}
	return " in it: " + strings.Join(names, ", ")
}
