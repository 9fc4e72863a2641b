package reporting

import (
	"maps"
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/progress"
)

// Bounds of a buffer.
const (
	// MaxLineBytes is the longest log line; longer ones are cut.
	MaxLineBytes = 4 << 10
	// MaxLines and MaxBytes bound the log lines that wait to be sent.
	MaxLines = 500
	MaxBytes = 256 << 10
	// maxMetrics bounds the figures of one progress report.
	maxMetrics = 64
)

// Buffer coalesces an attempt's reports. Its zero value is not ready: use
// [NewBuffer]. It is safe for concurrent use.
type Buffer struct {
	notify func()

	mu      sync.Mutex
	seq     uint64
	newest  *mlopsv1.Progress // unset: unchanged since the last Take
	lines   []*mlopsv1.LogLine
	bytes   int
	dropped uint32
	waiting bool // notify was called since the last Take
}

var _ progress.Sink = (*Buffer)(nil)

// NewBuffer makes a buffer that calls notify when there is something to take:
// once, until it is taken. notify must not block; nil is allowed.
func NewBuffer(notify func()) *Buffer {
	if notify == nil {
		notify = func() {}
	}
	return &Buffer{notify: notify}
}

// Report takes one statement of the pipeline's.
func (b *Buffer) Report(r progress.Report) {
	p := &mlopsv1.Progress{Stage: clean(r.Stage), Fraction: r.Fraction, Message: clean(r.Message)}
	if math.IsNaN(p.Fraction) {
		p.Fraction = -1
	}
	if r.Left > 0 {
		p.Left = durationpb.New(r.Left)
	}
	for name, value := range r.Metrics {
		if len(p.Metrics) == maxMetrics {
			break
		}
		if p.Metrics == nil {
			p.Metrics = make(map[string]float64, min(len(r.Metrics), maxMetrics))
		}
		p.Metrics[clean(name)] = value
	}
	var lines []*mlopsv1.LogLine
	if r.Message != "" {
		level := mlopsv1.LogLevel_LOG_LEVEL_INFO
		if r.Level == progress.Warning {
			level = mlopsv1.LogLevel_LOG_LEVEL_WARNING
		}
		lines = []*mlopsv1.LogLine{{Level: level, Text: p.Message, Stage: p.Stage}}
	}
	// A bare message of no stage says nothing about how far the work is.
	if r.Stage == "" && r.Fraction < 0 && len(r.Metrics) == 0 {
		p = nil
	}
	b.add(p, lines, 0)
}

// Log takes one line that was not said through the pipeline, such as a
// process's output.
func (b *Buffer) Log(level mlopsv1.LogLevel, text string) {
	b.add(nil, []*mlopsv1.LogLine{{Level: level, Text: clean(text)}}, 0)
}

// Merge takes what another buffer gave.
func (b *Buffer) Merge(r *mlopsv1.AttemptReport) {
	lines := r.GetLog()
	for _, l := range lines {
		l.Text, l.Stage = clean(l.GetText()), clean(l.GetStage())
	}
	b.add(r.GetProgress(), lines, r.GetDropped())
}

func (b *Buffer) add(p *mlopsv1.Progress, lines []*mlopsv1.LogLine, dropped uint32) {
	b.mu.Lock()
	if p != nil {
		b.newest = carry(b.newest, p)
	}
	b.dropped += dropped
	for _, l := range lines {
		size := len(l.GetText()) + len(l.GetStage())
		if len(b.lines) >= MaxLines || b.bytes+size > MaxBytes {
			b.dropped++
			continue
		}
		b.lines = append(b.lines, l)
		b.bytes += size
	}
	tell := !b.waiting && b.pending()
	b.waiting = b.waiting || tell
	b.mu.Unlock()
	if tell {
		b.notify()
	}
}

// carry keeps the figures of an earlier report of the same stage that a newer
// one without figures would hide.
func carry(old, p *mlopsv1.Progress) *mlopsv1.Progress {
	if old == nil || old.GetStage() != p.GetStage() {
		return p
	}
	if p.GetFraction() < 0 {
		p.Fraction = old.GetFraction()
	}
	if p.GetLeft() == nil {
		p.Left = old.GetLeft()
	}
	if len(old.GetMetrics()) > 0 {
		merged := maps.Clone(old.GetMetrics())
		maps.Copy(merged, p.GetMetrics())
		if len(merged) <= maxMetrics {
			p.Metrics = merged
		}
	}
	return p
}

// Take returns what was said since the last Take, numbered but without a
// reference, or nil.
func (b *Buffer) Take() *mlopsv1.AttemptReport {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	if !b.pending() {
		return nil
	}
	b.seq++
	r := &mlopsv1.AttemptReport{Seq: b.seq, Progress: b.newest, Log: b.lines, Dropped: b.dropped}
	b.newest, b.lines, b.bytes, b.dropped = nil, nil, 0, 0
	return r
}

// Lost counts lines of a taken report that did not arrive.
func (b *Buffer) Lost(r *mlopsv1.AttemptReport) {
	if n := uint32(len(r.GetLog())) + r.GetDropped(); n > 0 {
		b.add(nil, nil, n)
	}
}

// pending is called with the lock held.
func (b *Buffer) pending() bool {
	return b.newest != nil || len(b.lines) > 0 || b.dropped > 0
}

// clean makes a text fit for a log line: valid UTF-8, one line, bounded.
func clean(s string) string {
	s = strings.TrimRight(s, "\r\n")
	if len(s) > MaxLineBytes {
		const mark = " … (cut)"
		cut := MaxLineBytes - len(mark)
		for cut > MaxLineBytes-len(mark)-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + mark
	}
	s = strings.ToValidUTF8(s, "�")
	if len(s) > MaxLineBytes { // replacements are longer than what they replace
		return clean(s)
	}
	return s
}
