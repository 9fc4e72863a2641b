package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/table"
)

// place is where a local location leads: rel within the directory root, both
// real paths without symbolic links.
type place struct {
	location string
	root     string
	rel      string
}

func (p *place) abs() string { return filepath.Join(p.root, p.rel) }

// schemeOf returns the scheme of a URL, "" for a path.
func schemeOf(location string) string {
	scheme, _, ok := strings.Cut(location, "://")
	if !ok || scheme == "" {
		return ""
	}
	for _, c := range scheme {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.') {
			return ""
		}
	}
	return strings.ToLower(scheme)
}

// localName returns the path that a plain or file:// location names.
func localName(location string) (string, error) {
	if schemeOf(location) == "" {
		return location, nil
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("%s: %w", location, err)
	}
	if u.Host != "" && u.Host != "localhost" {
		return "", &SchemeError{Location: location, Scheme: "file", Problem: "names a file of this machine: write file:///path with three slashes"}
	}
	return filepath.FromSlash(u.Path), nil
}

// locate resolves a plain or file:// location to its real path and checks that
// it lies in an allowed root. With follow, a symbolic link at its end is
// followed too.
func (o *Opener) locate(location string, follow bool) (*place, error) {
	if !IsLocal(location) {
		return nil, &SchemeError{Location: location, Scheme: schemeOf(location), Problem: "is not a local path"}
	}
	name, err := localName(location)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "":
		return nil, errors.New("an empty path names no file")
	case strings.IndexByte(name, 0) >= 0:
		return nil, fmt.Errorf("%q: a path cannot hold a NUL byte", location)
	case !filepath.IsAbs(name):
		name = filepath.Join(o.options.Base, name)
	}
	if name, err = filepath.Abs(name); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	var real string
	if parent := filepath.Dir(name); follow || parent == name {
		real, err = realPath(name)
	} else if real, err = realPath(parent); err == nil {
		real = filepath.Join(real, filepath.Base(name))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	roots := o.roots()
	if len(roots) == 0 {
		root := filepath.VolumeName(real) + string(filepath.Separator)
		return within(root, real, location), nil
	}
	for _, allowed := range roots {
		root, err := filepath.Abs(allowed)
		if err == nil {
			root, err = realPath(root)
		}
		if err != nil {
			return nil, fmt.Errorf("allowed directory %s: %w", allowed, err)
		}
		if p := within(root, real, location); p != nil {
			return p, nil
		}
	}
	return nil, &ForbiddenError{Location: location, Path: real, Roots: o.namedRoots()}
}

// within returns the place of real under root, nil if it lies outside.
func within(root, real, location string) *place {
	rel, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return &place{location: location, root: root, rel: rel}
}

// realPath follows the symbolic links of the part of a path that exists and
// leaves the rest. A link that leads nowhere is an error: what will stand there
// cannot be checked.
func realPath(path string) (string, error) {
	rest := ""
	for existing := path; ; {
		real, err := filepath.EvalSymlinks(existing)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if !notExist(err) {
			return "", err
		}
		if info, err := os.Lstat(existing); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", fmt.Errorf("%s is a symbolic link that leads nowhere", existing)
		}
		parent := filepath.Dir(existing)
		if parent == existing {
			return "", err
		}
		rest = filepath.Join(filepath.Base(existing), rest)
		existing = parent
	}
}

// do runs f on the root that the place lies in.
func (p *place) do(f func(root *os.Root) error) error {
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return fmt.Errorf("%s: %w", p.location, err)
	}
	defer root.Close()
	return p.explain(root, f(root))
}

// explain names what is missing, and what may have been meant instead.
func (p *place) explain(root *os.Root, err error) error {
	if err == nil || !notExist(err) {
		return err
	}
	missing := p.rel
	for {
		parent := filepath.Dir(missing)
		if _, err := root.Stat(parent); err == nil || parent == "." {
			return &NotFoundError{Location: p.location, Path: filepath.Join(p.root, missing), Near: p.near(root, parent, filepath.Base(missing))}
		}
		missing = parent
	}
}

// near returns a name in dir close to the one that is missing.
func (p *place) near(root *os.Root, dir, name string) string {
	f, err := root.Open(dir)
	if err != nil {
		return ""
	}
	defer f.Close()
	const enough = 10_000
	names, err := f.Readdirnames(enough)
	if err != nil {
		return ""
	}
	return table.Nearest(name, names)
}
