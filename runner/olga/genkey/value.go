package genkey

import (
	"errors"
	"io"
	"math"
	"strings"
)

// value reads a value; within are the places where the lists begin that it lies in.
func (p *parser) value(within []Pos) (v Value, err error) {
	if p.values++; p.values > p.limits.values {
		return v, p.fault("the file has more than %d values", p.limits.values)
	}
	v.Pos = p.pos()
	switch p.peek() {
	case '(':
		v.Kind = List
		v.List, err = p.list(within)
	case '"':
		v.Kind = Text
		v.Text, err = p.text()
	default:
		v.Kind = Word
		if v.Text, err = p.word("a value is a number, a word, a text in quotes or a list in parentheses"); err != nil {
			break
		}
		var ok bool
		if v.Number, ok = number(v.Text); ok {
			v.Kind = Number
			if math.IsInf(v.Number, 0) {
				err = p.faultAt(v.Pos, "the number %s is too large", quote(v.Text))
			}
		}
	}
	if err == nil {
		v.Unit, err = p.unit(within)
	}
	return v, err
}

// word reads a word.
func (p *parser) word(what string) (string, error) {
	end := p.wordEnd(p.at)
	word := p.line[p.at:end]
	if word == "" {
		return "", p.fault("%s, not %s", what, quote(p.line[p.at:]))
	}
	if strings.HasSuffix(word, `\`) {
		return "", p.fault("a word that ends in a backslash, as %s does, stands in quotes", quote(word))
	}
	p.at = end
	return word, nil
}

// text reads a text in quotes.
func (p *parser) text() (string, error) {
	start := p.at + 1
	for at := start; ; at++ {
		length := strings.IndexByte(p.line[at:], '"')
		if length < 0 {
			return "", p.fault("the text is not closed by a quote in its line: %s", quote(p.line[start:]))
		}
		at += length
		if strings.HasPrefix(p.line[at+1:], `"`) { // a quote within the text
			at++
			continue
		}
		p.at = at + 1
		return strings.ReplaceAll(p.line[start:at], `""`, `"`), nil
	}
}

// unit reads the word that may follow a value.
func (p *parser) unit(within []Pos) (unit string, err error) {
	if ended, err := p.gap(); err != nil || ended {
		return "", err
	}
	start := p.pos()
	switch p.peek() {
	case ',', ')':
		return "", nil
	case '=':
		return "", p.unclosed(within, "an equals sign cannot follow a value; is a comma missing?")
	case '(':
		return "", p.fault("a list cannot follow a value; put a comma between them")
	case '"':
		if unit, err = p.text(); err != nil {
			return "", err
		}
	default:
		if unit, err = p.word("a unit follows a value"); err != nil {
			return "", err
		}
		if _, isNumber := number(unit); isNumber {
			return "", p.faultAt(start, "%s follows a value without a comma", quote(unit))
		}
	}
	if ended, err := p.gap(); err != nil || ended {
		return unit, err
	}
	switch p.peek() {
	case ',', ')':
		return unit, nil
	case '=':
		return "", p.unclosed(within, "a comma is missing before %s", quote(unit))
	}
	return "", p.fault("a comma is missing before %s; text with blanks stands in quotes", quote(p.line[p.at:]))
}

// unclosed is the error about an equals sign: within a list it tells that the list is
// not closed.
func (p *parser) unclosed(within []Pos, format string, args ...any) error {
	if len(within) > 0 {
		from := within[len(within)-1]
		return p.fault("the list that begins at line %d, character %d is not closed before the next parameter", from.Line, from.Column)
	}
	return p.fault(format, args...)
}

// list reads the values of a list.
func (p *parser) list(within []Pos) ([]Value, error) {
	from := p.pos()
	if len(within) == maxLists {
		return nil, p.fault("more than %d lists lie within one another", maxLists)
	}
	within = append(within, from)
	p.at++
	var values []Value
	for {
		if err := p.inList(from, true); err != nil {
			return nil, err
		}
		if p.peek() == ')' && len(values) == 0 {
			p.at++
			return nil, nil
		}
		v, err := p.value(within)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if err := p.inList(from, false); err != nil {
			return nil, err
		}
		p.at++
		if p.line[p.at-1] == ')' {
			return values, nil
		}
	}
}

// inList goes to what is next in a list. It may go on in the next line without a
// backslash where a value is to follow; after a value come a comma or the end.
func (p *parser) inList(from Pos, valueNext bool) error {
	ended, err := p.gap()
	for err == nil && ended && valueNext {
		if err = p.next(); err == nil {
			ended, err = p.gap()
		}
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case ended || err != nil:
		return p.lineFault("the list that begins at line %d, character %d is not closed; a line within it ends in a comma or a backslash", from.Line, from.Column)
	case valueNext || p.peek() == ',' || p.peek() == ')':
		return nil
	}
	return p.fault("a comma or the end of the list follows a value, not %s", quote(p.line[p.at:]))
}
