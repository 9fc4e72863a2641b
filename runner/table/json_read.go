package table

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// jsonReader gathers the columns of one pass over the input.
type jsonReader struct {
	jsonScanner
	ctx     context.Context
	opts    ReadOptions
	asked   map[string]bool // columns to keep; nil means all
	columns []*jsonColumn   // in order of first appearance
	at      map[string]int
	rows    int
	index   []string // the keys of the first column written as an object
	indexed bool
	padded  int64 // nulls for missing keys
}

// jsonPadding is how many cells may be missing in a small input.
const jsonPadding = 1 << 20

// readJSON reads an array of records, records one after another, or an object of
// columns, each a list or an object by row label as pandas writes it. Columns
// that mix text with numbers are read in a second pass, as text.
func readJSON(ctx context.Context, r io.ReaderAt, size int64, opts ReadOptions) (*Table, error) {
	first, err := scanJSON(ctx, r, size, opts)
	if err != nil {
		return nil, err
	}
	picked, err := opts.pick(first.names())
	if err != nil {
		return nil, err
	}
	again := opts
	again.Columns = []string{}
	again.Types = make(map[string]Kind)
	for _, i := range picked {
		if c := first.columns[i]; c.mixed {
			again.Columns = append(again.Columns, c.name)
			again.Types[c.name] = String
		}
	}
	var second *jsonReader
	if len(again.Columns) > 0 {
		if second, err = scanJSON(ctx, r, size, again); err != nil {
			return nil, err
		}
	}
	columns := make([]*Column, len(picked))
	for k, i := range picked {
		c := first.columns[i]
		if c.mixed {
			c = second.columns[second.at[c.name]]
		}
		columns[k] = c.column()
	}
	t, err := New(columns...)
	if err != nil {
		return nil, opts.wrap(err)
	}
	t.rows = first.rows
	return t, nil
}

func scanJSON(ctx context.Context, r io.ReaderAt, size int64, opts ReadOptions) (*jsonReader, error) {
	j := &jsonReader{ctx: ctx, opts: opts, at: make(map[string]int)}
	if opts.Columns != nil {
		j.asked = make(map[string]bool, len(opts.Columns))
		for _, name := range opts.Columns {
			j.asked[name] = true
		}
	}
	j.jsonScanner = jsonScanner{file: opts.Name, r: r, size: size, maxCell: opts.MaxCellBytes}
	if err := j.have(len(byteOrderMark)); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(j.buf, byteOrderMark) {
		j.pos = len(byteOrderMark)
	}
	if err := j.document(); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *jsonReader) names() []string {
	names := make([]string, len(j.columns))
	for i, c := range j.columns {
		names[i] = c.name
	}
	return names
}

// document reads the whole input.
func (j *jsonReader) document() error {
	c, err := j.peek()
	switch {
	case err != nil:
		return err
	case j.pos == len(j.buf):
		return &EmptyError{File: j.file}
	case c == '[' && j.opts.Format == JSON:
		j.pos++
		if err := j.records(); err != nil {
			return err
		}
		return j.end()
	case c != '{':
		return j.unexpected("a record or an object of columns, which begins with '{',")
	case j.opts.Format == JSONL:
		return j.recordLines()
	}
	// An object: of columns if its first value is a list or an object, else the
	// first of records that follow one another.
	j.pos++
	c, err = j.peek()
	if err != nil {
		return err
	}
	if c == '}' {
		j.pos++
		return j.end()
	}
	key, err := j.key(j.likelyKey(0))
	if err != nil {
		return err
	}
	if c, err = j.peek(); err != nil {
		return err
	}
	if c == '[' || c == '{' {
		if err := j.columnObject(key); err != nil {
			return err
		}
		return j.end()
	}
	if err := j.fields(key); err != nil {
		return err
	}
	return j.recordLines()
}

// end makes sure that nothing follows.
func (j *jsonReader) end() error {
	if _, err := j.peek(); err != nil {
		return err
	}
	if j.pos < len(j.buf) {
		return j.unexpected("the end of the input")
	}
	return nil
}

// records reads the records of an array.
func (j *jsonReader) records() error {
	if c, err := j.peek(); err != nil || c == ']' {
		j.pos++
		return err
	}
	for {
		if err := j.record(); err != nil {
			return err
		}
		if closed, err := j.next(']'); err != nil || closed {
			return err
		}
	}
}

// recordLines reads records up to the end of the input.
func (j *jsonReader) recordLines() error {
	for {
		if _, err := j.peek(); err != nil {
			return err
		}
		if j.pos == len(j.buf) {
			return nil
		}
		if err := j.record(); err != nil {
			return err
		}
	}
}

// record reads one object as a row.
func (j *jsonReader) record() error {
	c, err := j.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return j.unexpected(fmt.Sprintf("'{' that begins record %d", j.rows+1))
	}
	j.pos++
	if c, err = j.peek(); err != nil {
		return err
	}
	if c == '}' {
		j.pos++
		return j.endRow()
	}
	key, err := j.key(j.likelyKey(0))
	if err != nil {
		return err
	}
	return j.fields(key)
}

// fields reads a record from its first key's value on.
func (j *jsonReader) fields(key string) error {
	for i := 0; ; i++ {
		c, err := j.find(key, i)
		if err != nil {
			return err
		}
		if c.rows > j.rows {
			return j.fault(fmt.Sprintf("key %q stands twice in record %d", key, j.rows+1))
		}
		if err := j.pad(c, j.rows); err != nil {
			return err
		}
		if err := j.cell(c); err != nil {
			return err
		}
		closed, err := j.next('}')
		if err != nil {
			return err
		}
		if closed {
			return j.endRow()
		}
		if key, err = j.key(j.likelyKey(i + 1)); err != nil {
			return err
		}
	}
}

// likelyKey returns the i-th key of a record that is like those before.
func (j *jsonReader) likelyKey(i int) string {
	if i < len(j.columns) {
		return j.columns[i].name
	}
	return ""
}
