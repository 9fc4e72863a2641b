package reporting

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/progress"
)

func TestNewerProgressReplacesOlder(t *testing.T) {
	told := 0
	b := NewBuffer(func() { told++ })
	b.Report(progress.Report{Stage: "train", Fraction: 0.1, Metrics: map[string]float64{"iteration": 1, "auc": 0.5}, Left: time.Minute})
	b.Report(progress.Report{Stage: "train", Fraction: 0.2, Metrics: map[string]float64{"iteration": 2}})
	b.Report(progress.Report{Stage: "train", Fraction: -1, Message: "halfway"})
	got := b.Take()
	want := &mlopsv1.AttemptReport{
		Seq: 1,
		Progress: &mlopsv1.Progress{
			Stage: "train", Fraction: 0.2, Message: "halfway",
			Metrics: map[string]float64{"iteration": 2, "auc": 0.5}, Left: got.GetProgress().GetLeft(),
		},
		Log: []*mlopsv1.LogLine{{Level: mlopsv1.LogLevel_LOG_LEVEL_INFO, Text: "halfway", Stage: "train"}},
	}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got.GetProgress().GetLeft().AsDuration() != time.Minute {
		t.Errorf("estimate %v was not kept", got.GetProgress().GetLeft())
	}
	if told != 1 {
		t.Errorf("told %d times before the first take, want once", told)
	}
	if b.Take() != nil {
		t.Error("nothing was said, something was taken")
	}
	b.Report(progress.Report{Stage: "deploy"})
	if next := b.Take(); next.GetSeq() != 2 || next.GetProgress().GetStage() != "deploy" || len(next.GetProgress().GetMetrics()) != 0 {
		t.Errorf("after a stage ended: %v", next)
	}
	if told != 2 {
		t.Errorf("told %d times, want 2", told)
	}
}

func TestLinesBeyondTheBoundAreCounted(t *testing.T) {
	b := NewBuffer(nil)
	for range MaxLines + 7 {
		b.Log(mlopsv1.LogLevel_LOG_LEVEL_INFO, "x")
	}
	r := b.Take()
	if len(r.GetLog()) != MaxLines || r.GetDropped() != 7 {
		t.Errorf("%d lines and %d dropped, want %d and 7", len(r.GetLog()), r.GetDropped(), MaxLines)
	}
	b.Lost(r)
	if again := b.Take(); again.GetDropped() != MaxLines+7 {
		t.Errorf("a lost report counts as %d lines, want %d", again.GetDropped(), MaxLines+7)
	}
	for range MaxBytes/MaxLineBytes + 3 {
		b.Log(mlopsv1.LogLevel_LOG_LEVEL_WARNING, strings.Repeat("y", MaxLineBytes))
	}
	if r := b.Take(); r.GetDropped() != 3 {
		t.Errorf("%d lines dropped beyond the bound of bytes, want 3", r.GetDropped())
	}
}

func TestMergeKeepsWhatWasDropped(t *testing.T) {
	child, parent := NewBuffer(nil), NewBuffer(nil)
	child.Report(progress.Report{Stage: "read", Fraction: 1, Message: "done", Level: progress.Warning})
	child.Lost(&mlopsv1.AttemptReport{Dropped: 4})
	parent.Merge(child.Take())
	r := parent.Take()
	if r.GetProgress().GetStage() != "read" || r.GetLog()[0].GetLevel() != mlopsv1.LogLevel_LOG_LEVEL_WARNING || r.GetDropped() != 4 {
		t.Errorf("merged into %v", r)
	}
}

func TestAnyTextBecomesAValidBoundedLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "unit")
		text := strings.Repeat(string(unit), rapid.IntRange(1, 300).Draw(t, "times"))
		b := NewBuffer(nil)
		b.Log(mlopsv1.LogLevel_LOG_LEVEL_INFO, text)
		got := b.Take().GetLog()[0].GetText()
		if len(got) > MaxLineBytes {
			t.Fatalf("a line of %d bytes", len(got))
		}
		if !utf8.ValidString(got) {
			t.Fatal("a line that is not UTF-8")
		}
		if whole := strings.TrimRight(text, "\r\n"); len(whole) <= MaxLineBytes && utf8.ValidString(whole) && got != whole {
			t.Fatalf("a fitting line was changed: %q became %q", whole, got)
		}
	})
}
