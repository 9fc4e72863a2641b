package isolation

import (
	"bytes"
	"io"
	"strings"
	"sync"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/worker/reporting"
)

const (
	// maxCrashLines is how much of a crash's output becomes its message.
	maxCrashLines = 24
	// maxTailLines is how much of the last output is told where there is no crash.
	maxTailLines = 5
)

// output turns what a process prints into log lines, and remembers what helps to
// explain its end.
type output struct {
	reports *reporting.Buffer
	streams []*lineWriter

	mu    sync.Mutex
	crash []string // from the line on that says that the program crashes
	tail  []string // the last lines of standard error
}

func newOutput(reports *reporting.Buffer) *output { return &output{reports: reports} }

func (o *output) stdout() io.Writer {
	return o.stream(func(line string) { o.reports.Log(mlopsv1.LogLevel_LOG_LEVEL_INFO, line) })
}

func (o *output) stderr() io.Writer {
	return o.stream(func(line string) {
		o.reports.Log(mlopsv1.LogLevel_LOG_LEVEL_WARNING, line)
		o.remember(line)
	})
}

func (o *output) stream(take func(string)) io.Writer {
	w := &lineWriter{take: take}
	o.streams = append(o.streams, w)
	return w
}

// end takes lines that were left without a line end; nothing writes any more.
func (o *output) end() {
	for _, w := range o.streams {
		w.flush()
	}
}

func (o *output) remember(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.crash) == 0 && !startsCrash(line) {
		o.tail = append(o.tail, line)
		if len(o.tail) > maxTailLines {
			o.tail = o.tail[1:]
		}
		return
	}
	if len(o.crash) < maxCrashLines {
		o.crash = append(o.crash, line)
	}
}

// startsCrash tells whether the Go runtime begins to say why it ends.
func startsCrash(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") ||
		strings.HasPrefix(line, "runtime: out of memory") || strings.HasPrefix(line, "unexpected fault address")
}

// explain returns the crash's first lines, or the last lines of standard error.
func (o *output) explain() (lines string, crashed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.crash) > 0 {
		return strings.TrimSpace(strings.Join(o.crash, "\n")), true
	}
	return strings.TrimSpace(strings.Join(o.tail, "\n")), false
}

// lineWriter cuts what is written into lines; too long ones are cut off, and the
// rest of them is dropped.
type lineWriter struct {
	take func(string)
	part []byte
}

// Write takes bytes of the stream; it never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		room := reporting.MaxLineBytes + 1 - len(w.part) // one more: so that it is seen to be cut
		w.part = append(w.part, line[:min(len(line), room)]...)
		if whole {
			w.flush()
		}
		p = rest
	}
	return n, nil
}

func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.take(string(w.part))
	}
	w.part = w.part[:0]
}
