package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CellError says that a cell does not hold what its column must hold.
type CellError struct {
	File   string // the input's name
	Row    int    // the data row, counted from 1 without the header
	Line   int    // the line of a text input, counted from 1; 0 where there are no lines
	Column string // the column's name
	Value  string // the cell as it stands in the input
	Want   Kind   // what the column must hold
}

var kindArticles = map[Kind]string{Float64: "a number", Int64: "an integer", Bool: "true or false", String: "text", Time: "a date or time (RFC 3339)"}

// Error names the file, the row, the line, the column and the value.
func (e *CellError) Error() string {
	return fmt.Sprintf("%srow %d%s, column %q: %s is not %s",
		place(e.File, 0), e.Row, lineNote(e.Line), e.Column, shorten(e.Value), kindArticles[e.Want])
}

// RaggedError says that a row has another number of cells than the header.
type RaggedError struct {
	File string
	Row  int // the data row, counted from 1
	Line int // the line the row starts on
	Got  int // cells in the row
	Want int // columns
}

// Error names the row and both counts.
func (e *RaggedError) Error() string {
	cells, remedy := "cells", "if a cell holds the delimiter, quote it"
	if e.Got == 1 {
		cells = "cell"
	}
	if e.Got < e.Want {
		remedy = "leave a cell without a value empty, but keep its delimiter"
	}
	return fmt.Sprintf("%srow %d%s has %d %s where %d columns are expected; %s",
		place(e.File, 0), e.Row, lineNote(e.Line), e.Got, cells, e.Want, remedy)
}

// SyntaxError says that the input breaks its format's rules.
type SyntaxError struct {
	File    string
	Line    int    // counted from 1; 0 where there are no lines
	Column  int    // byte in that line, counted from 1; 0 if not known
	Offset  int64  // byte in the input, counted from 0
	Problem string // what is wrong and what to do
}

// Error names the line, the byte offset and the problem.
func (e *SyntaxError) Error() string {
	at := fmt.Sprintf("line %d", e.Line)
	if e.Column > 0 {
		at += fmt.Sprintf(", byte %d of the line", e.Column)
	}
	return fmt.Sprintf("%s%s (offset %d): %s", place(e.File, 0), at, e.Offset, e.Problem)
}

// HeaderError says that a column's name cannot be used.
type HeaderError struct {
	File     string
	Position int    // the column, counted from 1
	Name     string // its name; empty if that is what is wrong
	First    int    // the column of the same name before it, counted from 1; 0 if none
}

// Error names the column by its position.
func (e *HeaderError) Error() string {
	if e.First > 0 {
		return fmt.Sprintf("%scolumns %d and %d are both named %q; give each column its own name", place(e.File, 0), e.First, e.Position, e.Name)
	}
	return fmt.Sprintf("%scolumn %d has an empty name; name it in the header, or read the file as one without a header", place(e.File, 0), e.Position)
}

// EncodingError says that text is not UTF-8.
type EncodingError struct {
	File   string
	Line   int   // counted from 1
	Offset int64 // byte in the input, counted from 0
	Byte   byte  // the first byte that is wrong
	Hint   string
}

// Error names the offset and the line.
func (e *EncodingError) Error() string {
	hint := e.Hint
	if hint == "" {
		hint = "convert the file to UTF-8"
	}
	return fmt.Sprintf("%sline %d (offset %d): byte 0x%02x is not UTF-8 text; %s", place(e.File, 0), e.Line, e.Offset, e.Byte, hint)
}

// LimitError says that the input is larger than an explicit limit allows.
type LimitError struct {
	File  string
	Line  int    // where it was found; 0 if not known
	What  string // "rows", "columns", "bytes in one cell", …
	Limit int64
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%smore than %d %s; raise the limit if that is intended", place(e.File, e.Line), e.Limit, e.What)
}

// EmptyError says that there are no rows: Columns is 0 for an input without any
// content, else the number of columns its header names.
type EmptyError struct {
	File    string
	Columns int
}

// Error tells an empty input from one with a header only.
func (e *EmptyError) Error() string {
	if e.Columns == 0 {
		return place(e.File, 0) + "the input is empty: no header and no rows"
	}
	return fmt.Sprintf("%sthere are %d columns but no rows", place(e.File, 0), e.Columns)
}

// RequireRows returns an [*EmptyError] that names file if t has no rows.
func RequireRows(file string, t *Table) error {
	if t.NumRows() > 0 {
		return nil
	}
	return &EmptyError{File: file, Columns: t.NumColumns()}
}

// NestedError says that a value is a list or an object where a table can only
// hold a single value.
type NestedError struct {
	File   string
	Record int    // the record, counted from 1; 0 where the column itself is nested
	Line   int    // counted from 1; 0 where there are no lines
	Key    string // the key or column
	What   string // "a list", "an object", …
}

// Error names the record and the key.
func (e *NestedError) Error() string {
	record := ""
	if e.Record > 0 {
		record = fmt.Sprintf("record %d%s, ", e.Record, lineNote(e.Line))
	}
	return fmt.Sprintf("%s%skey %q holds %s; a table's cells are single values, so flatten it first", place(e.File, 0), record, e.Key, e.What)
}

// CorruptError says that a binary input cannot be decoded.
type CorruptError struct {
	File string
	Part string // the column or section that failed; may be empty
	Err  error
}

// Error names the part and the decoder's own words.
func (e *CorruptError) Error() string {
	part := ""
	if e.Part != "" {
		part = e.Part + ": "
	}
	return fmt.Sprintf("%s%struncated or corrupt: %v", place(e.File, 0), part, e.Err)
}

// Unwrap returns the decoder's error.
func (e *CorruptError) Unwrap() error { return e.Err }

func place(file string, line int) string {
	switch {
	case file == "" && line == 0:
		return ""
	case line == 0:
		return file + ": "
	case file == "":
		return fmt.Sprintf("line %d: ", line)
	}
	return fmt.Sprintf("%s: line %d: ", file, line)
}

func lineNote(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", line)
}

// shorten quotes a value for a message, cut to a readable length.
func shorten(value string) string {
	const limit = 60
	if len(value) <= limit {
		return fmt.Sprintf("%q", value)
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return strings.TrimSuffix(fmt.Sprintf("%q", value[:cut]), `"`) + `…"`
}
