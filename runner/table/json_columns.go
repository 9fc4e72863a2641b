package table

import "fmt"

// columnObject reads an object of columns from its first key's value on.
func (j *jsonReader) columnObject(key string) error {
	for {
		if _, known := j.at[key]; known {
			return j.fault(fmt.Sprintf("column %q stands twice", key))
		}
		c, err := j.find(key, len(j.columns))
		if err != nil {
			return err
		}
		if err := j.columnCells(c); err != nil {
			return err
		}
		if len(j.columns) == 1 {
			j.rows = c.rows
		} else if c.rows != j.rows {
			return j.fault(fmt.Sprintf("column %q has %d values where column %q has %d", key, c.rows, j.columns[0].name, j.rows))
		}
		closed, err := j.next('}')
		if err != nil || closed {
			return err
		}
		if key, err = j.key(""); err != nil {
			return err
		}
	}
}

// columnCells reads a column written as a list, or as an object whose keys are
// row labels; these must be the same in each column, in the same order.
func (j *jsonReader) columnCells(c *jsonColumn) error {
	v, err := j.value()
	if err != nil {
		return err
	}
	closing := byte(']')
	switch v.kind {
	case jsonObject:
		closing = '}'
	case jsonArray:
	default:
		return j.fault(fmt.Sprintf("column %q is neither a list nor an object of values, though the first column is", c.name))
	}
	first := !j.indexed && v.kind == jsonObject
	if next, err := j.peek(); err != nil || next == closing {
		j.pos++
		return err
	}
	for {
		if v.kind == jsonObject {
			if err := j.rowLabel(c, first); err != nil {
				return err
			}
		}
		if err := j.cell(c); err != nil {
			return err
		}
		if err := j.checkRows(c.rows); err != nil {
			return err
		}
		if closed, err := j.next(closing); err != nil || closed {
			j.indexed = j.indexed || first
			return err
		}
	}
}

// rowLabel reads a row's label and holds it to the first labelled column's.
func (j *jsonReader) rowLabel(c *jsonColumn, first bool) error {
	likely := ""
	if c.rows < len(j.index) {
		likely = j.index[c.rows]
	}
	label, err := j.key(likely)
	if err != nil {
		return err
	}
	if first {
		j.index = append(j.index, label)
		return nil
	}
	if c.rows >= len(j.index) || j.index[c.rows] != label {
		return j.fault(fmt.Sprintf("column %q has row label %q where the columns before have another; give all columns the same labels in the same order", c.name, label))
	}
	return nil
}
