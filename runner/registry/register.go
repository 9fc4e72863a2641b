package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// Registration asks for a new version of a model.
type Registration struct {
	Name string
	// Dir is the directory that becomes the version: a complete deployment, of
	// which a copy is made.
	Dir string
	// Aliases are moved to the new version, as [Registry.Promote] does.
	Aliases []string
	// Facts are kept with it. Facts.Task makes a repeated registration known: where
	// the model has a version of the same task, not empty, that is returned and
	// nothing is changed.
	Facts Facts
}

// Check reports what is wrong with the names of a registration, as a [*NameError].
func (g Registration) Check() error {
	if err := CheckName(g.Name); err != nil {
		return err
	}
	for i, alias := range g.Aliases {
		if err := CheckAlias(alias); err != nil {
			return err
		}
		if slices.Contains(g.Aliases[:i], alias) {
			return &NameError{Name: alias, Kind: "alias", Problem: "is listed once"}
		}
	}
	return nil
}

// Register makes a version of the next number. It is there as a whole, with its
// aliases, or not at all. A name that differs from another model's in case alone
// gives a [*TakenError].
func (r *Registry) Register(ctx context.Context, g Registration) (_ Version, err error) {
	if err := g.Check(); err != nil {
		return Version{}, err
	}
	staged, known, err := r.stage(ctx, g)
	if err != nil || known.Number > 0 {
		return known, err
	}
	defer func() { err = errors.Join(err, staged.Close()) }()
	if err := copyTree(ctx, g.Dir, staged.root, staged.name); err != nil {
		return Version{}, fmt.Errorf("copy %s into the model registry: %w", g.Dir, err)
	}
	return r.commit(ctx, g, staged)
}

// staging is a hidden directory that a version is copied into.
type staging struct {
	root *os.Root
	name string
	lock *os.File // the directory itself, locked
}

// Close removes the directory, unless it has become a version.
func (s *staging) Close() error {
	err := s.root.RemoveAll(s.name)
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return errors.Join(err, s.root.Close())
}

// stage makes a staging directory, unless the version is there already. Since the
// registry is locked meanwhile, nobody takes the directory for an abandoned one
// before it has a lock of its own.
func (r *Registry) stage(ctx context.Context, g Registration) (_ *staging, known Version, err error) {
	c, err := r.begin(ctx)
	if err != nil {
		return nil, Version{}, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	d, err := c.read(g.Name)
	if err != nil {
		return nil, Version{}, err
	}
	if d == nil {
		if err := c.checkTaken(g.Name); err != nil {
			return nil, Version{}, err
		}
	} else if known, ok := d.ofTask(g.Facts.Task); ok {
		return nil, known, nil
	}
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return nil, Version{}, fmt.Errorf("open the model registry: %w", err)
	}
	s := &staging{root: root, name: stagingPrefix + uuid.NewString()}
	err = root.Mkdir(s.name, 0o777)
	if err == nil {
		s.lock, err = root.Open(s.name)
	}
	if err == nil {
		err = unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return nil, Version{}, errors.Join(fmt.Errorf("make a staging directory in the model registry: %w", err), s.Close())
	}
	return s, Version{}, nil
}

// commit gives the staged directory its number and tells of it.
func (r *Registry) commit(ctx context.Context, g Registration, s *staging) (_ Version, err error) {
	c, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	d, err := c.read(g.Name)
	if err != nil {
		return Version{}, err
	}
	if d == nil {
		if d, err = c.newModel(g.Name); err != nil {
			return Version{}, err
		}
	}
	if known, ok := d.ofTask(g.Facts.Task); ok {
		return known, nil
	}
	if len(d.Versions) >= maxVersions {
		return Version{}, &LimitError{Problem: fmt.Sprintf("%s has %d versions already; delete some", g.Name, maxVersions)}
	}
	v := Version{Number: d.NextVersion, CreatedAt: r.now().UTC(), Facts: g.Facts}
	dir := versionDir(g.Name, v.Number)
	err = c.root.Rename(s.name, dir)
	if err == nil {
		err = syncDir(c.root, g.Name)
	}
	if err == nil {
		d.NextVersion++
		d.Versions = append(d.Versions, v)
		for _, alias := range g.Aliases {
			c.move(d, Move{By: g.Facts.By, Alias: alias, To: v.Number, Reason: "registered"})
		}
		err = c.write(d)
	}
	if err != nil {
		return Version{}, errors.Join(fmt.Errorf("register %s: %w", g.Name, err), c.takeBack(g.Name, v.Number))
	}
	return v, nil
}

// takeBack removes the directory of a version that could not be told of. Whether
// it could is read from the disk: a failed sync may leave the new document.
func (c *change) takeBack(name string, number int) error {
	d, err := c.registry.read(c.root, name)
	if err != nil || d == nil || d.version(number) >= 0 {
		return err
	}
	return c.root.RemoveAll(versionDir(name, number))
}

// newModel makes a model without versions. Its document comes before its first
// version, so that versions without a document always mean damage.
func (c *change) newModel(name string) (*document, error) {
	if err := c.checkTaken(name); err != nil {
		return nil, err
	}
	if err := c.root.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the model %s: %w", name, err)
	}
	if err := syncDir(c.root, "."); err != nil {
		return nil, fmt.Errorf("make the model %s: %w", name, err)
	}
	d := newDocument(name)
	return d, c.write(d)
}

// checkTaken refuses a new name that a file system may take for another model's.
func (c *change) checkTaken(name string) error {
	names, err := modelNames(c.root)
	if err != nil {
		return fmt.Errorf("list the model registry: %w", err)
	}
	for _, other := range names {
		if other != name && strings.EqualFold(other, name) {
			return &TakenError{Name: name, Other: other}
		}
	}
	return nil
}

// ofTask returns the version that a task registered.
func (d *document) ofTask(task string) (Version, bool) {
	for _, v := range d.Versions {
		if task != "" && v.Task == task {
			return v, true
		}
	}
	return Version{}, false
}
