package genkey

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads a keyword file. name is what errors call it. An error about what stands
// in the file is an [olga.SyntaxError].
func Parse(in io.Reader, name string) (*Document, error) { return parse(in, name, fileLimits) }

func parse(in io.Reader, name string, within limits) (*Document, error) {
	p := &parser{lines: newLines(in, name, within)}
	open := []Keyword{{}} // the document, and the components that are not yet closed
	doc := &Document{}
	for !doc.Ended {
		k, err := p.keyword()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		inner := &open[len(open)-1]
		switch {
		case k.Is(networkComponent):
			if len(open) > maxComponents {
				return nil, p.faultAt(k.Pos, "more than %d components lie within one another; the ENDNETWORKCOMPONENT of some is missing", maxComponents)
			}
			open = append(open, k)
		case k.Is(endNetworkComponent):
			if len(open) == 1 {
				return nil, p.faultAt(k.Pos, "%s closes no component; remove it, or add its NETWORKCOMPONENT", quote(k.Name))
			}
			component := *inner
			open = open[:len(open)-1]
			outer := &open[len(open)-1]
			outer.Keywords = append(outer.Keywords, component)
		case k.Is(endCase):
			doc.Ended = true
		default:
			inner.Keywords = append(inner.Keywords, k)
		}
	}
	if last := &open[len(open)-1]; len(open) > 1 {
		return nil, p.faultAt(last.Pos, "the component %s has no ENDNETWORKCOMPONENT", quote(last.Text("TAG")))
	}
	doc.Version, doc.Keywords = p.version, open[0].Keywords
	return doc, nil
}

// parser reads keywords.
type parser struct {
	*lines
	held     bool // the current line is the next keyword's
	keywords int
	values   int
}

// keyword reads a keyword and its parameters. The error is [io.EOF] after the last.
func (p *parser) keyword() (k Keyword, err error) {
	if !p.held {
		if err := p.next(); err != nil {
			return k, err
		}
	}
	p.held = false
	if p.keywords++; p.keywords > p.limits.keywords {
		return k, p.fault("the file has more than %d keywords", p.limits.keywords)
	}
	k.Pos, k.Section = p.pos(), p.section
	if k.Name, err = p.name("a line begins with a keyword, such as PIPE"); err != nil {
		return k, err
	}
	if p.blanks(); p.peek() == '=' {
		return k, p.faultAt(k.Pos, "the parameter %s belongs to no keyword; end the line before it in a comma and a backslash", quote(k.Name))
	}
	for {
		ended, err := p.gap()
		if err != nil || ended {
			return k, err
		}
		if len(k.Parameters) > 0 {
			if p.peek() != ',' {
				return k, p.fault("a comma follows the value of %s, not %s; text with blanks stands in quotes", k.Parameters[len(k.Parameters)-1].Name, quote(p.line[p.at:]))
			}
			p.at++
			if ended, err = p.gap(); err == nil && ended {
				ended, err = p.afterComma()
			}
			if err != nil || ended {
				return k, err
			}
		}
		if err := p.parameter(&k); err != nil {
			return k, err
		}
	}
}

// parameter reads a parameter.
func (p *parser) parameter(k *Keyword) error {
	param := Parameter{Pos: p.pos()}
	var err error
	if param.Name, err = p.name("a parameter is NAME=value"); err != nil {
		return err
	}
	if len(k.Parameters) == maxParameters {
		return p.faultAt(param.Pos, "%s has more than %d parameters", k.Name, maxParameters)
	}
	if _, twice := k.Get(param.Name); twice {
		return p.faultAt(param.Pos, "%s stands twice in this %s; remove one", quote(param.Name), k.Name)
	}
	if ended, err := p.gap(); err != nil {
		return err
	} else if ended || p.peek() != '=' {
		return p.faultAt(param.Pos, "a parameter of %s is NAME=value, and no equals sign follows %s", k.Name, quote(param.Name))
	}
	p.at++
	if ended, err := p.gap(); err != nil {
		return err
	} else if ended {
		return p.faultAt(param.Pos, "%s has no value; remove it, or give it one", quote(param.Name))
	}
	if param.Value, err = p.value(nil); err != nil {
		return err
	}
	k.Parameters = append(k.Parameters, param)
	return nil
}

// gap goes to what is next of the keyword, in this line or in one that it goes on in.
// ended tells that its line ends.
func (p *parser) gap() (ended bool, err error) {
	for {
		p.blanks()
		switch {
		case p.at == len(p.line) || p.line[p.at] == '!':
			return true, nil
		case !p.goesOn(p.at):
			return false, nil
		}
		if err := p.next(); errors.Is(err, io.EOF) {
			return true, nil // a backslash too many
		} else if err != nil {
			return false, err
		}
	}
}

// afterComma looks, where a line ends in a comma, whether the next line goes on with a
// parameter. If not, it is the next keyword's.
func (p *parser) afterComma() (ended bool, err error) {
	if err := p.next(); errors.Is(err, io.EOF) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	name := p.wordEnd(p.at)
	rest := strings.TrimLeftFunc(p.line[name:], func(r rune) bool { return r < utf8.RuneSelf && isBlank(byte(r)) })
	p.held = name == p.at || !strings.HasPrefix(rest, "=")
	return p.held, nil
}

// peek is the byte that is next; 0: the line ends.
func (p *parser) peek() byte {
	if p.at < len(p.line) {
		return p.line[p.at]
	}
	return 0
}

// name reads the name of a keyword or a parameter.
func (p *parser) name(what string) (string, error) {
	end := p.wordEnd(p.at)
	name := p.line[p.at:end]
	if !isName(name) {
		return "", p.fault("%s, not %s", what, quote(p.line[p.at:]))
	}
	p.at = end
	return name, nil
}

// isName tells whether a word begins with a letter, as all names do. A backslash at its
// end could be taken for one that continues the line.
func isName(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(first) && !strings.HasSuffix(word, `\`)
}

// wordEnd is the byte after the word that begins there.
func (l *lines) wordEnd(at int) int {
	for at < len(l.line) && !isBlank(l.line[at]) && !isMark(l.line[at]) && !l.goesOn(at) {
		at++
	}
	return at
}

// isMark tells whether a character parts words.
func isMark(c byte) bool {
	switch c {
	case ',', '(', ')', '=', '"', '!':
		return true
	}
	return false
}

// number reads a word that is a number. The exponent has its letter: 1-4 is a range.
func number(word string) (v float64, ok bool) {
	if word == "" || word[0] > '9' { // none that could be a number begins so
		return 0, false
	}
	digits, exponent := 0, -1
	for i := range len(word) {
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && exponent < 0:
		case (c == '+' || c == '-') && (i == 0 || i == exponent+1):
		case (c == 'e' || c == 'E' || c == 'd' || c == 'D') && exponent < 0 && digits > 0:
			exponent = i
		default:
			return 0, false
		}
	}
	if exponent >= 0 && (word[exponent] == 'd' || word[exponent] == 'D') {
		word = word[:exponent] + "e" + word[exponent+1:]
	}
	v, err := strconv.ParseFloat(word, 64)
	return v, err == nil || errors.Is(err, strconv.ErrRange)
}
