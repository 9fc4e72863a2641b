package progress

import (
	"math"
	"time"
)

// meterPace is the shortest time between two reports of a [Meter].
const meterPace = 100 * time.Millisecond

// Meter reports the iterations of a training, or other things that are done one
// after another, with an estimate of the time left: the first one, then at most
// ten a second, and the last one. A nil Meter reports nothing. It is for one
// goroutine at a time.
type Meter struct {
	unit  string // of what is counted
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
	return &Meter{unit: "iteration", sink: sink, stage: stage, now: now, start: now()}
}

// Count says what is counted, by a word such as item.
func (m *Meter) Count(unit string) *Meter {
	m.unit = unit
	return m
}

// PerSecond returns the rate of what so many of have been done since the start; 0
// where no time has passed.
func (m *Meter) PerSecond(done int64) float64 {
	if m == nil {
		return 0
	}
	if passed := m.now().Sub(m.start).Seconds(); passed > 0 {
		return float64(done) / passed
	}
	return 0
}

// Resume tells that so many iterations were done before: they say nothing about
// the time that the others take.
func (m *Meter) Resume(done int) {
	if m != nil {
		m.first, m.start = done, m.now()
	}
}

// Iteration tells that done of total iterations are done, at least one of them
// since the start. The report has the metrics iteration and iterations, or those
// of the word that [Meter.Count] was given, beside the given ones, of which it
// leaves out what is not finite.
func (m *Meter) Iteration(done, total int, metrics map[string]float64) {
	if m == nil {
		return
	}
	now := m.now()
	if !m.told.IsZero() && done < total && now.Sub(m.told) < meterPace {
		return
	}
	m.told = now
	figures := map[string]float64{m.unit: float64(done), m.unit + "s": float64(total)}
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
