package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"mlops/runner/progress"
)

// stages runs the parts of a pipeline, times them and says where it is.
type stages struct {
	now      func() time.Time
	start    time.Time
	timings  map[string]float64
	warnings []string
}

func newStages(env Env) *stages {
	return &stages{now: env.Now, start: env.Now(), timings: make(map[string]float64)}
}

// do runs one stage. An error that tells nothing of itself is of kind otherwise.
func (s *stages) do(ctx context.Context, stage string, otherwise Kind, f func() error) error {
	if err := context.Cause(ctx); err != nil {
		return fail(ctx, stage, otherwise, err)
	}
	progress.From(ctx).Report(progress.Report{Stage: stage})
	began := s.now()
	err := f()
	s.timings[stage] += s.now().Sub(began).Seconds()
	if err != nil {
		return fail(ctx, stage, otherwise, err)
	}
	progress.From(ctx).Report(progress.Report{Stage: stage, Fraction: 1})
	return nil
}

// warn keeps a warning for the result and tells it at once.
func (s *stages) warn(ctx context.Context, stage, format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
	progress.Warnf(ctx, stage, format, args...)
}

// total ends the clock and returns the timings.
func (s *stages) total() map[string]float64 {
	s.timings["total"] = s.now().Sub(s.start).Seconds()
	return s.timings
}

// finite drops figures that have no value: JSON cannot hold them and thresholds
// cannot be compared with them.
func finite(metrics map[string]float64) (kept map[string]float64, dropped []string) {
	kept = make(map[string]float64, len(metrics))
	for name, v := range metrics {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			dropped = append(dropped, name)
		} else {
			kept[name] = v
		}
	}
	slices.Sort(dropped)
	return kept, dropped
}
