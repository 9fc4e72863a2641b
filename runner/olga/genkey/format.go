package genkey

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"mlops/runner/olga"
)

const (
	lineWidth    = 80
	continuation = "        " // what a line begins with that a keyword goes on in
)

// rule is the line above and below a heading.
var rule = "!" + strings.Repeat("*", 86)

// Format writes the document as OLGA does: headings, one for each component, a keyword a
// line, the keywords of a component indented, lines of about 80 characters continued by a
// backslash, and ended as on Windows. Comments
// are not kept. Text is Windows-1252 where that has its characters, and else UTF-8.
// [Parse] makes an equal document of it, but for positions; a keyword without a section
// that follows one with a section is read as of that section.
//
// The error tells what a keyword file cannot hold, such as a name with blanks.
func (d *Document) Format(w io.Writer) error {
	f := &formatter{out: bufio.NewWriter(w)}
	if d.Version != "" {
		f.heading(versionHeading + d.Version)
	}
	f.keywords(d.Keywords, 0)
	if d.Ended {
		f.line()
		f.text.WriteString(endCase)
		f.line()
	}
	if f.err != nil {
		return f.err
	}
	return f.out.Flush()
}

// formatter writes lines.
type formatter struct {
	out     *bufio.Writer
	section string
	text    strings.Builder // of the current line
	piece   strings.Builder // what is written next, and is not divided
	err     error           // the first
}

func (f *formatter) keywords(list []Keyword, depth int) {
	for i := range list {
		if f.err != nil {
			return
		}
		k := &list[i]
		if k.Section != "" && (k.Section != f.section || depth == 0 && k.Is(networkComponent)) {
			f.heading(k.Section)
			f.section = k.Section
		}
		f.keyword(k, depth)
		if k.Is(networkComponent) {
			f.keywords(k.Keywords, depth+1)
			f.text.WriteString(strings.Repeat(" ", depth) + endNetworkComponent)
			f.line()
		}
	}
}

// keyword writes a keyword and its parameters.
func (f *formatter) keyword(k *Keyword, depth int) {
	f.checkName(k.Name, "a keyword")
	switch {
	case k.Is(endNetworkComponent) || k.Is(endCase):
		f.fail("the keyword %s is written of itself", k.Name)
	case len(k.Keywords) > 0 && !k.Is(networkComponent):
		f.fail("a %s has no keywords of its own; a %s does", k.Name, networkComponent)
	}
	f.text.WriteString(strings.Repeat(" ", depth))
	f.piece.WriteString(k.Name)
	for i := range k.Parameters {
		p := &k.Parameters[i]
		f.checkName(p.Name, "a parameter")
		f.check(p.Value)
		f.gap()
		f.piece.WriteString(p.Name + "=")
		p.Value.write(&f.piece, f.gap)
		if i < len(k.Parameters)-1 {
			f.piece.WriteByte(',')
		}
	}
	f.gap()
	f.line()
}

// gap ends a piece: the line may go on in another after it.
func (f *formatter) gap() {
	piece := f.piece.String()
	f.piece.Reset()
	line := f.text.String()
	switch {
	case strings.TrimLeft(line, " ") == "": // the first of the line
	case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(piece)+len(` \`) > lineWidth:
		f.text.WriteString(` \`)
		f.line()
		f.text.WriteString(continuation)
	default:
		f.text.WriteByte(' ')
	}
	f.text.WriteString(piece)
}

// heading writes a section's.
func (f *formatter) heading(text string) {
	if strings.ContainsRune(text, '\n') || strings.TrimSpace(text) != text || strings.Trim(text, "*") == "" {
		f.fail("a section's heading is one line of text, not %s", quote(text))
	}
	for _, line := range []string{"", rule, "! " + text, rule} {
		f.text.WriteString(line)
		f.line()
	}
}

// line ends the line.
func (f *formatter) line() {
	line := f.text.String()
	f.text.Reset()
	encoded := make([]byte, 0, len(line)+1)
	for _, r := range line {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			encoded = nil
			break
		}
		encoded = append(encoded, b)
	}
	if encoded == nil || olga.Text(encoded) != line { // that could be taken for UTF-8
		encoded = append(encoded[:0], line...)
	}
	f.out.Write(append(encoded, '\r', '\n'))
}

// check refuses a value that a file cannot hold.
func (f *formatter) check(v Value) {
	_, isNumber := number(v.Text)
	switch v.Kind {
	case Word:
		if isNumber || !isWord(v.Text) {
			f.fail("%s is no word: it is empty, a number, or holds what parts words; make it a text", quote(v.Text))
		}
	case Text:
		if strings.ContainsRune(v.Text, '\n') {
			f.fail("the text %s holds the end of a line", quote(v.Text))
		}
	case Number:
		if n, _ := number(v.Text); !isNumber || n != v.Number {
			f.fail("%s is no spelling of the number %v", quote(v.Text), v.Number)
		}
	case List:
		for _, e := range v.List {
			f.check(e)
		}
	default:
		f.fail("a value has no kind")
	}
	if strings.ContainsRune(v.Unit, '\n') {
		f.fail("the unit %s holds the end of a line", quote(v.Unit))
	}
}

func (f *formatter) checkName(name, what string) {
	if !isName(name) || !isWord(name) {
		f.fail("%s is no name of %s: one is a word that begins with a letter", quote(name), what)
	}
}

func (f *formatter) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("write a keyword file: "+format, args...)
	}
}

// isWord tells whether a text can stand without quotes.
func isWord(text string) bool {
	for i := range len(text) {
		if isBlank(text[i]) || isMark(text[i]) {
			return false
		}
	}
	return text != "" && !strings.HasSuffix(text, `\`)
}

// write writes the value; gap is called where a line may end.
func (v Value) write(b *strings.Builder, gap func()) {
	switch v.Kind {
	case Text:
		b.WriteString(inQuotes(v.Text))
	case List:
		b.WriteByte('(')
		for i, e := range v.List {
			if i > 0 {
				b.WriteByte(',')
				gap()
			}
			e.write(b, gap)
		}
		b.WriteByte(')')
	default:
		b.WriteString(v.Text)
	}
	if v.Unit == "" {
		return
	}
	b.WriteByte(' ')
	if _, isNumber := number(v.Unit); isNumber || !isWord(v.Unit) {
		b.WriteString(inQuotes(v.Unit))
	} else {
		b.WriteString(v.Unit)
	}
}

func inQuotes(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
