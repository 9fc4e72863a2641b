package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads JSON tokens from a window that moves over the input, so that
// memory does not grow with it.
type jsonScanner struct {
	file    string
	r       io.ReaderAt
	size    int64
	maxCell int

	buf    []byte
	pos    int   // next byte in buf
	base   int64 // offset of buf[0] in the input
	lines  int   // line ends before buf[0]
	decode []byte
}

const (
	jsonWindow = 256 << 10
	jsonDepth  = 256 // of values that are skipped
)

// more makes at least one more byte available behind what is there, keeping buf
// from keep on, whose new position it returns. It reports false at the end.
func (s *jsonScanner) more(keep int) (moved int, ok bool, err error) {
	next := s.base + int64(len(s.buf))
	if next >= s.size {
		return keep, false, nil
	}
	s.lines += bytes.Count(s.buf[:keep], []byte{'\n'})
	s.base += int64(keep)
	s.pos -= keep
	kept := copy(s.buf, s.buf[keep:])
	want := int(min(jsonWindow, s.size-next))
	if cap(s.buf) < kept+want {
		grown := make([]byte, kept, 2*(kept+want))
		copy(grown, s.buf[:kept])
		s.buf = grown
	}
	s.buf = s.buf[:kept+want]
	if err := readFull(s.r, s.buf[kept:], next); err != nil {
		if s.file != "" {
			err = fmt.Errorf("%s: %w", s.file, err)
		}
		return 0, false, err
	}
	return 0, true, nil
}

// peek skips white space and returns the next byte; 0 at the end of the input.
func (s *jsonScanner) peek() (byte, error) {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\n', '\r':
			case 0:
				return 0, s.fault("a NUL byte; this is not a text file, or it is damaged")
			default:
				return c, nil
			}
		}
		_, ok, err := s.more(s.pos)
		if err != nil || !ok {
			return 0, err
		}
	}
}

// expect skips white space and the byte c; where names what it follows.
func (s *jsonScanner) expect(c byte, where string) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.unexpected(fmt.Sprintf("%q %s", c, where))
	}
	s.pos++
	return nil
}

// next skips white space and either a comma or the closing byte, and reports
// whether it was the latter.
func (s *jsonScanner) next(closing byte) (closed bool, err error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c != ',' && c != closing {
		return false, s.unexpected(fmt.Sprintf("',' or %q", closing))
	}
	s.pos++
	return c == closing, nil
}

func (s *jsonScanner) line() int { return 1 + s.lines + bytes.Count(s.buf[:s.pos], []byte{'\n'}) }

func (s *jsonScanner) fault(problem string) error {
	column := s.pos - bytes.LastIndexByte(s.buf[:s.pos], '\n')
	if column > s.pos && s.base > 0 {
		column = 0 // the line began before the window
	}
	return &SyntaxError{File: s.file, Line: s.line(), Column: column, Offset: s.base + int64(s.pos), Problem: problem}
}

// unexpected says what stands at pos instead of what is wanted.
func (s *jsonScanner) unexpected(want string) error {
	if s.pos >= len(s.buf) {
		return s.fault("the input ends where " + want + " is expected")
	}
	r, _ := utf8.DecodeRune(s.buf[s.pos:])
	return s.fault(fmt.Sprintf("%q where %s is expected", r, want))
}

// text reads a string at pos. The result is valid until the next call.
func (s *jsonScanner) text() ([]byte, error) {
	start := s.pos + 1
	escaped := false
	for i := start; ; {
		for i < len(s.buf) && s.buf[i] != '"' && s.buf[i] != '\\' && s.buf[i] >= ' ' {
			i++
		}
		if i-start > s.maxCell {
			return nil, &LimitError{File: s.file, Line: s.line(), What: "bytes in one string", Limit: int64(s.maxCell)}
		}
		switch {
		case i+1 >= len(s.buf) && (i == len(s.buf) || s.buf[i] == '\\'):
			distance := i - start
			moved, ok, err := s.more(start - 1)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, s.fault("the string that begins here is never closed")
			}
			start = moved + 1
			i = start + distance
		case s.buf[i] == '"':
			raw := s.buf[start:i]
			if !utf8.Valid(raw) {
				return nil, s.encoding(raw, start)
			}
			if escaped {
				var bad int
				if raw, bad = s.unescape(raw); bad >= 0 {
					s.pos = start + bad
					return nil, s.fault("a backslash that begins no JSON escape")
				}
			}
			s.pos = i + 1
			return raw, nil
		case s.buf[i] == '\\':
			escaped = true
			i += 2
		default:
			s.pos = i
			return nil, s.fault(fmt.Sprintf("control character %q in a string; JSON writes it as an escape", s.buf[i]))
		}
	}
}

func (s *jsonScanner) encoding(raw []byte, start int) error {
	err := checkText(s.file, raw)
	var e *EncodingError
	if errors.As(err, &e) {
		e.Line = s.line()
		e.Offset += s.base + int64(start)
	}
	return err
}

// unescape undoes the escapes of raw, or returns the position of a bad one. Half
// of a surrogate pair becomes U+FFFD, as encoding/json has it.
func (s *jsonScanner) unescape(raw []byte) (text []byte, bad int) {
	out := s.decode[:0]
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		if i+1 == len(raw) {
			return nil, i
		}
		c := raw[i+1]
		if c == 'u' {
			r, n := unicodeEscape(raw[i:])
			if n == 0 {
				return nil, i
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		at := bytes.IndexByte([]byte(`"\/bfnrt`), c)
		if at < 0 {
			return nil, i
		}
		out = append(out, "\"\\/\b\f\n\r\t"[at])
		i += 2
	}
	s.decode = out
	return out, -1
}

// unicodeEscape decodes \u and four digits, or two such that are a surrogate pair, and returns
// the bytes it takes; 0 if it is none.
func unicodeEscape(b []byte) (rune, int) {
	first, ok := fourHex(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if second, ok := fourHex(b[6:]); ok {
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func fourHex(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
