package table

import (
	"bytes"
	"unicode/utf8"
)

// cell is where a cell's content lies in its chunk. The highest bits tell how it
// was written.
type cell struct{ start, end uint32 }

const (
	quotedCell  = 1 << 31 // in start: the cell stood in quotes, which are not part of the span
	escapedCell = 1 << 31 // in end: doubled quotes in it mean one each
	cellMask    = 1<<31 - 1
)

func (c cell) quoted() bool { return c.start&quotedCell != 0 }

// bytes returns the cell's content. buf is used where doubled quotes must be
// undone; the result is valid until its next use.
func (c cell) bytes(data []byte, buf *[]byte) []byte {
	raw := data[c.start&cellMask : c.end&cellMask]
	if c.end&escapedCell == 0 {
		return raw
	}
	out := (*buf)[:0]
	for {
		i := bytes.IndexByte(raw, '"')
		if i < 0 {
			break
		}
		out = append(out, raw[:i+1]...)
		raw = raw[i+2:]
	}
	*buf = append(out, raw...)
	return *buf
}

// tokenizer finds the cells of a chunk. It is reused from chunk to chunk.
type tokenizer struct {
	file      string
	delimiter byte
	columns   int // cells a row must have; 0 while the first row is to tell
	maxCell   int
	one       bool // stop after the first record

	ends   [256]bool // bytes that end an unquoted cell or are not allowed in one
	cells  []cell    // row by row
	rows   int
	length int // bytes consumed
}

func newTokenizer(file string, delimiter byte, columns, maxCell int) *tokenizer {
	t := &tokenizer{file: file, delimiter: delimiter, columns: columns, maxCell: maxCell}
	t.ends[delimiter], t.ends['\n'], t.ends['"'] = true, true, true
	return t
}

// checkText refuses NUL bytes and what is not UTF-8.
func checkText(file string, data []byte) error {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line, column := position(data, i)
		return &SyntaxError{File: file, Line: line, Column: column, Offset: int64(i),
			Problem: "a NUL byte; this is not a text file, or it is damaged"}
	}
	if utf8.Valid(data) {
		return nil
	}
	i := 0
	for i < len(data) {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	line, _ := position(data, i)
	return &EncodingError{File: file, Line: line, Offset: int64(i), Byte: data[i]}
}

// position returns the line and the byte in it of offset i, both from 1.
func position(data []byte, i int) (line, column int) {
	line = 1 + bytes.Count(data[:i], []byte{'\n'})
	return line, i - bytes.LastIndexByte(data[:i], '\n')
}

// run finds the cells of data. Positions in errors count from data's beginning.
func (t *tokenizer) run(data []byte) error {
	t.cells, t.rows = t.cells[:0], 0
	if !t.one {
		estimate := bytes.Count(data, []byte{t.delimiter}) + bytes.Count(data, []byte{'\n'}) + 1
		if cap(t.cells) < estimate {
			t.cells = make([]cell, 0, estimate+estimate/8)
		}
		if bytes.IndexByte(data, '"') < 0 {
			return t.plain(data)
		}
	}
	cells := t.cells
	pos := 0
	for pos < len(data) && !(t.one && t.rows == 1) {
		if n := lineEnd(data, pos); n > 0 { // a blank line is no row
			pos += n
			continue
		}
		first := len(cells)
		rowStart := pos
		for ended := false; !ended; {
			if pos < len(data) && data[pos] == '"' {
				c, next, err := t.quotedCell(data, pos)
				if err != nil {
					return err
				}
				cells = append(cells, c)
				pos = next
			} else {
				start := pos
				for pos < len(data) && !t.ends[data[pos]] {
					pos++
				}
				end := pos
				if end == len(data) || data[end] == '\n' {
					if end > start && data[end-1] == '\r' {
						end--
					}
				} else if data[end] == '"' {
					return t.fault(data, end, "a quote inside a cell that does not begin with one; quote the whole cell and double the quotes in it")
				}
				if end-start > t.maxCell {
					return t.tooLong(data, start)
				}
				cells = append(cells, cell{uint32(start), uint32(end)})
			}
			switch {
			case pos == len(data):
				ended = true
			case data[pos] == '\n':
				pos++
				ended = true
			default:
				pos++ // the delimiter
			}
		}
		got := len(cells) - first
		if t.columns == 0 {
			t.columns = got
		}
		t.rows++
		if got != t.columns {
			line, _ := position(data, rowStart)
			return &RaggedError{File: t.file, Row: t.rows, Line: line, Got: got, Want: t.columns}
		}
	}
	t.cells, t.length = cells, pos
	return nil
}

// quotedCell reads the cell whose opening quote is at pos and returns the
// position of what ends it.
func (t *tokenizer) quotedCell(data []byte, pos int) (cell, int, error) {
	start := pos + 1
	escaped := uint32(0)
	for i := start; ; {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 && len(data)-start <= t.maxCell {
			return cell{}, 0, t.fault(data, pos, "the quote that opens here is never closed")
		}
		if n < 0 || i+n-start > t.maxCell {
			return cell{}, 0, t.tooLong(data, pos)
		}
		end := i + n
		next := end + 1
		if next < len(data) && data[next] == '"' {
			escaped = escapedCell
			i = next + 1
			continue
		}
		if next+1 == len(data) && data[next] == '\r' || next+1 < len(data) && data[next] == '\r' && data[next+1] == '\n' {
			next++
		}
		if next == len(data) || data[next] == t.delimiter || data[next] == '\n' {
			return cell{uint32(start) | quotedCell, uint32(end) | escaped}, next, nil
		}
		opened, _ := position(data, pos)
		return cell{}, 0, &quoteError{opened: opened, SyntaxError: t.fault(data, next, "")}
	}
}

// quoteError is a [SyntaxError] about a quoted cell, until the line it opened on
// is known in the whole input.
type quoteError struct {
	*SyntaxError
	opened int
}

func (t *tokenizer) fault(data []byte, at int, problem string) *SyntaxError {
	line, column := position(data, at)
	return &SyntaxError{File: t.file, Line: line, Column: column, Offset: int64(at), Problem: problem}
}

func (t *tokenizer) tooLong(data []byte, at int) error {
	line, _ := position(data, at)
	what := "bytes in one cell"
	if data[at] == '"' {
		what += " (is the quote that opens it ever closed?)"
	}
	return &LimitError{File: t.file, Line: line, What: what, Limit: int64(t.maxCell)}
}

// lineEnd returns the length of the line end at pos, 0 if there is none.
func lineEnd(data []byte, pos int) int {
	switch {
	case data[pos] == '\n':
		return 1
	case data[pos] != '\r':
		return 0
	case pos+1 == len(data):
		return 1
	case data[pos+1] == '\n':
		return 2
	}
	return 0
}
