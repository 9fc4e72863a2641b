package program

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
)

// Bounds of a program's output. What is beyond them is read and dropped, so that
// a program never waits for its reader.
const (
	maxLineBytes   = 64 << 10
	maxStdoutBytes = 64 << 20
	maxLogLines    = 1000 // of standard error, and of other lines of standard output
	maxLogLine     = 2000 // bytes of a line that go to the log
	lastWords      = 5    // lines of standard error that an error repeats
	maxLastWord    = 400  // bytes of each
	maxMetrics     = 100  // of one line of progress
)

// Progress is one line of a program's standard output.
type Progress struct {
	// Fraction of the work done, 0 to 1; -1: not told.
	Fraction float64
	Message  string
	Metrics  map[string]float64
}

// progressLine is its form.
type progressLine struct {
	Progress *float64           `json:"progress"`
	Message  string             `json:"message"`
	Metrics  map[string]float64 `json:"metrics"`
}

// parseProgress reads a line of standard output; ok is false for what is no
// progress. Unknown keys are for later versions.
func parseProgress(line []byte) (p Progress, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return p, false
	}
	var in progressLine
	if err := json.Unmarshal(line, &in); err != nil || len(in.Metrics) > maxMetrics {
		return p, false
	}
	p = Progress{Fraction: -1, Message: cleanLine(in.Message), Metrics: in.Metrics}
	if in.Progress != nil {
		p.Fraction = math.Min(math.Max(*in.Progress, 0), 1)
	}
	return p, in.Progress != nil || in.Message != "" || in.Metrics != nil
}

// eachLine calls f for every line, without its end, of at most maxLineBytes; cut
// says that the line was longer. It reads to the end whatever comes, and calls f
// no more after limit bytes.
func eachLine(r io.Reader, limit int64, f func(line []byte, cut bool)) (dropped int64) {
	in := bufio.NewReaderSize(r, maxLineBytes)
	var read int64
	cutting := false // within a line whose start was given to f
	for {
		line, err := in.ReadSlice('\n')
		read += int64(len(line))
		full := errors.Is(err, bufio.ErrBufferFull)
		if len(line) > 0 && !cutting {
			if read > limit {
				dropped += int64(len(line))
			} else {
				f(bytes.TrimRight(line, "\r\n"), full)
			}
		}
		cutting = full
		if err != nil && !full {
			return dropped
		}
	}
}

// cleanLine makes a line fit for a log: valid text of one line, without control
// characters, of bounded length.
func cleanLine(s string) string {
	if len(s) > maxLogLine {
		s = s[:maxLogLine] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// logger gives a stream's lines to the log, up to a number of them.
type logger struct {
	log  func(string)
	told int
	left int // lines that were not told
	last []string
}

func (l *logger) line(text string) {
	text = cleanLine(text)
	if strings.TrimSpace(text) == "" {
		return
	}
	word := text
	if len(word) > maxLastWord {
		word = strings.ToValidUTF8(word[:maxLastWord], "") + "…"
	}
	if l.last = append(l.last, word); len(l.last) > lastWords {
		l.last = l.last[1:]
	}
	if l.told == maxLogLines {
		l.left++
		return
	}
	l.told++
	l.log(text)
}

// end tells of what was left out.
func (l *logger) end(stream string) {
	if l.left > 0 {
		l.log(fmt.Sprintf("%d more lines of %s are left out of the log", l.left, stream))
	}
}
