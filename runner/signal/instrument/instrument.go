package instrument

import (
	"math"
	"math/rand/v2"
)

// Instrument reads one column of one case. It is not safe for concurrent use.
type Instrument struct {
	model Model
	// deviation is that of the random error, but for its share of the reading.
	deviation float64

	errors, steps, losses *rand.Rand // nil where the effect is off

	begun       bool
	first, last float64 // times of the first and the latest sample
	walk        float64

	lag      lag
	reported float64 // the last value outside the dead band; NaN: none yet

	lost     int64   // samples that the dropout goes on for
	lostTill float64 // the time that it ends at
	arrived  float64 // the last reading that arrived; NaN: none yet
}

// New makes an instrument that has read nothing. The error is a [*ParamError].
func New(m Model, s Source) (*Instrument, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	in := &Instrument{model: m, reported: math.NaN(), arrived: math.NaN(), lostTill: math.Inf(-1)}
	in.deviation = m.Accuracy / 2
	if m.Range != nil {
		in.deviation += m.AccuracyOfSpan / 100 * m.Range.Span() / 2
	}
	if in.deviation > 0 || m.AccuracyOfReading > 0 {
		in.errors = s.draws("accuracy")
	}
	if m.DriftWalk > 0 {
		in.steps = s.draws("drift")
	}
	if m.Dropout.Probability > 0 {
		in.losses = s.draws("dropout")
	}
	return in, nil
}

// Read puts the readings of the case's next samples into dst, which may be values
// itself; the three are equally long. A missing reading is NaN. Time that does not go
// forwards counts as standing still.
func (in *Instrument) Read(dst, times, values []float64) {
	dst, times = dst[:len(values)], times[:len(values)]
	for i, v := range values {
		t := times[i]
		if !in.begun {
			in.begun, in.first, in.last = true, t, t
		}
		v = in.sense(t, max(0, t-in.last), v)
		in.last = t
		dst[i] = in.send(t, in.convert(v))
	}
}

// sense is the sensor. Every sample draws, whatever it is, so that none changes the
// errors of another.
func (in *Instrument) sense(t, elapsed, v float64) float64 {
	m := &in.model
	var noise float64
	if in.errors != nil {
		noise = in.errors.NormFloat64()
	}
	if in.steps != nil {
		in.walk += float64(in.steps.NormFloat64() * float64(m.DriftWalk*math.Sqrt(elapsed)))
	}
	if !finite(v) {
		return v
	}
	if m.TimeConstant > 0 {
		v = in.lag.follow(t, v, m.TimeConstant)
	}
	v += float64(m.Drift*(t-in.first)) + in.walk
	return v + float64(noise*(in.deviation+float64(m.AccuracyOfReading/200*math.Abs(v))))
}

// convert is the converter: what is beyond the range is at its end.
func (in *Instrument) convert(v float64) float64 {
	m := &in.model
	var low float64
	if m.Range != nil {
		low = m.Range.Low
		if v < low {
			v = low
		} else if v > m.Range.High {
			v = m.Range.High
		}
	}
	if m.Resolution == 0 || !finite(v) {
		return v
	}
	step := math.RoundToEven((v - low) / m.Resolution)
	if !finite(step) {
		return v // finer than float64 can tell
	}
	v = low + float64(step*m.Resolution)
	if m.Range != nil && v > m.Range.High {
		// The highest step within the range; one that ends with it may miss it by a
		// rounding.
		step = math.Floor(m.Range.Span()/m.Resolution + 1e-9)
		v = min(low+float64(step*m.Resolution), m.Range.High)
	}
	return v
}

// send is the line: what is not reported or is lost does not arrive.
func (in *Instrument) send(t, v float64) float64 {
	if in.model.DeadBand > 0 && v == v {
		if !(math.Abs(v-in.reported) <= in.model.DeadBand) { // the first time, too, where it is NaN
			in.reported = v
		}
		v = in.reported
	}
	if in.losses == nil {
		return v
	}
	d := &in.model.Dropout
	begins := in.losses.Float64() < d.Probability
	lost := in.lost > 0 || t < in.lostTill
	switch {
	case in.lost > 0:
		in.lost--
	case !lost && begins:
		lost = true
		if d.Time > 0 {
			in.lostTill = t + d.Time
		} else {
			in.lost = max(d.Samples, 1) - 1
		}
	}
	switch {
	case !lost && v == v:
		in.arrived = v
	case lost && d.Hold:
		return in.arrived
	case lost:
		return math.NaN()
	}
	return v
}

// lag is a first-order lag: τ·y' = x − y.
type lag struct {
	begun   bool
	t, x, y float64 // of the last sample
}

// follow is y at the next sample, with x straight since the last one.
func (l *lag) follow(t, x, constant float64) float64 {
	elapsed := t - l.t
	switch {
	case !l.begun:
		l.begun, l.y = true, x
	case elapsed > 0:
		rise := (x - l.x) / elapsed * constant // how far y stays behind x in the end
		left := math.Expm1(-elapsed / constant)
		l.y = x + float64(rise*left) + float64((l.y-l.x)*(1+left))
	}
	l.t, l.x = t, x
	return l.y
}
