package progress

import (
	"math"
	"time"
)

// meterPace is the shortest time between two reports of a [Meter].
const meterPace = 100 * time.Millisecond

// Meter reports the iterations of a training, with an estimate of the time left:
// the first one, then at most ten a second, and the last one. A nil Meter reports
// nothing. It is for one goroutine.
type Meter struct {
	sink  Sink
	stage string
	now   func() time.Time
	start time.Time
	first int       // iterations done when the meter started
	told  time.Time // of the last report; zero: none yet
}

// NewMeter returns a meter of a stage that begins now. A nil clock is time.Now.
func NewMeter(sink Sink, stage string, now func() time.Time) *Meter {
	if now == nil {
		now = time.Now
	}
	return &Meter{sink: sink, stage: stage, now: now, start: now()}
}

// Resume tells that so many iterations were done before: they say nothing about
// the time that the others take.
func (m *Meter) Resume(done int) {
	if m != nil {
		m.first, m.start = done, m.now()
	}
}

// Iteration tells that done of total iterations are done, at least one of them
// since the start. The report has the metrics iteration and iterations beside
// those given, of which it leaves out what is not finite.
func (m *Meter) Iteration(done, total int, metrics map[string]float64) {
	if m == nil {
		return
	}
	now := m.now()
	if !m.told.IsZero() && done < total && now.Sub(m.told) < meterPace {
		return
	}
	m.told = now
	figures := map[string]float64{"iteration": float64(done), "iterations": float64(total)}
	for name, v := range metrics {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			figures[name] = v
		}
	}
	each := float64(now.Sub(m.start)) / float64(max(1, done-m.first))
	m.sink.Report(Report{
		Stage: m.stage, Fraction: float64(done) / float64(total), Metrics: figures, Left: time.Duration(each * float64(total-done)),
	})
}
