package config

import (
	"fmt"
	"strings"
)

// Error says what is wrong with one key of a configuration.
type Error struct {
	File    string // the file's name; "" for a configuration built in code
	Line    int    // counted from 1; 0 where there is no text
	Column  int    // character in that line, counted from 1; 0 where not known
	Key     string // dotted path, e.g. "training.test_size"; "" for the file as a whole
	Message string // what is wrong and what to do
	Excerpt string // the line and a caret below the place; "" where there is no text
}

// Error gives place, key and message, and the excerpt on lines of its own.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	return b.String()
}

// source is one text that keys came from.
type source struct {
	name string
	text []byte
}

// position is a place in a source. The zero position is nowhere.
type position struct {
	in     *source
	line   int
	column int
}

// places tells where each dotted path was given.
type places map[string]position

// find returns the place of path, or of the nearest enclosing key given.
func (p places) find(path string) position {
	for path != "" {
		if at, ok := p[path]; ok {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	return position{}
}

// errorf makes an [*Error] about key at this place.
func (at position) errorf(key, format string, args ...any) *Error {
	e := &Error{Line: at.line, Column: at.column, Key: key, Message: fmt.Sprintf(format, args...)}
	if at.in != nil {
		e.File = at.in.name
		e.Excerpt = at.excerpt()
	}
	return e
}

// excerpt shows the line with a caret, cut to a readable width.
func (at position) excerpt() string {
	const width = 100
	if at.line < 1 {
		return ""
	}
	lines := strings.SplitN(string(at.in.text), "\n", at.line+1)
	if len(lines) < at.line {
		return ""
	}
	shown := []rune(strings.ToValidUTF8(strings.TrimSuffix(lines[at.line-1], "\r"), "�"))
	column := max(at.column, 1)
	if column > width || column > len(shown)+1 {
		column = 0 // the caret would point past what is shown
	}
	if len(shown) > width {
		shown = append(shown[:width], '…')
	}
	for i, r := range shown {
		if r < ' ' || r == 0x7f { // keeps carets aligned and terminals safe
			shown[i] = ' '
		}
	}
	margin := fmt.Sprintf("%6d | ", at.line)
	out := margin + string(shown)
	if column > 0 {
		out += "\n" + strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", column-1) + "^"
	}
	return out
}
