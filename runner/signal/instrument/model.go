package instrument

import (
	"fmt"
	"math"
)

// Model says what an instrument does to a signal. The zero Model does nothing.
type Model struct {
	// Accuracy is a ±limit of the random error in the signal's unit, at least 0. The
	// three limits are added; the standard deviation is half their sum.
	Accuracy float64
	// AccuracyOfReading is a ±limit in percent of the value that is read, at least 0.
	AccuracyOfReading float64
	// AccuracyOfSpan is a ±limit in percent of the range's span, at least 0; it needs
	// Range.
	AccuracyOfSpan float64
	// Range is what the instrument can show; readings end at its ends. nil: there is
	// no end.
	Range *Range
	// Drift moves the zero: the signal's unit per unit of time, from the first
	// sample on, up or down.
	Drift float64
	// DriftWalk moves the zero at random: the standard deviation, in the signal's
	// unit, of where it is after one unit of time (a Wiener process), at least 0.
	DriftWalk float64
	// Resolution is the step between two readings, at least 0, counted from the
	// range's low end, or from 0 without a range. Ties go to the even step.
	Resolution float64
	// DeadBand is by how much more than this a reading must differ from the one that
	// was reported last to be reported, at least 0.
	DeadBand float64
	// TimeConstant of a first-order lag, in units of time, at least 0: after a step,
	// 63.2 % of it is seen by then. Between samples the signal is taken to be
	// straight, for which the lag is exact.
	TimeConstant float64
	// Dropout is when nothing arrives.
	Dropout Dropout
}

// Range is what an instrument can show, Low < High.
type Range struct{ Low, High float64 }

// Span is the width of the range.
func (r Range) Span() float64 { return r.High - r.Low }

// Dropout is a loss of readings. At most one of Samples and Time is set; without
// both a dropout takes one sample.
type Dropout struct {
	// Probability that one begins with a sample, where none goes on; in [0, 1).
	Probability float64
	// Samples that one takes, at least 0.
	Samples int64
	// Time that one takes, in units of time, at least 0: samples less than this after
	// its first are lost.
	Time float64
	// Hold shows the last reading that arrived in the place of a missing one.
	Hold bool
}

// ParamError says what is wrong with a parameter of a [Model].
type ParamError struct {
	Param  string // the field, such as Resolution or Dropout.Samples
	Reason string
}

// Error names the parameter.
func (e *ParamError) Error() string { return e.Param + " " + e.Reason }

// Validate checks the model. The error is a [*ParamError].
func (m Model) Validate() error {
	fault := func(param, format string, args ...any) error {
		return &ParamError{Param: param, Reason: fmt.Sprintf(format, args...)}
	}
	for _, p := range []struct {
		name  string
		value float64
		least float64
	}{
		{"Accuracy", m.Accuracy, 0},
		{"AccuracyOfReading", m.AccuracyOfReading, 0},
		{"AccuracyOfSpan", m.AccuracyOfSpan, 0},
		{"Drift", m.Drift, math.Inf(-1)},
		{"DriftWalk", m.DriftWalk, 0},
		{"Resolution", m.Resolution, 0},
		{"DeadBand", m.DeadBand, 0},
		{"TimeConstant", m.TimeConstant, 0},
		{"Dropout.Probability", m.Dropout.Probability, 0},
		{"Dropout.Samples", float64(m.Dropout.Samples), 0},
		{"Dropout.Time", m.Dropout.Time, 0},
	} {
		if !finite(p.value) || p.value < p.least {
			if p.least == 0 {
				return fault(p.name, "must be a finite number of at least 0, not %v", p.value)
			}
			return fault(p.name, "must be a finite number, not %v", p.value)
		}
	}
	r, d := m.Range, m.Dropout
	switch {
	case r != nil && !(finite(r.Low) && finite(r.High) && r.Low < r.High && finite(r.Span())):
		return fault("Range", "must go from a number to a greater one, not from %v to %v", r.Low, r.High)
	case r == nil && m.AccuracyOfSpan > 0:
		return fault("AccuracyOfSpan", "is a share of the range's span, and there is no range; give one")
	case r != nil && m.Resolution > r.Span():
		return fault("Resolution", "is %v, wider than the range's span, %v", m.Resolution, r.Span())
	case d.Probability >= 1:
		return fault("Dropout.Probability", "must be below 1, not %v", d.Probability)
	case d.Samples > 0 && d.Time > 0:
		return fault("Dropout.Time", "is given beside a length in samples; give one of them")
	case d.Probability == 0 && d != (Dropout{}):
		return fault("Dropout.Probability", "is 0, so that nothing drops out; give it, or leave out the rest")
	}
	return nil
}

// finite tells a number from infinities and NaN.
func finite(v float64) bool { return v-v == 0 }
