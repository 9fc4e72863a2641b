package progress_test

import (
	"context"
	"fmt"
	"testing"

	"mlops/runner/progress"
)

// A pipeline reports to whoever listens in its context.
func Example() {
	ctx := progress.With(context.Background(), progress.Func(func(r progress.Report) {
		fmt.Println(r.Stage, r.Fraction, r.Message)
	}))
	progress.From(ctx).Report(progress.Report{Stage: "train", Fraction: 0.5, Message: "half-way"})
	progress.Logf(ctx, "read", "%d rows", 3)
	// Output:
	// train 0.5 half-way
	// read -1 3 rows
}

func TestWithoutASinkReportsGoNowhere(t *testing.T) {
	progress.Warnf(t.Context(), "read", "nobody listens")
	if got := fmt.Sprintf("%p", progress.From(t.Context())); got != fmt.Sprintf("%p", progress.Discard) {
		t.Errorf("without a sink From gives %s", got)
	}
}

func TestAWarningIsOne(t *testing.T) {
	var got []progress.Report
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) { got = append(got, r) }))
	progress.Warnf(ctx, "split", "%d rows dropped", 2)
	progress.Logf(ctx, "split", "done")
	if len(got) != 2 || got[0].Level != progress.Warning || got[0].Message != "2 rows dropped" || got[1].Level != progress.Info {
		t.Errorf("got %+v", got)
	}
}
