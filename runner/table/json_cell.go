package table

// The methods in this file put the values of a record, or of a column, into the
// columns.

// find returns the column of that name, which is likely the i-th; a new one has
// no rows.
func (j *jsonReader) find(name string, i int) (*jsonColumn, error) {
	if i < len(j.columns) && j.columns[i].name == name {
		return j.columns[i], nil
	}
	if at, ok := j.at[name]; ok {
		return j.columns[at], nil
	}
	if name == "" {
		return nil, &HeaderError{File: j.file, Position: len(j.columns) + 1}
	}
	if len(j.columns) == j.opts.MaxColumns {
		return nil, &LimitError{File: j.file, Line: j.line(), What: "columns", Limit: int64(j.opts.MaxColumns)}
	}
	c := &jsonColumn{name: name, forced: j.opts.Types[name], skip: j.asked != nil && !j.asked[name]}
	j.at[name] = len(j.columns)
	j.columns = append(j.columns, c)
	return c, nil
}

// cell reads a value into a column.
func (j *jsonReader) cell(c *jsonColumn) error {
	v, err := j.value()
	if err != nil {
		return err
	}
	if v.kind == jsonArray || v.kind == jsonObject {
		if c.skip {
			c.rows++
			return j.skipRest(v, 0)
		}
		what := "a list"
		if v.kind == jsonObject {
			what = "an object"
		}
		return &NestedError{File: j.file, Record: c.rows + 1, Line: j.line(), Key: c.name, What: what}
	}
	if !c.add(v) {
		return &CellError{File: j.file, Row: c.rows, Line: j.line(), Column: c.name, Value: string(v.text), Want: c.forced}
	}
	return nil
}

// endRow gives nulls to the columns whose keys the record lacks.
func (j *jsonReader) endRow() error {
	j.rows++
	for _, c := range j.columns {
		if err := j.pad(c, j.rows); err != nil {
			return err
		}
	}
	return j.checkRows(j.rows)
}

// pad gives a column nulls up to the given number of rows. Their number is
// bound: a small input of records without common keys would else fill memory.
func (j *jsonReader) pad(c *jsonColumn, rows int) error {
	for c.rows < rows {
		if j.padded++; j.padded > 8*j.size+jsonPadding {
			return &LimitError{File: j.file, Line: j.line(), What: "cells for keys that records lack", Limit: 8*j.size + jsonPadding}
		}
		c.addNull()
	}
	return nil
}

func (j *jsonReader) checkRows(rows int) error {
	if int64(rows) > j.opts.MaxRows {
		return &LimitError{File: j.file, Line: j.line(), What: "rows", Limit: j.opts.MaxRows}
	}
	if rows%4096 == 0 {
		if err := j.ctx.Err(); err != nil {
			return j.opts.wrap(err)
		}
	}
	return nil
}
