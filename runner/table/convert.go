package table

// convert returns the column with its cells as the given kind, or a
// [*CellError] that names file and the first row that does not fit. Text is
// parsed as the cells of CSV are.
func (c *Column) convert(kind Kind, file string) (*Column, error) {
	if c.kind == kind {
		return c, nil
	}
	n := c.Len()
	d := &Column{name: c.name, kind: kind, nulls: c.nulls}
	texts := make([]string, 0)
	switch kind {
	case Float64:
		d.floats = make([]float64, n)
	case Bool:
		d.bools = make([]bool, n)
	case String:
		texts = make([]string, n)
	default:
		d.ints = make([]int64, n)
	}
	for i := range n {
		if c.IsNull(i) {
			continue
		}
		ok := true
		text := []byte(nil)
		if kind != Float64 || c.kind != Int64 {
			text = trimBlank([]byte(c.Text(i)))
		}
		switch {
		case kind == String:
			texts[i] = c.Text(i)
		case kind == Float64 && c.kind == Int64:
			d.floats[i] = float64(c.ints[i])
		case kind == Float64:
			d.floats[i], ok = parseFloat(text)
		case kind == Int64 && c.kind == Float64:
			d.ints[i], ok = wholeFloat(c.floats[i])
		case kind == Int64:
			d.ints[i], ok = parseWhole(text)
		case kind == Time:
			d.ints[i], ok = parseTime(text)
		case c.kind == Float64:
			d.bools[i] = c.floats[i] == 1
			ok = c.floats[i] == 0 || c.floats[i] == 1
		default:
			d.bools[i], ok = parseTruth(text)
		}
		if !ok {
			return nil, &CellError{File: file, Row: i + 1, Column: c.name, Value: c.Text(i), Want: kind}
		}
	}
	switch kind {
	case String:
		return NewString(c.name, texts, c.nulls), nil
	case Float64:
		return NewFloat64(c.name, d.floats, c.nulls), nil
	}
	return d, nil
}
