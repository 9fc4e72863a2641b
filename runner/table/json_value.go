package table

import "fmt"

// jsonKind is the type of a JSON value.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonText
	jsonArray
	jsonObject
)

// jsonValue is a value that is no list and no object, or the beginning of one.
type jsonValue struct {
	kind jsonKind
	text []byte // of a bool, number or string; valid until the next token
}

// value reads a value; of a list or an object, its opening bracket only.
func (s *jsonScanner) value() (jsonValue, error) {
	c, err := s.peek()
	if err != nil {
		return jsonValue{}, err
	}
	switch {
	case c == '"':
		text, err := s.text()
		return jsonValue{jsonText, text}, err
	case c == '-' || c-'0' <= 9:
		text, err := s.number()
		return jsonValue{jsonNumber, text}, err
	case c == '[':
		s.pos++
		return jsonValue{kind: jsonArray}, nil
	case c == '{':
		s.pos++
		return jsonValue{kind: jsonObject}, nil
	}
	for _, word := range []struct {
		text string
		kind jsonKind
	}{{"null", jsonNull}, {"true", jsonBool}, {"false", jsonBool}} {
		if c == word.text[0] {
			text, err := s.word(word.text)
			return jsonValue{word.kind, text}, err
		}
	}
	if c == 'N' || c == 'I' {
		return jsonValue{}, s.fault("JSON has no NaN and no Infinity; write null for a missing number")
	}
	return jsonValue{}, s.unexpected("a value")
}

// word reads one of null, true and false.
func (s *jsonScanner) word(want string) ([]byte, error) {
	if err := s.have(len(want)); err != nil {
		return nil, err
	}
	if len(s.buf)-s.pos < len(want) || string(s.buf[s.pos:s.pos+len(want)]) != want {
		return nil, s.unexpected("a value")
	}
	s.pos += len(want)
	return s.buf[s.pos-len(want) : s.pos], nil
}

// have makes n bytes from pos on available, if the input has them.
func (s *jsonScanner) have(n int) error {
	for len(s.buf)-s.pos < n {
		_, ok, err := s.more(s.pos)
		if err != nil || !ok {
			return err
		}
	}
	return nil
}

// number reads a number at pos and checks JSON's grammar.
func (s *jsonScanner) number() ([]byte, error) {
	n := 0
	for {
		for s.pos+n < len(s.buf) && isNumberByte(s.buf[s.pos+n]) {
			n++
		}
		if n > s.maxCell {
			return nil, &LimitError{File: s.file, Line: s.line(), What: "bytes in one number", Limit: int64(s.maxCell)}
		}
		if s.pos+n < len(s.buf) {
			break
		}
		_, ok, err := s.more(s.pos)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
	}
	text := s.buf[s.pos : s.pos+n]
	if !validNumber(text) {
		return nil, s.fault(fmt.Sprintf("%s is not a JSON number", shorten(string(text))))
	}
	s.pos += n
	return text, nil
}

func isNumberByte(c byte) bool {
	return c-'0' <= 9 || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// validNumber reports whether b is -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func validNumber(b []byte) bool {
	digits := func() int {
		n := 0
		for n < len(b) && b[n]-'0' <= 9 {
			n++
		}
		b = b[n:]
		return n
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	leadingZero := len(b) > 0 && b[0] == '0'
	if n := digits(); n == 0 || leadingZero && n > 1 {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		if digits() == 0 {
			return false
		}
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
			b = b[1:]
		}
		if digits() == 0 {
			return false
		}
	}
	return len(b) == 0
}

// skip reads a whole value and drops it.
func (s *jsonScanner) skip(depth int) error {
	v, err := s.value()
	if err != nil {
		return err
	}
	return s.skipRest(v, depth)
}

// skipRest reads the rest of a value that has begun.
func (s *jsonScanner) skipRest(v jsonValue, depth int) error {
	if v.kind != jsonArray && v.kind != jsonObject {
		return nil
	}
	if depth == jsonDepth {
		return &LimitError{File: s.file, Line: s.line(), What: "levels of nested values", Limit: jsonDepth}
	}
	closing := byte(']')
	if v.kind == jsonObject {
		closing = '}'
	}
	if c, err := s.peek(); err != nil || c == closing {
		s.pos++
		return err
	}
	for {
		if v.kind == jsonObject {
			if _, err := s.key(""); err != nil {
				return err
			}
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
		if closed, err := s.next(closing); err != nil || closed {
			return err
		}
	}
}

// key reads a key and the colon behind it. A key equal to likely is returned as
// that, which spares a copy.
func (s *jsonScanner) key(likely string) (string, error) {
	c, err := s.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return "", s.unexpected("a key in quotes")
	}
	text, err := s.text()
	if err != nil {
		return "", err
	}
	key := likely
	if string(text) != likely {
		key = string(text)
	}
	return key, s.expect(':', "behind a key")
}
