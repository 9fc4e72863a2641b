package live_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/cmd/mlops-cli/live"
	mlopsv1 "mlops/proto/mlops/v1"
)

func progress(second int, stage string, fraction, iteration float64) *mlopsv1.Event {
	p := &mlopsv1.Progress{Stage: stage, Fraction: fraction}
	if iteration > 0 {
		p.Metrics = map[string]float64{"iteration": iteration, "iterations": 100, "valid_auc": 0.83117}
		p.Left = durationpb.New(11_400 * time.Millisecond)
	}
	return &mlopsv1.Event{Time: timestamppb.New(time.Unix(int64(second), 0)), Kind: &mlopsv1.Event_Progress{Progress: p}}
}

func line(level mlopsv1.LogLevel, text string) *mlopsv1.Event {
	return &mlopsv1.Event{Kind: &mlopsv1.Event_Log{Log: &mlopsv1.LogLine{Level: level, Text: text, Stage: "read"}}}
}

func task(state mlopsv1.TaskState, attempt uint32, failure *mlopsv1.Failure) *mlopsv1.Event {
	return &mlopsv1.Event{TaskId: "w/0", Attempt: attempt, Kind: &mlopsv1.Event_TaskChanged{
		TaskChanged: &mlopsv1.TaskChange{State: state, WorkerId: "worker-1", Failure: failure},
	}}
}

var story = []*mlopsv1.Event{
	task(mlopsv1.TaskState_TASK_STATE_RUNNING, 1, nil),
	progress(1, "read", -1, 0),
	line(mlopsv1.LogLevel_LOG_LEVEL_INFO, "2,000 rows"),
	line(mlopsv1.LogLevel_LOG_LEVEL_WARNING, "3 rows were dropped"),
	progress(2, "train", 0, 0), progress(3, "train", 0.1, 10), progress(4, "train", 0.2, 20), progress(5, "train", 0.3, 30),
	progress(16, "train", 0.35, 35),
	task(mlopsv1.TaskState_TASK_STATE_QUEUED, 1, &mlopsv1.Failure{Message: "the worker went away"}),
	task(mlopsv1.TaskState_TASK_STATE_RUNNING, 2, nil),
	line(mlopsv1.LogLevel_LOG_LEVEL_ERROR, "it \x1b[2Jbroke"),
}

func tell(o live.Options) string {
	var b bytes.Buffer
	d := live.New(&b, o)
	for _, e := range story {
		d.Event(e)
	}
	d.Close()
	return b.String()
}

func TestPlainLinesMakeALog(t *testing.T) {
	want := `running on worker worker-1
read
read: 2,000 rows
warning: read: 3 rows were dropped
train
train 20%: iteration 20/100, valid_auc 0.8312, 12 s left
train 35%: iteration 35/100, valid_auc 0.8312, 12 s left
warning: attempt 1 ended: the worker went away; the task is queued again
running on worker worker-1 (attempt 2)
error: read: it ?[2Jbroke
`
	if d := cmp.Diff(want, tell(live.Options{Workers: true})); d != "" {
		t.Error(d)
	}
}

func TestQuietKeepsWarnings(t *testing.T) {
	want := `warning: read: 3 rows were dropped
warning: attempt 1 ended: the worker went away; the task is queued again
error: read: it ?[2Jbroke
`
	if d := cmp.Diff(want, tell(live.Options{Quiet: true, Terminal: true})); d != "" {
		t.Error(d)
	}
}

func TestATerminalHasOneLineThatStaysLast(t *testing.T) {
	got := tell(live.Options{Terminal: true, Width: func() int { return 60 }})
	if !strings.Contains(got, "[███████░░░░░░░░░░░░░░░░░]") {
		t.Errorf("no bar: %q", got)
	}
	if !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the line stays after the end: %q", got)
	}
	for _, part := range strings.FieldsFunc(got, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if n := utf8.RuneCountInString(strings.TrimPrefix(part, "\x1b[K")); strings.Contains(part, "░") && n > 59 {
			t.Errorf("%d columns do not fit: %q", n, part)
		}
	}
}

func TestColorsAreOfTheTerminal(t *testing.T) {
	if got := tell(live.Options{Color: true, Terminal: true}); !strings.Contains(got, "\x1b[33mwarning: read: 3 rows were dropped\x1b[0m\n") {
		t.Errorf("no colour: %q", got)
	}
}

func TestATransfer(t *testing.T) {
	var b bytes.Buffer
	show := live.New(&b, live.Options{}).Transfer("uploading", "a.csv")
	for done := range int64(11) {
		show(done<<20, 10<<20)
	}
	want := `uploading a.csv: 0 B of 10.0 MiB
uploading a.csv: 2.0 MiB of 10.0 MiB
uploading a.csv: 4.0 MiB of 10.0 MiB
uploading a.csv: 6.0 MiB of 10.0 MiB
uploading a.csv: 8.0 MiB of 10.0 MiB
uploading a.csv: 10.0 MiB of 10.0 MiB
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	show = live.New(&b, live.Options{Terminal: true}).Transfer("uploading", "a.csv")
	show(5, 10)
	show(10, 10)
	if got := b.String(); got != "uploading a.csv  [████████████░░░░░░░░░░░░]   50%  5 B of 10 B\r\x1b[K" {
		t.Errorf("got %q", got)
	}
}
