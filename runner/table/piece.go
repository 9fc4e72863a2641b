package table

import "math"

// piece is a run of one column's cells with the kind that fits just these. A
// column's kind is known only when all of its pieces are.
type piece struct {
	kind   Kind // 0 while every cell is null
	rows   int
	floats []float64
	ints   []int64
	bools  []bool
	codes  []uint32
	dict   []string
	nulls  []bool // nil when no cell is null; not used where kind is 0
	// soft says that some cells taken for null are text if the column turns
	// out to hold text: a quoted "" or "NA".
	soft bool
}

// joinKinds returns the narrowest kind that holds both; 0 fits every kind.
func joinKinds(a, b Kind) Kind {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	case a == Int64 && b == Float64 || a == Float64 && b == Int64:
		return Float64
	}
	return String
}

// columnKind returns the kind that holds all pieces; a column of nulls only is
// Float64, unless some of them may be text.
func columnKind(pieces []piece) Kind {
	var kind Kind
	soft := false
	for i := range pieces {
		kind = joinKinds(kind, pieces[i].kind)
		soft = soft || pieces[i].soft
	}
	switch {
	case kind != 0:
		return kind
	case soft:
		return String
	}
	return Float64
}

// lacksText reports whether the piece must be read again to belong to a column
// of text: its cells' text is gone.
func (p *piece) lacksText() bool { return p.kind != String && (p.kind != 0 || p.soft) }

// joinPieces makes the column of the given kind, letting go of each piece as its
// cells are copied. No piece may lack text if kind is String.
func joinPieces(name string, kind Kind, pieces []piece) *Column {
	rows, anyNulls := 0, false
	for i := range pieces {
		rows += pieces[i].rows
		anyNulls = anyNulls || pieces[i].nulls != nil || pieces[i].kind == 0
	}
	c := &Column{name: name, kind: kind}
	if anyNulls {
		c.nulls = make([]bool, rows)
	}
	var text *textJoin
	switch kind {
	case Float64:
		c.floats = make([]float64, rows)
	case Int64, Time:
		c.ints = make([]int64, rows)
	case Bool:
		c.bools = make([]bool, rows)
	case String:
		c.codes = make([]uint32, rows)
		text = &textJoin{codes: make(map[string]uint32)}
	}
	at := 0
	for i := range pieces {
		p := &pieces[i]
		end := at + p.rows
		switch {
		case p.kind == 0:
			for j := at; j < end; j++ {
				c.nulls[j] = true
			}
			if kind == Float64 {
				fill(c.floats[at:end], math.NaN())
			}
		case kind == Float64 && p.kind == Int64:
			for j, v := range p.ints {
				c.floats[at+j] = float64(v)
			}
			for j, null := range p.nulls {
				if null {
					c.floats[at+j] = math.NaN()
				}
			}
		case kind == Float64:
			copy(c.floats[at:end], p.floats)
		case kind == Bool:
			copy(c.bools[at:end], p.bools)
		case kind == String:
			text.add(c.codes[at:end], p)
		default:
			copy(c.ints[at:end], p.ints)
		}
		if p.nulls != nil {
			copy(c.nulls[at:end], p.nulls)
		}
		at = end
		*p = piece{}
	}
	if text != nil {
		c.dict = text.dict
	}
	c.nulls = anyNull(c.nulls)
	return c
}

// textJoin merges dictionaries in order of first appearance.
type textJoin struct {
	dict  []string
	codes map[string]uint32
}

// add translates a piece's codes into the joint dictionary. Values that no cell
// of the piece uses are left out.
func (t *textJoin) add(out []uint32, p *piece) {
	const unseen = math.MaxUint32
	translated := make([]uint32, len(p.dict))
	for i := range translated {
		translated[i] = unseen
	}
	for i, code := range p.codes {
		if p.nulls != nil && p.nulls[i] {
			continue
		}
		joint := translated[code]
		if joint == unseen {
			value := p.dict[code]
			known, ok := t.codes[value]
			if !ok {
				known = uint32(len(t.dict))
				t.dict = append(t.dict, value)
				t.codes[value] = known
			}
			joint = known
			translated[code] = joint
		}
		out[i] = joint
	}
}

func fill[T any](cells []T, value T) {
	for i := range cells {
		cells[i] = value
	}
}
