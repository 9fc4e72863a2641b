package olga

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Profile is the course of a branch, at the boundaries of its sections: the distance
// along it and the height, in metres.
type Profile struct {
	X, Z []float64
}

// Preamble is all that stands before the time steps of a file that is written.
type Preamble struct {
	Header
	PVTFiles []string  // names, as they are to stand there
	Profiles []Profile // one a branch of Header.Branches
	Trends   []Trend   // their names are not written: they follow from the rest
	CRLF     bool      // lines end as on Windows
}

// The digits behind the point, as OLGA writes them.
const (
	profileDigits = 16
	stepDigits    = 6
	perLine       = 5 // numbers of a profile on a line
)

// Writer writes a trend file, byte for byte in the form of OLGA 2017.2, that
// [NewReader] reads back: texts as they were, numbers rounded to seven digits. Times
// may not go back. It is not safe for concurrent use.
type Writer struct {
	out    *bufio.Writer
	end    string // of a line
	trends int
	last   float64 // time
	row    []byte
}

// NewWriter writes the header and the catalog. An error tells of a text that could not
// be read back, such as one with a quote, or of the disk.
func NewWriter(out io.Writer, p Preamble) (*Writer, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("write trend file: %w", err)
	}
	w := &Writer{out: bufio.NewWriterSize(out, 1<<16), end: "\n", trends: len(p.Trends), last: math.Inf(-1)}
	if p.CRLF {
		w.end = "\r\n"
	}
	w.header(p)
	w.catalog(p)
	return w, nil
}

// check refuses what would not be read back.
func (p *Preamble) check() error {
	if len(p.Trends) == 0 || len(p.Trends) > maxTrends {
		return fmt.Errorf("there are %d trends; there must be at least one, and at most %d", len(p.Trends), maxTrends)
	}
	if len(p.Profiles) != len(p.Branches) {
		return fmt.Errorf("there are %d profiles of %d branches", len(p.Profiles), len(p.Branches))
	}
	for i, profile := range p.Profiles {
		if len(profile.X) != len(profile.Z) || len(profile.X) < 2 {
			return fmt.Errorf("the profile of branch %q has %d distances and %d heights; there must be as many, of one section at least", p.Branches[i], len(profile.X), len(profile.Z))
		}
	}
	if !strings.HasPrefix(p.Version, "OLGA") {
		return fmt.Errorf("the version is %q; it begins with OLGA, such as OLGA 2017.2.0.107", p.Version)
	}
	texts := append([]string{p.Version, p.InputFile, p.Date, p.Project, p.Title, p.Author, p.TimeUnit}, p.PVTFiles...)
	for _, text := range append(texts, p.Branches...) {
		if !fits(text) {
			return fmt.Errorf("the text %q has a quote, a line break, or a blank at an end, and would not be read back", text)
		}
	}
	for _, t := range p.Trends {
		if !t.fits() {
			return fmt.Errorf("the trend %v would not be read back: its variable must be a word, and no text may have a quote, a line break or a blank at an end", t)
		}
	}
	return nil
}

// fits tells whether a text can stand between quotes.
func fits(text string) bool {
	return strings.TrimSpace(text) == text && !strings.ContainsFunc(text, func(r rune) bool { return r == '\'' || unicode.IsControl(r) })
}

// fits tells whether a trend is read back as it is. Only a text in parentheses is a
// unit.
func (t Trend) fits() bool {
	back, ok := parseTrend(t.line())
	if !ok || back.Variable != t.Variable || back.Unit != t.Unit || back.Description != t.Description || len(back.Location) != len(t.Location) {
		return false
	}
	for i, word := range t.Location {
		if back.Location[i] != word || !fits(word) {
			return false
		}
	}
	return fits(t.Variable) && fits(t.Unit) && fits(t.Description)
}

// line is the trend's line of the catalog.
func (t Trend) line() string {
	var b strings.Builder
	b.WriteString(t.Variable)
	for _, word := range t.Location {
		b.WriteString(" '" + word + "'")
	}
	if len(t.Location) > 0 && (t.Location[0] == "SECTION:" || t.Location[0] == "BOUNDARY:") {
		b.WriteByte(' ') // OLGA parts these twice
	}
	b.WriteString(" '(" + t.Unit + ")'")
	if t.Description != "" {
		b.WriteString(" '" + t.Description + "'")
	}
	return b.String()
}

func (w *Writer) header(p Preamble) {
	files := "PVT FILE"
	if len(p.PVTFiles) > 1 {
		files = "PVT FILES"
	}
	names := "'" + strings.Join(p.PVTFiles, "' '") + "' "
	w.lines("'"+p.Version+"'", "TIME PLOT", "INPUT FILE", "'"+p.InputFile+"'", files, names, "DATE", "'"+p.Date+"'",
		"PROJECT", "'"+p.Project+"'", "TITLE", "'"+p.Title+"'", "AUTHOR", "'"+p.Author+"'", "NETWORK", strconv.Itoa(len(p.Branches)), "GEOMETRY' (M)  '")
	for i, profile := range p.Profiles {
		w.lines("BRANCH", "'"+p.Branches[i]+"'", strconv.Itoa(len(profile.X)-1))
		w.numbers(profile.X)
		w.numbers(profile.Z)
	}
}

func (w *Writer) catalog(p Preamble) {
	w.lines("CATALOG ", strconv.Itoa(len(p.Trends)))
	for _, t := range p.Trends {
		w.lines(t.line())
	}
	w.lines("TIME SERIES  ' (" + p.TimeUnit + ")  '")
}

func (w *Writer) lines(texts ...string) {
	for _, text := range texts {
		w.out.WriteString(text)
		w.out.WriteString(w.end)
	}
}

// numbers writes the distances or heights of a profile.
func (w *Writer) numbers(values []float64) {
	for i, v := range values {
		w.out.Write(append(appendNumber(w.row[:0], v, profileDigits), ' '))
		if i%perLine == perLine-1 || i == len(values)-1 {
			w.out.WriteString(w.end)
		}
	}
}

// Write writes a time step: its time, and a value a trend. NaN, a value that is
// missing, is read back as such.
func (w *Writer) Write(time float64, values []float64) error {
	if len(values) != w.trends {
		return fmt.Errorf("write time step %v: there are %d values of %d trends", time, len(values), w.trends)
	}
	if math.IsInf(time, 0) || !(time >= w.last) {
		return fmt.Errorf("write time step %v: its time is no number, or before that of the time step before, %v", time, w.last)
	}
	w.last = time
	w.row = appendNumber(w.row[:0], time, stepDigits)
	for _, v := range values {
		w.row = appendNumber(append(w.row, ' '), v, stepDigits)
	}
	w.row = append(w.row, w.end...)
	if _, err := w.out.Write(w.row); err != nil {
		return fmt.Errorf("write time step %v: %w", time, err)
	}
	return nil
}

// Flush writes what is not written yet. Its error is the first that the disk gave.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write trend file: %w", err)
	}
	return nil
}

// appendNumber writes a number as the Fortran of OLGA does: its exponent has three
// digits.
func appendNumber(b []byte, v float64, digits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case math.IsInf(v, 1):
		return append(b, "Infinity"...)
	case math.IsInf(v, -1):
		return append(b, "-Infinity"...)
	}
	b = strconv.AppendFloat(b, v, 'e', digits, 64)
	const twoDigits = len("e+00")
	if b[len(b)-twoDigits] == 'e' {
		tens, ones := b[len(b)-2], b[len(b)-1]
		b[len(b)-2] = '0'
		b[len(b)-1] = tens
		b = append(b, ones)
	}
	return b
}
