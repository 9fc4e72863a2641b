package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Deletion asks for a version or a whole model to be deleted.
type Deletion struct {
	Ref   Ref    // a version or an alias of one; the model alone means all of it
	Force bool   // also what an alias points to, and whole models
	By    string // who asks
}

// Delete removes a version, or a model with all its versions, and returns the
// numbers that it removed. What an alias points to, "latest" included, and a
// whole model give a [*ProtectedError], unless it is forced; then the aliases go,
// too. Numbers of deleted versions are not given again while the model exists.
func (r *Registry) Delete(ctx context.Context, q Deletion) (removed []int, err error) {
	if _, err := r.find(q.Ref); err != nil { // makes no registry just to find nothing in it
		return nil, err
	}
	c, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	d, err := c.existing(q.Ref)
	if err != nil {
		return nil, err
	}
	if q.Ref.Version == 0 && q.Ref.Alias == "" {
		return c.deleteModel(d, q)
	}
	v, err := r.pick(d, q.Ref)
	if err != nil {
		return nil, err
	}
	if aliases := d.pointingTo(v.Number); len(aliases) > 0 && !q.Force {
		return nil, &ProtectedError{Ref: Ref{Name: q.Ref.Name, Version: v.Number}, Aliases: aliases}
	}
	for _, alias := range d.storedAliases(v.Number) {
		c.move(d, Move{By: q.By, Alias: alias, Reason: fmt.Sprintf("version %d deleted", v.Number)})
	}
	return []int{v.Number}, c.drop(d, v.Number)
}

func (c *change) deleteModel(d *document, q Deletion) ([]int, error) {
	if !q.Force {
		return nil, &ProtectedError{Ref: q.Ref, Count: len(d.Versions)}
	}
	trash := trashPrefix + uuid.NewString()
	err := c.root.Rename(d.Name, trash)
	if err == nil {
		err = syncDir(c.root, ".")
	}
	if err == nil {
		err = c.root.RemoveAll(trash)
	}
	if err != nil {
		return nil, fmt.Errorf("delete %s: %w", q.Ref, err)
	}
	var removed []int
	for _, v := range d.Versions {
		removed = append(removed, v.Number)
	}
	return removed, nil
}

// Withdraw takes a registration back: the version goes, and an alias that points
// to it returns to where it was before, if that is still there. A version that is
// gone already is no error.
func (r *Registry) Withdraw(ctx context.Context, name string, number int, by string) (err error) {
	if err := CheckName(name); err != nil {
		return err
	}
	c, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	d, err := c.read(name)
	if err != nil || d == nil || d.version(number) < 0 {
		return err
	}
	for _, alias := range d.storedAliases(number) {
		back := 0
		for _, m := range slices.Backward(d.History) {
			if m.Alias == alias && m.To == number {
				back = m.From
				break
			}
		}
		if d.version(back) < 0 {
			back = 0
		}
		c.move(d, Move{By: by, Alias: alias, To: back, Reason: fmt.Sprintf("version %d withdrawn", number)})
	}
	return c.drop(d, number)
}

// drop makes a version unknown and then removes its directory.
func (c *change) drop(d *document, number int) error {
	i := d.version(number)
	d.Versions = slices.Delete(d.Versions, i, i+1)
	if err := c.write(d); err != nil {
		return fmt.Errorf("delete version %d of %s: %w", number, d.Name, err)
	}
	if err := c.root.RemoveAll(versionDir(d.Name, number)); err != nil {
		return fmt.Errorf("version %d of %s is deleted, but its files could not be removed: %w", number, d.Name, err)
	}
	return nil
}

// storedAliases returns the aliases that point to a version, sorted.
func (d *document) storedAliases(number int) []string {
	var aliases []string
	for _, alias := range slices.Sorted(maps.Keys(d.Aliases)) {
		if d.Aliases[alias] == number {
			aliases = append(aliases, alias)
		}
	}
	return aliases
}

// pointingTo adds "latest" to them.
func (d *document) pointingTo(number int) []string {
	aliases := d.storedAliases(number)
	if d.Versions[len(d.Versions)-1].Number == number {
		aliases = append(aliases, Latest)
	}
	return aliases
}
