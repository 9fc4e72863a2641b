package olga

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"mlops/runner/table"
)

// The limits of a trend file.
const (
	maxTrends      = 100_000
	maxLineBytes   = 8 << 20 // of one line
	maxHeaderBytes = 256 << 20
	firstRows      = 1024 // that columns have room for at first
)

// Reader reads a trend file. It is not safe for concurrent use.
type Reader struct {
	Header
	Trends []Trend

	name     string
	in       *bufio.Reader
	long     []byte // a line that is longer than the buffer
	lines    int    // read so far
	read     int64  // bytes read so far
	unending bool   // the last line has no end
	row      []float64
	widths   [2]int // of the last number of this row and of the row before
	rows     int64
	warnings []string
	stars    int64
}

// NewReader reads the header and the catalog. name is what errors call the file. An
// error about what stands in the file is a [*SyntaxError].
func NewReader(in io.Reader, name string) (*Reader, error) {
	r := &Reader{name: name, in: bufio.NewReaderSize(in, 1<<20)}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	if err := r.readCatalog(); err != nil {
		return nil, err
	}
	r.row = make([]float64, 0, len(r.Trends)+1)
	return r, nil
}

// Read reads at most so many time steps, as columns of float64: [TimeColumn] in
// [Header.TimeUnit], and one a trend under its name. What did not fit into the file's
// own columns (stars) is NaN. After the last one the error is [io.EOF].
//
// A time step that is broken off at the end of the file is left out: see
// [Reader.Warnings]. Any other line that is no time step is a [*SyntaxError].
func (r *Reader) Read(rows int) (*table.Table, error) {
	columns := make([][]float64, len(r.Trends)+1)
	n, room := 0, 0
	for ; n < rows; n++ {
		err := r.step()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if n == room { // a file of few steps takes little
			room = min(rows, max(firstRows, 2*room))
			for i := range columns {
				columns[i] = append(make([]float64, 0, room), columns[i]...)[:room]
			}
		}
		for i, v := range r.row {
			columns[i][n] = v
		}
	}
	if n == 0 && rows > 0 {
		return nil, io.EOF
	}
	made := make([]*table.Column, len(columns))
	for i, values := range columns {
		name := TimeColumn
		if i > 0 {
			name = r.Trends[i-1].Name
		}
		made[i] = table.NewFloat64(name, values[:n], nil)
	}
	return table.New(made...)
}

// Rows is the number of time steps read so far.
func (r *Reader) Rows() int64 { return r.rows }

// Warnings tell what was left out, once the file is read to its end.
func (r *Reader) Warnings() []string {
	warnings := r.warnings
	if r.stars > 0 {
		warnings = append(warnings[:len(warnings):len(warnings)], fmt.Sprintf("%d values did not fit into the file's columns (they are stars or NaN) and are missing", r.stars))
	}
	return warnings
}

// step reads a time step into row. It may go over several lines.
func (r *Reader) step() error {
	r.row = r.row[:0]
	r.widths[0] = r.widths[1]
	for {
		line, err := r.line()
		if errors.Is(err, io.EOF) && len(r.row) > 0 {
			r.warnings = append(r.warnings, fmt.Sprintf("line %d, the last, is broken off after %d of %d numbers; it is left out", r.lines, len(r.row), len(r.Trends)+1))
			r.row = r.row[:0]
		}
		if err != nil {
			return err
		}
		if err := r.numbers(line); err != nil {
			return err
		}
		if len(r.row) == 0 { // a blank line
			continue
		}
		if len(r.row) == len(r.Trends)+1 {
			if r.unending && r.rows > 0 && r.widths[1] < r.widths[0] {
				r.warnings = append(r.warnings, fmt.Sprintf("line %d, the last, is broken off within its last number; it is left out", r.lines))
				r.row = r.row[:0]
				return io.EOF
			}
			r.rows++
			return nil
		}
	}
}

// numbers appends a line's numbers to row.
func (r *Reader) numbers(line []byte) error {
	for i := 0; ; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i == len(line) {
			return nil
		}
		if len(r.row) == len(r.Trends)+1 {
			return r.fault(i+1, "the time step has more than the %d numbers of its time and trends", len(r.Trends)+1)
		}
		start := i
		v, width, ok := parseNumber(line[i:])
		i += width
		if !ok {
			if r.unending && i == len(line) {
				// The end of the file is in the middle of it: the step is not complete.
				return nil
			}
			return r.fault(start+1, "%s is no number", quote(string(line[start:i])))
		}
		if math.IsNaN(v) {
			if r.stars++; len(r.row) == 0 {
				return r.fault(start+1, "the time is %s", quote(string(line[start:i])))
			}
		}
		r.row = append(r.row, v)
		r.widths[1] = width
	}
}

// isBlank takes control characters for blanks, too: nothing else parts numbers.
func isBlank(c byte) bool { return c <= ' ' }

// line reads the next line, without its end. It is valid until the next call.
func (r *Reader) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = append(r.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(r.long) > maxLineBytes {
				r.lines++
				return nil, r.fault(0, "the line is longer than %d bytes", maxLineBytes)
			}
			line, err = r.in.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	r.read += int64(len(line))
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		r.unending = true
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", r.name, err)
	}
	r.lines++
	return bytes.TrimRight(line, "\r\n"), nil
}

func (r *Reader) fault(column int, format string, args ...any) error {
	return &SyntaxError{File: r.name, Line: r.lines, Column: column, Reason: fmt.Sprintf(format, args...)}
}
