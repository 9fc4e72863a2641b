package table

import (
	"fmt"
	"slices"
)

// Concat returns the rows of all tables one after another. They must have the
// same columns; the first table tells the order. A column that is Int64 in some
// and Float64 in others becomes Float64; other mixtures of kinds are an error,
// except that a column of nulls only goes with every kind.
func Concat(tables ...*Table) (*Table, error) {
	if len(tables) == 0 {
		return New()
	}
	first := tables[0]
	rows := first.rows
	for _, t := range tables[1:] {
		if t.NumColumns() != first.NumColumns() {
			return nil, fmt.Errorf("concatenate tables: one has %d columns, another %d", first.NumColumns(), t.NumColumns())
		}
		rows += t.rows
	}
	columns := make([]*Column, first.NumColumns())
	for i, c := range first.columns {
		pieces := make([]piece, 0, len(tables))
		kind := c.kind
		settled := false
		for _, t := range tables {
			part := t.Column(c.name)
			if part == nil {
				return nil, fmt.Errorf("concatenate tables: %w", &MissingColumnError{Name: c.name, Have: t.Names()})
			}
			p := part.piece()
			pieces = append(pieces, p)
			switch {
			case p.kind == 0:
			case !settled:
				kind, settled = p.kind, true
			case p.kind != kind && joinKinds(p.kind, kind) == Float64:
				kind = Float64
			case p.kind != kind:
				return nil, fmt.Errorf("concatenate tables: column %q is %s in one and %s in another", c.name, kind, p.kind)
			}
		}
		columns[i] = joinPieces(c.name, kind, pieces)
	}
	out, err := New(columns...)
	if err != nil {
		return nil, fmt.Errorf("concatenate tables: %w", err)
	}
	out.rows = rows
	return out, nil
}

// piece returns the column's cells as a part of a larger one.
func (c *Column) piece() piece {
	p := piece{kind: c.kind, rows: c.Len(), floats: c.floats, ints: c.ints, bools: c.bools, codes: c.codes, dict: c.dict, nulls: c.nulls}
	if c.Len() == 0 || c.nulls != nil && !slices.Contains(c.nulls, false) {
		return piece{rows: c.Len()}
	}
	return p
}
