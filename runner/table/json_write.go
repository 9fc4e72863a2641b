package table

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// writeJSON writes an array of records, one a line; a table without rows as an
// object of empty columns, which keeps their names.
func writeJSON(w io.Writer, t *Table) error {
	if t.NumRows() > 0 {
		return writeRecords(w, t, "[\n", ",\n", "\n]\n")
	}
	line := []byte{'{'}
	for j, name := range t.Names() {
		if j > 0 {
			line = append(line, ',')
		}
		line = append(appendJSONText(line, name), ":[]"...)
	}
	_, err := w.Write(append(line, "}\n"...))
	return err
}

// writeJSONL writes one record a line.
func writeJSONL(w io.Writer, t *Table) error { return writeRecords(w, t, "", "\n", "\n") }

func writeRecords(w io.Writer, t *Table, begin, between, end string) error {
	keys := make([][]byte, t.NumColumns())
	for j, c := range t.Columns() {
		comma := []byte(",")
		if j == 0 {
			comma = []byte("{")
		}
		keys[j] = append(appendJSONText(comma, c.name), ':')
		if !utf8.ValidString(c.name) {
			return fmt.Errorf("column name %q is not UTF-8, which JSON must be; write Parquet", c.name)
		}
		for _, value := range c.dict {
			if !utf8.ValidString(value) {
				return fmt.Errorf("column %q: %s is not UTF-8, which JSON must be; write Parquet", c.name, shorten(value))
			}
		}
	}
	if t.NumRows() == 0 {
		return nil
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.WriteString(begin)
	var line []byte
	for i := range t.NumRows() {
		line = line[:0]
		if i > 0 {
			line = append(line, between...)
		}
		if len(keys) == 0 {
			line = append(line, '{')
		}
		for j, c := range t.Columns() {
			line = appendJSONCell(append(line, keys[j]...), c, i)
		}
		if _, err := out.Write(append(line, '}')); err != nil {
			return err
		}
	}
	out.WriteString(end)
	return out.Flush()
}

func appendJSONCell(b []byte, c *Column, i int) []byte {
	if c.IsNull(i) {
		return append(b, "null"...)
	}
	switch c.kind {
	case Float64:
		// JSON has no infinity; a number beyond float64 reads back as one.
		switch f := c.floats[i]; {
		case math.IsInf(f, 1):
			return append(b, "1e999"...)
		case math.IsInf(f, -1):
			return append(b, "-1e999"...)
		default:
			return appendFloat(b, f)
		}
	case Int64:
		return strconv.AppendInt(b, c.ints[i], 10)
	case Bool:
		return strconv.AppendBool(b, c.bools[i])
	case Time:
		return append(appendTime(append(b, '"'), c.ints[i]), '"')
	}
	return appendJSONText(b, c.dict[c.codes[i]])
}

func appendJSONText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			const hex = "0123456789abcdef"
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}
