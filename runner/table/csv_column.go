package table

import "math"

// csvColumns turns the cells of one chunk into pieces of columns, each column
// by itself: a loop over cells of one kind, begun again with the next wider kind
// when a cell does not fit.
type csvColumns struct {
	data    []byte
	cells   []cell
	columns int // cells in a row
	rows    int
	nullSet *nullSet
	scratch []byte
}

// nullSet tells the texts that mean null.
type nullSet struct {
	values map[string]bool
	empty  bool // the empty cell is one of them
	strict bool // quoted cells are never text instead
	max    int  // length of the longest
}

func newNullSet(values []string) *nullSet {
	s := &nullSet{strict: values != nil}
	if values == nil {
		values = DefaultNullValues
	}
	s.values = make(map[string]bool, len(values))
	for _, v := range values {
		s.values[v] = true
		s.max = max(s.max, len(v))
	}
	s.empty = s.values[""]
	return s
}

func (s *nullSet) has(b []byte) bool {
	return len(b) == 0 && s.empty || len(b) <= s.max && len(b) > 0 && s.values[string(b)]
}

// infer returns column j with the kind that its cells have.
func (c *csvColumns) infer(j int) piece {
	p := piece{rows: c.rows}
	first := c.firstValue(j, &p)
	if first == c.rows {
		return p
	}
	text := trimBlank(c.text(first, j))
	if _, ok := parseInt(text); ok {
		if c.fillInts(j, &p, parseInt) < 0 {
			return p
		}
	}
	if _, ok := parseFloat(text); ok {
		if c.fillFloats(j, &p) < 0 {
			return p
		}
	} else if _, ok := parseBool(text); ok {
		if c.fillBools(j, &p, parseBool) < 0 {
			return p
		}
	} else if _, ok := parseTime(text); ok {
		if c.fillInts(j, &p, parseTime) < 0 {
			p.kind = Time
			return p
		}
	}
	c.fillText(j, &p)
	return p
}

// force returns column j with the given kind, or the row of the first cell that
// does not fit; -1 if all do.
func (c *csvColumns) force(j int, kind Kind) (piece, int) {
	p := piece{rows: c.rows}
	bad := -1
	switch kind {
	case Float64:
		bad = c.fillFloats(j, &p)
	case Int64:
		bad = c.fillInts(j, &p, parseWhole)
	case Time:
		bad = c.fillInts(j, &p, parseTime)
		p.kind = Time
	case Bool:
		bad = c.fillBools(j, &p, parseTruth)
	default:
		c.fillText(j, &p)
	}
	return p, bad
}

// text returns the content of the cell in row i and column j.
func (c *csvColumns) text(i, j int) []byte {
	return c.cells[i*c.columns+j].bytes(c.data, &c.scratch)
}

// isNull reports whether a cell that fits no other kind means null.
func (c *csvColumns) isNull(i, j int, p *piece) bool {
	where := c.cells[i*c.columns+j]
	b := where.bytes(c.data, &c.scratch)
	if !where.quoted() {
		return c.nullSet.has(trimBlank(b))
	}
	if !c.nullSet.has(b) {
		return false
	}
	p.soft = p.soft || !c.nullSet.strict
	return true
}

// firstValue returns the first row whose cell is not null, c.rows if none.
func (c *csvColumns) firstValue(j int, p *piece) int {
	for i := range c.rows {
		if !c.isNull(i, j, p) {
			return i
		}
	}
	return c.rows
}

func (p *piece) setNull(i int) {
	if p.nulls == nil {
		p.nulls = make([]bool, p.rows)
	}
	p.nulls[i] = true
}

// fillFloats returns the first row that holds no number, -1 if there is none.
func (c *csvColumns) fillFloats(j int, p *piece) int {
	p.kind, p.nulls, p.ints = Float64, nil, nil
	out := make([]float64, c.rows)
	at := j
	for i := range out {
		where := c.cells[at]
		at += c.columns
		value, ok := parseFloatAt(c.data, int(where.start&cellMask), int(where.end&cellMask))
		if !ok {
			if c.isNull(i, j, p) {
				p.setNull(i)
				value = math.NaN()
			} else if value, ok = parseFloat(trimBlank(c.text(i, j))); !ok {
				return i
			}
		}
		out[i] = value
	}
	p.floats = out
	return -1
}

// fillInts does the same for the integers that parse takes.
func (c *csvColumns) fillInts(j int, p *piece, parse func([]byte) (int64, bool)) int {
	p.kind, p.nulls = Int64, nil
	out := make([]int64, c.rows)
	at := j
	for i := range out {
		where := c.cells[at]
		at += c.columns
		value, ok := parse(c.data[where.start&cellMask : where.end&cellMask])
		if !ok {
			if c.isNull(i, j, p) {
				p.setNull(i)
				value = 0
			} else if value, ok = parse(trimBlank(c.text(i, j))); !ok {
				return i
			}
		}
		out[i] = value
	}
	p.ints = out
	return -1
}

// fillBools does the same for truth values.
func (c *csvColumns) fillBools(j int, p *piece, parse func([]byte) (bool, bool)) int {
	p.kind, p.nulls = Bool, nil
	out := make([]bool, c.rows)
	for i := range out {
		value, ok := parse(trimBlank(c.text(i, j)))
		if !ok {
			if !c.isNull(i, j, p) {
				return i
			}
			p.setNull(i)
		}
		out[i] = value
	}
	p.bools = out
	return -1
}

// fillText takes every cell as it stands. Quoted cells are null only where the
// caller chose the null values.
func (c *csvColumns) fillText(j int, p *piece) {
	p.kind, p.nulls, p.ints, p.soft = String, nil, nil, false
	p.codes = make([]uint32, c.rows)
	known := make(map[string]uint32)
	for i := range p.codes {
		where := c.cells[i*c.columns+j]
		b := where.bytes(c.data, &c.scratch)
		if where.quoted() && c.nullSet.strict && c.nullSet.has(b) || !where.quoted() && c.nullSet.has(trimBlank(b)) {
			p.setNull(i)
			continue
		}
		code, ok := known[string(b)]
		if !ok {
			code = uint32(len(p.dict))
			value := string(b)
			p.dict = append(p.dict, value)
			known[value] = code
		}
		p.codes[i] = code
	}
}
