package genkey

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"mlops/runner/olga"
)

// The limits of what may lie within one another, and of a keyword.
const (
	maxLists      = 16
	maxComponents = 16
	maxParameters = 256
)

// limits are those of a file as a whole.
type limits struct {
	bytes            int64
	lineBytes        int
	keywords, values int
}

// fileLimits are those of every keyword file.
var fileLimits = limits{bytes: 64 << 20, lineBytes: 1 << 20, keywords: 200_000, values: 1_000_000}

const (
	bufferBytes    = 64 << 10
	versionHeading = "Generated with OLGA version "
	shortestRule   = 3 // stars
)

// lines gives the lines of a file that hold more than a comment, and follows the
// headings.
type lines struct {
	name   string
	limits limits
	in     *bufio.Reader
	long   []byte // a line that is longer than the buffer
	read   int64

	line string // the current one, decoded
	at   int    // the byte of it that is next
	n    int    // its number
	// The column of a byte, up to which characters were counted already.
	counted, column int

	version, section string
	ruled            bool   // the line before is a line of stars that begins a heading
	heading          string // the comment after such a line
}

func newLines(in io.Reader, name string, within limits) *lines {
	return &lines{name: name, limits: within, in: bufio.NewReaderSize(in, bufferBytes)}
}

// next goes to the next line with content. The error is [io.EOF] after the last.
func (l *lines) next() error {
	for {
		raw, err := l.raw()
		if err != nil {
			return err
		}
		l.line, l.at, l.counted, l.column = olga.Text(raw), 0, 0, 1
		if l.n == 1 {
			l.line = strings.TrimPrefix(l.line, "\ufeff")
		}
		l.blanks()
		switch {
		case l.at == len(l.line):
		case l.line[l.at] == '!':
			l.comment(strings.TrimSpace(strings.TrimLeft(l.line[l.at:], "!")))
		default:
			l.ruled, l.heading = false, ""
			return nil
		}
	}
}

// comment takes a heading between two lines of stars for the section.
func (l *lines) comment(text string) {
	stars := strings.Trim(text, "*") == ""
	rule := stars && len(text) >= shortestRule
	switch {
	case !stars && l.ruled && l.heading == "":
		l.heading = text
		return
	case rule && l.heading != "":
		if version, found := strings.CutPrefix(l.heading, versionHeading); found {
			l.version = version
		} else {
			l.section = l.heading
		}
		l.ruled = false
	default:
		l.ruled = rule
	}
	l.heading = ""
}

// raw reads a line, without its end. It is valid until the next call.
func (l *lines) raw() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(l.long) > l.limits.lineBytes {
				l.n++
				return nil, l.lineFault("the line is longer than %d bytes; this is no keyword file", l.limits.lineBytes)
			}
			line, err = l.in.ReadSlice('\n')
			l.long = append(l.long, line...)
		}
		line = l.long
	}
	if errors.Is(err, io.EOF) {
		err = nil
		if len(line) == 0 {
			return nil, io.EOF
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", l.name, err)
	}
	l.n++
	if l.read += int64(len(line)); l.read > l.limits.bytes {
		return nil, l.lineFault("the file is longer than %d bytes, which is more than a keyword file may have", l.limits.bytes)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// isBlank takes control characters for blanks, as the trend files' reader does.
func isBlank(c byte) bool { return c <= ' ' || c == 0x7f }

func (l *lines) blanks() {
	for l.at < len(l.line) && isBlank(l.line[l.at]) {
		l.at++
	}
}

// lineEnds tells whether nothing but blanks and a comment is left of the line from
// the byte on.
func (l *lines) lineEnds(from int) bool {
	for from < len(l.line) && isBlank(l.line[from]) {
		from++
	}
	return from == len(l.line) || l.line[from] == '!'
}

// goesOn tells whether a backslash that continues the line is at the byte.
func (l *lines) goesOn(at int) bool { return l.line[at] == '\\' && l.lineEnds(at+1) }

// pos is the place of what is next.
func (l *lines) pos() Pos {
	l.column += utf8.RuneCountInString(l.line[l.counted:l.at])
	l.counted = l.at
	return Pos{Line: l.n, Column: l.column}
}

// fault is an error about what is next.
func (l *lines) fault(format string, args ...any) error {
	return l.faultAt(l.pos(), format, args...)
}

// faultAt is an error about a place.
func (l *lines) faultAt(p Pos, format string, args ...any) error {
	return &olga.SyntaxError{File: l.name, Line: p.Line, Column: p.Column, Reason: fmt.Sprintf(format, args...)}
}

// lineFault is an error about the line as a whole.
func (l *lines) lineFault(format string, args ...any) error {
	return l.faultAt(Pos{Line: l.n}, format, args...)
}

// quote is a text as an error shows it.
func quote(s string) string {
	const limit = 60
	if r := []rune(s[:min(len(s), 4*limit)]); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return strconv.Quote(s)
}
