package registry

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// NameError says that a text cannot be a name, an alias or a reference.
type NameError struct {
	Name    string
	Kind    string // "model name", "alias", "reference"
	Problem string // what such a name is like
}

// Error tells how it must be.
func (e *NameError) Error() string {
	name := e.Name
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	article := "a"
	if e.Kind == "alias" {
		article = "an"
	}
	return fmt.Sprintf("%s is no %s: %s %s %s", strconv.Quote(name), e.Kind, article, e.Kind, e.Problem)
}

// NotFoundError says that a registry, a model, a version or an alias is not there.
type NotFoundError struct {
	Ref      Ref
	Registry string
	Reason   string // what there is instead, and what to do
}

// Error tells what there is instead.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s is not in the model registry %s: %s", e.Ref, e.Registry, e.Reason)
}

// Is makes errors.Is(err, fs.ErrNotExist) true.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// TakenError says that a name is too like that of another model.
type TakenError struct{ Name, Other string }

// Error names both.
func (e *TakenError) Error() string {
	return fmt.Sprintf("the model name %q is taken by %q, which differs in case alone; use that one or another", e.Name, e.Other)
}

// ProtectedError says that something is not deleted because an alias points to
// it, or because it is a whole model.
type ProtectedError struct {
	Ref     Ref
	Aliases []string // that point to it
	Count   int      // versions that would go with it
}

// Error tells what protects it and how to delete it all the same.
func (e *ProtectedError) Error() string {
	if e.Ref.Version == 0 {
		return fmt.Sprintf("%s has %d versions, which would all be deleted; name one of them, or force it", e.Ref, e.Count)
	}
	return fmt.Sprintf("%s is not deleted: the alias %s points to it; move that first, or force it", e.Ref, strings.Join(e.Aliases, ", "))
}

// CorruptError says that a file of the registry is not as it was written.
type CorruptError struct {
	File    string
	Problem string
	Err     error // the system's error, where there is one
}

// Error names the file and tells what to do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("model registry: %s %s; it is not used, and nothing was changed: restore it from a backup, or move its directory away to start that model anew",
		e.File, e.Problem)
}

// Unwrap returns the system's error.
func (e *CorruptError) Unwrap() error { return e.Err }

// LimitError says that a bound of the registry is reached.
type LimitError struct{ Problem string }

// Error tells which.
func (e *LimitError) Error() string { return "model registry: " + e.Problem }
