package report

import (
	"errors"
	"fmt"
	"math"
)

// MaxSeries is the number of series that a learning curve may have.
const MaxSeries = 10

// LearningCurve shows a metric over the course of training, or over the number
// of training rows.
type LearningCurve struct {
	Metric string   `json:"metric"`
	Step   string   `json:"step"` // what X counts: "iteration", "training rows", …
	Series []Series `json:"series"`
	Best   *float64 `json:"best,omitempty"` // the step that was kept, or nil
}

// Series is one line: "training", "validation", …
type Series struct {
	Name string    `json:"name"`
	X    []float64 `json:"x"` // rising
	Y    []float64 `json:"y"`
	Std  []float64 `json:"std,omitempty"` // over folds; nil where there is one value
}

// NewLearningCurve checks the series and thins them to MaxCurvePoints. best is
// the step that was kept, or nil.
func NewLearningCurve(metric, step string, series []Series, best *float64) (*LearningCurve, error) {
	if len(series) == 0 || len(series) > MaxSeries {
		return nil, fmt.Errorf("learning curve: there are %d series: from 1 to %d are possible", len(series), MaxSeries)
	}
	curve := &LearningCurve{Metric: metric, Step: step, Best: best}
	for _, s := range series {
		if len(s.X) == 0 || len(s.X) != len(s.Y) || s.Std != nil && len(s.Std) != len(s.X) {
			return nil, fmt.Errorf("learning curve: series %q has %d steps, %d values and %d deviations", s.Name, len(s.X), len(s.Y), len(s.Std))
		}
		for i, x := range s.X {
			if i > 0 && !(x > s.X[i-1]) {
				return nil, fmt.Errorf("learning curve: series %q goes from step %v to %v: steps must rise", s.Name, s.X[i-1], x)
			}
		}
		thinned := Series{Name: s.Name}
		for _, i := range thin(s.X, s.Y) {
			thinned.X, thinned.Y = append(thinned.X, s.X[i]), append(thinned.Y, s.Y[i])
			if s.Std != nil {
				thinned.Std = append(thinned.Std, s.Std[i])
			}
		}
		curve.Series = append(curve.Series, thinned)
	}
	if best != nil && (math.IsNaN(*best) || math.IsInf(*best, 0)) {
		return nil, errors.New("learning curve: the best step is not finite")
	}
	c := &check{}
	curve.validate(c)
	if c.err != nil {
		return nil, fmt.Errorf("learning curve: %w", c.err)
	}
	return curve, nil
}
