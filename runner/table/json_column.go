package table

import "math"

// jsonColumn gathers one column's values, widening its kind as they come.
type jsonColumn struct {
	name   string
	forced Kind // 0 to infer
	skip   bool // not asked for
	mixed  bool // numbers, truth values and text occur together: to be read again as text
	rows   int  // values so far, counted also where none are kept

	kind   Kind // 0 while all are null
	floats []float64
	ints   []int64
	bools  []bool
	codes  []uint32
	dict   []string
	known  map[string]uint32
	nulls  []bool
}

// add takes the next value; it reports false if that does not fit a forced kind.
func (c *jsonColumn) add(v jsonValue) bool {
	switch {
	case c.skip || c.mixed:
		c.rows++
		return true
	case v.kind == jsonNull:
		c.addNull()
		return true
	case c.forced != 0:
		return c.addForced(v)
	}
	switch v.kind {
	case jsonNumber:
		c.addNumber(v.text)
	case jsonBool:
		if c.become(Bool) {
			c.push(0, 0, v.text[0] == 't')
		}
	default:
		if c.become(String) {
			c.addText(v.text)
		}
	}
	return true
}

// become reports whether the column holds, or from now on holds, that kind.
func (c *jsonColumn) become(kind Kind) bool {
	if c.kind == kind {
		return true
	}
	if c.kind == 0 {
		c.kind = kind
		for range c.rows {
			c.appendZero()
		}
		return true
	}
	c.mixed = true
	c.floats, c.ints, c.bools, c.codes, c.dict, c.known, c.nulls = nil, nil, nil, nil, nil, nil, nil
	c.rows++
	return false
}

func (c *jsonColumn) addNumber(text []byte) {
	if c.kind == 0 || c.kind == Int64 {
		if n, ok := parseInt(text); ok {
			if c.become(Int64) {
				c.push(0, n, false)
			}
			return
		}
		if c.kind == Int64 {
			c.kind = Float64
			c.floats = make([]float64, len(c.ints), 2*cap(c.ints)+1)
			for i, n := range c.ints {
				c.floats[i] = float64(n)
			}
			c.ints = nil
		}
	}
	if c.become(Float64) {
		f, _ := parseFloat(text) // the scanner has checked a stricter grammar
		c.push(f, 0, false)
	}
}

func (c *jsonColumn) addForced(v jsonValue) bool {
	c.become(c.forced)
	if c.forced == String {
		c.addText(v.text)
		return true
	}
	text := trimBlank(v.text)
	var f float64
	var n int64
	var b, ok bool
	switch c.forced {
	case Float64:
		f, ok = parseFloat(text)
	case Int64:
		n, ok = parseWhole(text)
	case Time:
		n, ok = parseTime(text)
	case Bool:
		b, ok = parseTruth(text)
	}
	c.push(f, n, b)
	return ok
}

func (c *jsonColumn) addText(text []byte) {
	code, ok := c.known[string(text)]
	if !ok {
		if c.known == nil {
			c.known = make(map[string]uint32)
		}
		code = uint32(len(c.dict))
		value := string(text)
		c.dict = append(c.dict, value)
		c.known[value] = code
	}
	c.codes = append(c.codes, code)
	c.pushed(false)
}

func (c *jsonColumn) addNull() {
	if c.skip || c.mixed {
		c.rows++
		return
	}
	if c.nulls == nil {
		c.nulls = make([]bool, c.rows, c.rows+16)
	}
	if c.kind != 0 {
		c.appendZero()
	}
	c.pushed(true)
}

func (c *jsonColumn) pushed(null bool) {
	if c.nulls != nil {
		c.nulls = append(c.nulls, null)
	}
	c.rows++
}

func (c *jsonColumn) push(f float64, n int64, b bool) {
	switch c.kind {
	case Float64:
		c.floats = append(c.floats, f)
	case Bool:
		c.bools = append(c.bools, b)
	default:
		c.ints = append(c.ints, n)
	}
	c.pushed(false)
}

func (c *jsonColumn) appendZero() {
	switch c.kind {
	case Float64:
		c.floats = append(c.floats, math.NaN())
	case Int64, Time:
		c.ints = append(c.ints, 0)
	case Bool:
		c.bools = append(c.bools, false)
	default:
		c.codes = append(c.codes, 0)
	}
}

// column returns what was gathered. Text that is all dates or times becomes a
// Time column unless text was asked for.
func (c *jsonColumn) column() *Column {
	switch {
	case c.kind == 0 && c.forced != 0:
		c.become(c.forced)
	case c.kind == 0:
		c.become(Float64)
	}
	switch c.kind {
	case Float64:
		return NewFloat64(c.name, c.floats, c.nulls)
	case Int64:
		return NewInt64(c.name, c.ints, c.nulls)
	case Bool:
		return NewBool(c.name, c.bools, c.nulls)
	case Time:
		return NewTime(c.name, c.ints, c.nulls)
	}
	if c.forced == 0 {
		if times, ok := parseTimes(c.dict); ok {
			nanos := make([]int64, len(c.codes))
			for i, code := range c.codes {
				if c.nulls == nil || !c.nulls[i] {
					nanos[i] = times[code]
				}
			}
			return NewTime(c.name, nanos, c.nulls)
		}
	}
	return NewDictionary(c.name, c.codes, c.dict, c.nulls)
}

func parseTimes(dict []string) ([]int64, bool) {
	times := make([]int64, len(dict))
	for i, value := range dict {
		nanos, ok := parseTime([]byte(value))
		if !ok {
			return nil, false
		}
		times[i] = nanos
	}
	return times, len(dict) > 0
}
