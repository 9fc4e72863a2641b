package olga

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Header is what a trend file says of itself.
type Header struct {
	Version   string // of the simulator, such as "OLGA 2017.2.0.107"
	InputFile string // the keyword file that was run; a name, not a path to open
	Date      string // as it stands there
	Project   string
	Title     string
	Author    string
	Branches  []string
	TimeUnit  string // such as S
}

// readHeader reads up to the catalog.
func (r *Reader) readHeader() error {
	var before string // the line before, a keyword that this line belongs to
	for {
		line, err := r.line()
		if err != nil {
			return r.ended(err, "before the CATALOG of trends")
		}
		if r.read > maxHeaderBytes {
			return r.fault(0, "there is no CATALOG within the first %d bytes; this is no trend file", maxHeaderBytes)
		}
		text := strings.TrimSpace(Text(line))
		if r.lines == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if r.lines == 1 && !strings.HasPrefix(strings.TrimLeft(text, "' "), "OLGA") {
			return r.fault(0, "a trend file begins with the version of OLGA, such as 'OLGA 2017.2.0.107', not with %s", quote(text))
		}
		switch text {
		case "CATALOG":
			return nil
		case "PROFILE PLOT":
			return r.fault(0, "this is a profile file (.ppl), whose values are along the pipe, and no trend file")
		}
		value := strings.TrimSpace(strings.Trim(text, "'"))
		if r.lines == 1 {
			r.Version = value
		}
		switch before {
		case "INPUT FILE":
			r.InputFile = value
		case "DATE":
			r.Date = value
		case "PROJECT":
			r.Project = value
		case "TITLE":
			r.Title = value
		case "AUTHOR":
			r.Author = value
		case "BRANCH":
			if len(r.Branches) < maxTrends {
				r.Branches = append(r.Branches, value)
			}
		}
		before = text
	}
}

// readCatalog reads the trends and the line that begins their values.
func (r *Reader) readCatalog() error {
	line, err := r.line()
	if err != nil {
		return r.ended(err, "before the number of trends")
	}
	count, err := strconv.Atoi(strings.TrimSpace(string(line)))
	if err != nil || count < 1 {
		return r.fault(0, "after CATALOG comes the number of trends, not %s", quote(string(line)))
	}
	if count > maxTrends {
		return r.fault(0, "the catalog is to have %d trends; at most %d are read", count, maxTrends)
	}
	for len(r.Trends) < count {
		if line, err = r.line(); err != nil {
			return r.ended(err, "within its catalog: "+fmt.Sprintf("%d of %d trends are there", len(r.Trends), count))
		}
		trend, ok := parseTrend(Text(line))
		if !ok {
			return r.fault(0, "a trend is a variable, quoted words and a unit, such as PT 'POSITION:' 'P1' '(PA)' 'Pressure', not %s", quote(Text(line)))
		}
		r.Trends = append(r.Trends, trend)
	}
	nameAll(r.Trends)
	if line, err = r.line(); err != nil {
		return r.ended(err, "before TIME SERIES")
	}
	rest, found := strings.CutPrefix(strings.TrimSpace(string(line)), "TIME SERIES")
	if !found {
		return r.fault(0, "after %d trends comes TIME SERIES, not %s; the catalog has another number of trends than it says", count, quote(string(line)))
	}
	r.TimeUnit = strings.Trim(rest, " '()")
	return nil
}

// ended says that a file is shorter than it should be.
func (r *Reader) ended(err error, where string) error {
	if errors.Is(err, io.EOF) {
		return &SyntaxError{File: r.name, Line: r.lines + 1, Reason: "the file ends " + where}
	}
	return err
}

func quote(s string) string {
	const limit = 60
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return strconv.Quote(s)
}
