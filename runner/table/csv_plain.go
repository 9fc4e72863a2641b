package table

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Every byte of a word is one of these.
const (
	eachLow  = 0x0101010101010101
	eachHigh = 0x8080808080808080
	eachRest = 0x7f7f7f7f7f7f7f7f
)

// matches sets the highest bit of each byte of word that equals the bytes of
// pattern ("Hacker's Delight", 6-1).
func matches(word, pattern uint64) uint64 {
	x := word ^ pattern
	return ^((x&eachRest + eachRest) | x | eachRest)
}

// plain finds the cells of data without quotes, eight bytes at a time.
func (t *tokenizer) plain(data []byte) error {
	delimiters := uint64(t.delimiter) * eachLow
	const newlines = '\n' * eachLow
	p := plainRun{t: t, data: data}
	at := 0
	for ; at+8 <= len(data); at += 8 {
		word := binary.LittleEndian.Uint64(data[at:])
		for found := matches(word, delimiters) | matches(word, newlines); found != 0; found &= found - 1 {
			end := at + bits.TrailingZeros64(found)>>3
			if end-p.start > t.maxCell {
				return t.tooLong(data, p.start)
			}
			t.cells = append(t.cells, cell{uint32(p.start), uint32(end)})
			p.start = end + 1
			if data[end] == '\n' && !p.endRow() {
				return p.ragged()
			}
		}
	}
	for ; at < len(data); at++ {
		if data[at] != t.delimiter && data[at] != '\n' {
			continue
		}
		if at-p.start > t.maxCell {
			return t.tooLong(data, p.start)
		}
		t.cells = append(t.cells, cell{uint32(p.start), uint32(at)})
		p.start = at + 1
		if data[at] == '\n' && !p.endRow() {
			return p.ragged()
		}
	}
	if len(data) > 0 && data[len(data)-1] != '\n' { // the last line end may be absent
		if len(data)-p.start > t.maxCell {
			return t.tooLong(data, p.start)
		}
		t.cells = append(t.cells, cell{uint32(p.start), uint32(len(data))})
		if !p.endRow() {
			return p.ragged()
		}
	}
	t.length = len(data)
	return nil
}

// plainRun is where plain stands.
type plainRun struct {
	t     *tokenizer
	data  []byte
	start int // of the next cell
	first int // cell of the row
}

// endRow settles the row whose last cell was just found and reports whether it
// has as many cells as it must.
func (p *plainRun) endRow() bool {
	t := p.t
	last := &t.cells[len(t.cells)-1]
	if last.end > last.start && p.data[last.end-1] == '\r' {
		last.end--
	}
	got := len(t.cells) - p.first
	if got == 1 && last.end == last.start { // a blank line is no row
		t.cells = t.cells[:p.first]
		return true
	}
	t.rows++
	if got != t.columns {
		return false
	}
	p.first = len(t.cells)
	return true
}

func (p *plainRun) ragged() error {
	line := 1 + bytes.Count(p.data[:p.t.cells[p.first].start], []byte{'\n'})
	return &RaggedError{File: p.t.file, Row: p.t.rows, Line: line, Got: len(p.t.cells) - p.first, Want: p.t.columns}
}
