package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads a configuration from YAML text and merges it over [Default]. Text
// without any value gives the defaults; a key without a value keeps its
// default. name is what errors call the text.
//
// Every error is an [*Error]. The text may have at most 128 KiB, 10,000 words
// and signs, 48 levels of nesting and 20,000 values, counting each expansion of
// an alias.
func Parse(name string, data []byte) (*Config, error) {
	root, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	c := Default()
	if err := c.apply(root); err != nil {
		return nil, err
	}
	return c, nil
}

// Load reads the configuration in the file at path; a missing file is an error.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("read configuration: %s is a directory, not a file", path)
	}
	if info.Size() > maxBytes {
		return nil, tooLarge(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// apply decodes a file's root over c and checks the result.
func (c *Config) apply(root *node) error {
	if root.kind == null {
		return nil
	}
	notes, err := adoptForeign(root)
	if err != nil {
		return err
	}
	c.notes = append(c.notes[:len(c.notes):len(c.notes)], notes...)
	if c.places == nil {
		c.places = places{}
	}
	root.record("", c.places)
	d := decoder{known: configKeys}
	if err := d.decode(root, "", valueOf(c)); err != nil {
		return err
	}
	c.Training.Backend = canonicalBackend(c.Training.Backend)
	return c.Validate()
}

func tooLarge(name string) *Error {
	return &Error{File: name, Message: fmt.Sprintf("larger than %d bytes; this does not look like a configuration", maxBytes)}
}

// parse turns text into nodes. An empty text gives a null node.
func parse(name string, data []byte) (_ *node, err error) {
	// The library counts a CRLF as two lines in places.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	in := &source{name: name, text: data}
	whole := position{in: in}
	switch {
	case len(data) > maxBytes:
		return nil, tooLarge(name)
	case !utf8.Valid(data):
		return nil, invalidUTF8(in)
	}
	// The text comes from outside and the YAML library is not ours: a panic in it
	// is a malformed text, not a reason to end the process.
	defer func() {
		if r := recover(); r != nil {
			err = whole.errorf("", "malformed YAML (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if len(tokens) > maxTokens {
		t := tokens[maxTokens]
		return nil, (&builder{in: in}).place(t).errorf("", "more than %d words and signs; this does not look like a configuration", maxTokens)
	}
	if err := checkDepth(tokens, in); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(err, in)
	}
	var body ast.Node
	documents := 0
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		documents++
		if documents > 1 {
			at := (&builder{in: in}).place(doc.Body.GetToken())
			return nil, at.errorf("", "a second YAML document begins here; keep one configuration per file")
		}
		body = doc.Body
	}
	b := &builder{in: in, anchors: map[string]ast.Node{}}
	return b.build(body, "", 0)
}

// checkDepth refuses deep nesting before the parser recurses into it. Flow
// nesting is counted by brackets, block nesting by growing columns.
func checkDepth(tokens token.Tokens, in *source) error {
	flow := 0
	var columns []int
	line := 0
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		at := position{in: in, line: t.Position.Line, column: t.Position.Column}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		}
		nests := t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType || t.Type == token.MappingValueType ||
			t.Type == token.AnchorType || t.Type == token.TagType
		if t.Position.Line != line || nests {
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
			line = t.Position.Line
		}
		if flow > maxDepth || len(columns) > 2*maxDepth {
			return at.errorf("", "nested more than %d levels deep", maxDepth)
		}
	}
	return nil
}

func syntaxError(err error, in *source) *Error {
	at := position{in: in}
	message := err.Error()
	var located yaml.Error
	if errors.As(err, &located) {
		message = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			at.line, at.column = t.Position.Line, t.Position.Column
		}
	}
	return at.errorf("", "malformed YAML: %s", message)
}

func invalidUTF8(in *source) *Error {
	offset := 0
	for offset < len(in.text) {
		r, size := utf8.DecodeRune(in.text[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	before := string(in.text[:offset])
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return position{in: in, line: line, column: column}.errorf("", "byte 0x%02x is not UTF-8 text", in.text[offset])
}
