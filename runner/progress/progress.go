package progress

import (
	"context"
	"fmt"
	"time"
)

// Level is the weight of a report's message.
type Level uint8

// The levels of a message.
const (
	Info Level = iota
	Warning
)

// Report is one statement about how far a pipeline is.
type Report struct {
	Stage    string             // what the pipeline does now: "read", "preprocess", "train", …
	Fraction float64            // of the stage done, 0 to 1; negative where it is not known
	Message  string             // one line for the log; "" for a mere tick
	Level    Level              // the message's weight
	Metrics  map[string]float64 // figures of this moment: iteration, valid_auc, …
	Left     time.Duration      // estimate until the stage's end; 0 where it is not known
}

// Sink takes reports. Report must not block for long and must be safe for
// concurrent use.
type Sink interface {
	Report(Report)
}

// Func makes a function a [Sink].
type Func func(Report)

// Report calls f.
func (f Func) Report(r Report) { f(r) }

// Discard is a sink that drops everything.
var Discard Sink = Func(func(Report) {})

type contextKey struct{}

// With returns a context whose pipeline reports to sink.
func With(ctx context.Context, sink Sink) context.Context {
	return context.WithValue(ctx, contextKey{}, sink)
}

// From returns the context's sink, or [Discard].
func From(ctx context.Context) Sink {
	if s, ok := ctx.Value(contextKey{}).(Sink); ok {
		return s
	}
	return Discard
}

// Logf reports a message within stage.
func Logf(ctx context.Context, stage, format string, args ...any) {
	From(ctx).Report(Report{Stage: stage, Fraction: -1, Message: fmt.Sprintf(format, args...)})
}

// Warnf reports a warning within stage.
func Warnf(ctx context.Context, stage, format string, args ...any) {
	From(ctx).Report(Report{Stage: stage, Fraction: -1, Level: Warning, Message: fmt.Sprintf(format, args...)})
}
