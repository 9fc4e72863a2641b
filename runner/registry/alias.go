package registry

import (
	"context"
	"errors"
	"fmt"
)

// Promotion asks for an alias to be moved.
type Promotion struct {
	To     Ref    // a version, or another alias of the same model; the model alone means its newest
	Alias  string // see [CheckAlias]
	By     string // who asks
	Reason string
}

// Promote points an alias to a version, in one step, and records the move. The
// move is returned; where the alias points there already, nothing is recorded and
// From equals To.
func (r *Registry) Promote(ctx context.Context, p Promotion) (m Move, err error) {
	if err := errors.Join(CheckName(p.To.Name), CheckAlias(p.Alias)); err != nil {
		return Move{}, err
	}
	if _, err := r.find(p.To); err != nil { // makes no registry just to find nothing in it
		return Move{}, err
	}
	c, err := r.begin(ctx)
	if err != nil {
		return Move{}, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	d, err := c.existing(p.To)
	if err != nil {
		return Move{}, err
	}
	v, err := r.pick(d, p.To)
	if err != nil {
		return Move{}, err
	}
	m = Move{By: p.By, Alias: p.Alias, To: v.Number, Reason: p.Reason}
	if d.Aliases[p.Alias] == v.Number {
		m.Time, m.From = r.now().UTC(), v.Number
		return m, nil
	}
	m = c.move(d, m)
	if err := c.write(d); err != nil {
		return Move{}, fmt.Errorf("promote %s: %w", p.To, err)
	}
	return m, nil
}

// move points an alias to m.To, or removes it where that is 0, and records it.
func (c *change) move(d *document, m Move) Move {
	m.Time, m.From = c.registry.now().UTC(), d.Aliases[m.Alias]
	if m.To == 0 {
		delete(d.Aliases, m.Alias)
	} else {
		d.Aliases[m.Alias] = m.To
	}
	d.History = append(d.History, m)
	return m
}
