package table

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// writeCSV writes delimited text so that it reads back as the same table:
// numbers of a Float64 column always look like it ("1.0"), nulls are empty, and
// text that is empty or spelt like a null stands in quotes. What text cannot say
// is the kind of a column of text in which every cell looks like a number, a
// truth value or a time; [ReadOptions] Types does.
func writeCSV(w io.Writer, t *Table, delimiter byte) error {
	c := newCSVWriter(w, delimiter)
	if err := c.header(t); err != nil {
		return err
	}
	if err := c.rows(t); err != nil {
		return err
	}
	return c.out.Flush()
}

func newCSVWriter(w io.Writer, delimiter byte) *csvWriter {
	return &csvWriter{out: bufio.NewWriterSize(w, 1<<16), delimiter: delimiter, nulls: newNullSet(nil), null: ""}
}

// header writes the columns' names.
func (c *csvWriter) header(t *Table) error {
	if t.NumColumns() == 1 {
		c.null = "NA" // an empty line would be no row
	}
	for j, name := range t.Names() {
		if j > 0 {
			c.out.WriteByte(c.delimiter)
		}
		if err := c.checkText(name); err != nil {
			return fmt.Errorf("name of column %d: %w", j+1, err)
		}
		c.text(name, j == 0 && strings.HasPrefix(name, string(byteOrderMark)))
	}
	return c.out.WriteByte('\n')
}

// rows writes all cells.
func (c *csvWriter) rows(t *Table) error {
	for _, column := range t.Columns() {
		for _, value := range column.dict {
			if err := c.checkText(value); err != nil {
				return fmt.Errorf("column %q: %w", column.name, err)
			}
		}
	}
	for i := range t.NumRows() {
		for j, column := range t.Columns() {
			if j > 0 {
				c.out.WriteByte(c.delimiter)
			}
			c.cell(column, i)
		}
		if err := c.out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

type csvWriter struct {
	out       *bufio.Writer
	delimiter byte
	nulls     *nullSet
	null      string
	scratch   []byte
}

// checkText refuses what the reader would refuse.
func (c *csvWriter) checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%s holds a NUL byte, which text formats cannot; write Parquet", shorten(s))
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8, which text formats must be; write Parquet", shorten(s))
	}
	return nil
}

func (c *csvWriter) cell(column *Column, i int) {
	if column.IsNull(i) {
		c.out.WriteString(c.null)
		return
	}
	switch column.kind {
	case String:
		c.text(column.dict[column.codes[i]], false)
		return
	case Float64:
		c.scratch = appendFloat(c.scratch[:0], column.floats[i])
	case Int64:
		c.scratch = strconv.AppendInt(c.scratch[:0], column.ints[i], 10)
	case Bool:
		c.scratch = strconv.AppendBool(c.scratch[:0], column.bools[i])
	case Time:
		c.scratch = appendTime(c.scratch[:0], column.ints[i])
	}
	c.out.Write(c.scratch)
}

// text writes s in quotes where it would else not read back as itself.
func (c *csvWriter) text(s string, quoted bool) {
	if !quoted && !c.mustQuote(s) {
		c.out.WriteString(s)
		return
	}
	c.out.WriteByte('"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		c.out.WriteString(s[:i+1])
		c.out.WriteByte('"')
		s = s[i+1:]
	}
	c.out.WriteString(s)
	c.out.WriteByte('"')
}

func (c *csvWriter) mustQuote(s string) bool {
	if s == "" || isBlank(s[0]) || isBlank(s[len(s)-1]) {
		return true
	}
	for i := range len(s) {
		if b := s[i]; b == c.delimiter || b == '"' || b == '\n' || b == '\r' {
			return true
		}
	}
	return c.nulls.values[s]
}

// appendFloat writes the shortest decimal that reads back as f and as a float.
func appendFloat(b []byte, f float64) []byte {
	if math.IsInf(f, 0) {
		if f < 0 {
			return append(b, "-inf"...)
		}
		return append(b, "inf"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	for _, c := range b[start:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, ".0"...)
}

func appendTime(b []byte, nanos int64) []byte {
	return time.Unix(0, nanos).UTC().AppendFormat(b, time.RFC3339Nano)
}
