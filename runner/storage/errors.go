package storage

import (
	"fmt"
	"io/fs"
	"strings"
)

// NotFoundError says that nothing is at a location.
type NotFoundError struct {
	Location string // as it was asked for
	Path     string // the first part of it that does not exist
	Near     string // a name beside it that may have been meant; "" if none
}

// Error names the path and offers the nearest name.
func (e *NotFoundError) Error() string {
	text := e.Location + ": no such file or directory"
	if e.Path != "" && e.Path != e.Location {
		text = fmt.Sprintf("%s: %s does not exist", e.Location, e.Path)
	}
	if e.Near != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Near)
	}
	return text
}

// Is makes errors.Is(err, fs.ErrNotExist) true.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// ConflictError says that something was not replaced, because it is not any more
// what it was to be.
type ConflictError struct {
	Location string
	Tag      string // that it was to have; "": it was not to be there
}

// Error says what was expected.
func (e *ConflictError) Error() string {
	if e.Tag == "" {
		return e.Location + " is there already; it was to be made only where nothing is"
	}
	return fmt.Sprintf("%s is not any more what was read (version %s); read it again", e.Location, e.Tag)
}

// Is makes errors.Is(err, fs.ErrExist) true of what was not to be there.
func (e *ConflictError) Is(target error) bool { return target == fs.ErrExist && e.Tag == "" }

// UnavailableError says that a store does not answer, or not as it should, for now: the
// same may succeed later.
type UnavailableError struct{ Err error }

// Error tells the cause.
func (e *UnavailableError) Error() string { return "the store is not available: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// IsDirectoryError says that a directory is where a file is needed.
type IsDirectoryError struct{ Location string }

// Error names the location.
func (e *IsDirectoryError) Error() string {
	return e.Location + " is a directory, not a file"
}

// NotDirectoryError says that a file is where a directory is needed.
type NotDirectoryError struct{ Location string }

// Error names the location.
func (e *NotDirectoryError) Error() string {
	return e.Location + " is a file, not a directory"
}

// ForbiddenError says that a location lies outside what is allowed.
type ForbiddenError struct {
	Location string   // as it was asked for
	Path     string   // where it leads
	Roots    []string // the directories that somebody allowed, each once
	Reason   string   // what else is wrong; "" if it only lies outside
}

// Error names the path and the allowed roots.
func (e *ForbiddenError) Error() string {
	reason := e.Reason
	switch {
	case reason != "":
	case len(e.Roots) == 0:
		reason = "lies outside the allowed directories, of which there are none"
	default:
		reason = "lies outside the allowed directories"
	}
	leads := ""
	if e.Path != "" && e.Path != e.Location {
		leads = " (" + e.Path + ")"
	}
	text := fmt.Sprintf("%s%s %s", e.Location, leads, reason)
	if len(e.Roots) > 0 {
		text += ": " + strings.Join(e.Roots, ", ")
	}
	return text
}

// Is makes errors.Is(err, fs.ErrPermission) true.
func (e *ForbiddenError) Is(target error) bool { return target == fs.ErrPermission }

// SchemeError says that a URL's scheme is not known, or cannot do what was asked.
type SchemeError struct {
	Location string
	Scheme   string
	Problem  string   // what it cannot do; "" if it is not known
	Known    []string // the schemes there are, sorted
}

// Error names the scheme and the known ones.
func (e *SchemeError) Error() string {
	if e.Problem != "" {
		return fmt.Sprintf("%s: a %s:// location %s", e.Location, e.Scheme, e.Problem)
	}
	return fmt.Sprintf("%s: unknown scheme %q (known: %s)", e.Location, e.Scheme, strings.Join(e.Known, ", "))
}

// KeyError says that a key is not one a [Bucket] takes.
type KeyError struct{ Key string }

// Error names the key.
func (e *KeyError) Error() string {
	return fmt.Sprintf("key %q: keys are slash-separated, without a leading slash and without the elements \"\", \".\" and \"..\"", e.Key)
}

// PatternError says that a pattern of keys is malformed.
type PatternError struct{ Pattern string }

// Error shows the pattern.
func (e *PatternError) Error() string {
	return fmt.Sprintf("pattern %q is malformed: *, ?, [a-z], ** and {a,b} stand for others, and each bracket must be closed", e.Pattern)
}
