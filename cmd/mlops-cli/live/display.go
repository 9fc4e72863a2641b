package live

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Options say where and how to show.
type Options struct {
	Terminal bool       // draw in place
	Color    bool       // colour warnings and errors
	Quiet    bool       // show warnings and errors only
	Workers  bool       // tell which worker runs a task
	Width    func() int // columns of the terminal; nil or 0: 80
}

// Display shows events. It is safe for concurrent use.
type Display struct {
	w       io.Writer
	options Options
	mu      sync.Mutex
	drawn   string    // the line in place; empty: none
	stage   string    // the last stage told in plain lines
	tenths  int       // tenths of it told
	told    time.Time // event time of the last plain progress line
}

// New returns a display that writes to w.
func New(w io.Writer, o Options) *Display {
	return &Display{w: w, options: o}
}

// Close takes the line in place away.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
}

// Note prints a line.
func (d *Display) Note(format string, args ...any) {
	if !d.options.Quiet {
		d.line(fmt.Sprintf(format, args...), "")
	}
}

// Warn prints a line that begins with "warning:".
func (d *Display) Warn(format string, args ...any) {
	d.line("warning: "+fmt.Sprintf(format, args...), yellow)
}

// Event shows what happened.
func (d *Display) Event(e *mlopsv1.Event) {
	switch kind := e.GetKind().(type) {
	case *mlopsv1.Event_Log:
		d.log(kind.Log)
	case *mlopsv1.Event_Progress:
		d.progress(kind.Progress, e.GetTime().AsTime())
	case *mlopsv1.Event_TaskChanged:
		d.task(e, kind.TaskChanged)
	}
}

func (d *Display) log(l *mlopsv1.LogLine) {
	text := l.GetText()
	if l.GetStage() != "" {
		text = l.GetStage() + ": " + text
	}
	switch l.GetLevel() {
	case mlopsv1.LogLevel_LOG_LEVEL_WARNING:
		d.Warn("%s", text)
	case mlopsv1.LogLevel_LOG_LEVEL_ERROR:
		d.line("error: "+text, red)
	default:
		d.Note("%s", text)
	}
}

func (d *Display) task(e *mlopsv1.Event, change *mlopsv1.TaskChange) {
	switch change.GetState() {
	case mlopsv1.TaskState_TASK_STATE_QUEUED:
		if f := change.GetFailure(); f != nil {
			d.Warn("attempt %d ended: %s; the task is queued again", e.GetAttempt(), f.GetMessage())
		}
	case mlopsv1.TaskState_TASK_STATE_RUNNING:
		if d.options.Workers && strings.HasSuffix(e.GetTaskId(), "/0") {
			d.Note("running on worker %s%s", change.GetWorkerId(), attemptSuffix(e.GetAttempt()))
		}
	}
}

func attemptSuffix(n uint32) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (attempt %d)", n)
}

func (d *Display) progress(p *mlopsv1.Progress, at time.Time) {
	if d.options.Quiet {
		return
	}
	if d.options.Terminal {
		d.draw(progressLine(p, d.width()))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	tenths := int(p.GetFraction() * 10)
	news := p.GetStage() != d.stage || tenths >= d.tenths+2 || at.Sub(d.told) >= 10*time.Second
	if !news {
		return
	}
	d.stage, d.tenths, d.told = p.GetStage(), max(tenths, 0), at
	fmt.Fprintln(d.w, output.Clean(plainProgress(p)))
}

// Transfer returns a function that shows how far the transfer of a file is.
func (d *Display) Transfer(verb, name string) func(done, total int64) {
	next := int64(0)
	return func(done, total int64) {
		switch {
		case d.options.Quiet:
		case d.options.Terminal:
			if done == total {
				d.Close()
			} else {
				d.draw(transferLine(verb, name, done, total, d.width()))
			}
		case done >= next || done == total:
			next = done + max(total/5, 1)
			d.Note("%s %s: %s of %s", verb, name, output.Bytes(done), output.Bytes(total))
		}
	}
}

func (d *Display) width() int {
	if d.options.Width != nil {
		if w := d.options.Width(); w > 0 {
			return w
		}
	}
	return 80
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
	// eraseLine puts the cursor at the line's begin and clears it.
	eraseLine = "\r\x1b[K"
)

func (d *Display) line(text, color string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text = output.Clean(text)
	if d.options.Color && color != "" {
		text = color + text + reset
	}
	again := d.drawn
	d.erase()
	fmt.Fprintln(d.w, text)
	d.put(again)
}

func (d *Display) draw(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if text = output.Clean(text); text != d.drawn {
		d.erase()
		d.put(text)
	}
}

func (d *Display) erase() {
	if d.drawn != "" {
		fmt.Fprint(d.w, eraseLine)
		d.drawn = ""
	}
}

func (d *Display) put(text string) {
	if text != "" {
		fmt.Fprint(d.w, text)
		d.drawn = text
	}
}
