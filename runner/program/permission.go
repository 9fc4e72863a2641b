package program

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Permission is what programs may run and where. The zero Permission allows
// nothing.
type Permission struct {
	// Allowed are absolute paths of programs, or of directories beneath which every
	// program is allowed.
	Allowed []string
	// Base is where relative paths of programs start; "": they are refused.
	Base string
	// Scratch is the directory for the folders that programs work in; "": the
	// system's for temporary files.
	Scratch string
}

type contextKey struct{}

// With returns a context in which programs run by that permission.
func With(ctx context.Context, p Permission) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the context's permission; without one nothing is allowed.
func From(ctx context.Context) Permission {
	p, _ := ctx.Value(contextKey{}).(Permission)
	return p
}

// ForbiddenError says that a program may not run here.
type ForbiddenError struct {
	Program string // its resolved path
}

// Error tells how it would be allowed.
func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("program %s is not allowed here; who runs this worker or command line allows it with --allow-program %s", e.Program, e.Program)
}

// Resolve returns the real path of a program that may run. Errors: a
// [*ForbiddenError] for one that may not, also where it does not exist, and an
// [*Error] for what is no program.
func (p Permission) Resolve(path string) (string, error) {
	if path == "" {
		return "", &Error{Kind: Fault, Problem: "no program is named"}
	}
	if !filepath.IsAbs(path) {
		if p.Base == "" || !filepath.IsAbs(p.Base) {
			return "", &Error{Program: path, Kind: Fault, Problem: "is no absolute path"}
		}
		path = filepath.Join(p.Base, path)
	}
	path = filepath.Clean(path)
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		// Who may not run it does not learn what files there are.
		if !p.allows(path) {
			return "", &ForbiddenError{Program: path}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return "", &Error{Program: path, Kind: Fault, Problem: "does not exist", Err: err}
		}
		return "", &Error{Program: path, Kind: Fault, Problem: "cannot be looked at: " + err.Error(), Err: err}
	}
	if !p.allows(resolved) {
		return "", &ForbiddenError{Program: resolved}
	}
	info, err := os.Stat(resolved)
	switch {
	case err != nil:
		return "", &Error{Program: resolved, Kind: Fault, Problem: "cannot be looked at: " + err.Error(), Err: err}
	case !info.Mode().IsRegular():
		return "", &Error{Program: resolved, Kind: Fault, Problem: "is no file"}
	case info.Mode()&0o111 == 0:
		return "", &Error{Program: resolved, Kind: Fault, Problem: "is not executable; make it so with chmod +x"}
	}
	return resolved, nil
}

// allows looks a resolved path up. What was allowed may be a link itself.
func (p Permission) allows(resolved string) bool {
	for _, allowed := range p.Allowed {
		if !filepath.IsAbs(allowed) {
			continue
		}
		target, err := filepath.EvalSymlinks(allowed)
		if err != nil {
			target = filepath.Clean(allowed)
		}
		if resolved == target {
			return true
		}
		info, err := os.Stat(target)
		if err == nil && info.IsDir() && strings.HasPrefix(resolved, strings.TrimSuffix(target, string(filepath.Separator))+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// CheckAllowed returns a path to be allowed as an absolute one: from base, where it
// is relative. It must exist.
func CheckAllowed(base, path string) (string, error) {
	if path == "" {
		return "", errors.New("a path is empty")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is neither a file nor a directory", path)
	}
	return path, nil
}
