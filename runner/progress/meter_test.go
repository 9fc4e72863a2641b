package progress_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/progress"
)

// A clock that goes on by step at every look.
func clock(step time.Duration) func() time.Time {
	at := time.Unix(0, 0)
	return func() time.Time {
		at = at.Add(step)
		return at
	}
}

func TestMeterTellsIterationMetricsAndTimeLeft(t *testing.T) {
	var got []progress.Report
	m := progress.NewMeter(progress.Func(func(r progress.Report) { got = append(got, r) }), "train", clock(2*time.Second))
	m.Iteration(1, 10, map[string]float64{"valid_auc": 0.75, "valid_map": math.NaN()})
	m.Iteration(2, 10, nil)
	want := []progress.Report{
		{Stage: "train", Fraction: 0.1, Metrics: map[string]float64{"iteration": 1, "iterations": 10, "valid_auc": 0.75}, Left: 18 * time.Second},
		{Stage: "train", Fraction: 0.2, Metrics: map[string]float64{"iteration": 2, "iterations": 10}, Left: 16 * time.Second},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What an earlier attempt did took no time of this one.
func TestMeterOfAResumedTraining(t *testing.T) {
	var got progress.Report
	m := progress.NewMeter(progress.Func(func(r progress.Report) { got = r }), "train", clock(time.Second))
	m.Resume(60)
	m.Iteration(61, 100, nil)
	if got.Left != 39*time.Second || got.Fraction != 0.61 {
		t.Errorf("%v left at %v", got.Left, got.Fraction)
	}
}

func TestMeterDoesNotFlood(t *testing.T) {
	var told []float64
	m := progress.NewMeter(progress.Func(func(r progress.Report) { told = append(told, r.Metrics["iteration"]) }), "train", clock(time.Millisecond))
	const total = 10_000
	for i := range total {
		m.Iteration(i+1, total, nil)
	}
	if len(told) != total/100+1 || told[0] != 1 || told[1] != 101 || told[len(told)-1] != total {
		t.Errorf("%d reports, of iterations %v … %v", len(told), told[:2], told[len(told)-1])
	}
}

func TestNoMeterReportsNothing(*testing.T) {
	var m *progress.Meter
	m.Resume(1)
	m.Iteration(2, 3, nil)
}
