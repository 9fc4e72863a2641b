package instrument_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/signal/instrument"
)

// drawModel draws a model with any effects.
func drawModel(t *rapid.T) instrument.Model {
	pick := func(name string, values ...float64) float64 { return rapid.SampledFrom(values).Draw(t, name) }
	m := instrument.Model{
		Accuracy: pick("accuracy", 0, 1), AccuracyOfReading: pick("of reading", 0, 0.5), Drift: pick("drift", 0, 0.01, -0.3), DriftWalk: pick("walk", 0, 0.2),
		Resolution: pick("resolution", 0, 0.25), DeadBand: pick("dead band", 0, 0.7), TimeConstant: pick("time constant", 0, 0.5, 20),
	}
	if rapid.Bool().Draw(t, "range") {
		m.Range = &instrument.Range{Low: -5, High: 10}
		m.AccuracyOfSpan = pick("of span", 0, 0.1)
	}
	if m.Dropout.Probability = pick("dropouts", 0, 0.2); m.Dropout.Probability > 0 {
		m.Dropout.Hold = rapid.Bool().Draw(t, "hold")
		if rapid.Bool().Draw(t, "by time") {
			m.Dropout.Time = 3
		} else {
			m.Dropout.Samples = int64(rapid.IntRange(0, 4).Draw(t, "samples"))
		}
	}
	return m
}

var signalValue = rapid.OneOf(rapid.Float64Range(-20, 20), rapid.SampledFrom([]float64{nan, math.Inf(1), 0}))

// drawSignal draws a signal whose times may stand still or go back.
func drawSignal(t *rapid.T) (times, values []float64) {
	values = rapid.SliceOfN(signalValue, 0, 60).Draw(t, "values")
	now := rapid.Float64Range(-10, 10).Draw(t, "start")
	for range values {
		times = append(times, now)
		now += rapid.SampledFrom([]float64{0, 0.5, 1, 7.3, -0.5}).Draw(t, "step")
	}
	return times, values
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y })
}

func TestReadingsDoNotDependOnTheSizeOfBatches(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := drawModel(rt)
		times, values := drawSignal(rt)
		want := readings(t, m, source, times, values)
		in, err := instrument.New(m, source)
		if err != nil {
			rt.Fatal(err)
		}
		got := slices.Clone(values)
		for lo := 0; lo < len(got); {
			hi := min(len(got), lo+rapid.IntRange(0, 20).Draw(rt, "batch"))
			in.Read(got[lo:hi], times[lo:hi], got[lo:hi]) // in place
			lo = hi
		}
		if !same(got, want) {
			rt.Fatalf("in batches %v, at once %v", got, want)
		}
	})
}

// What a sample is has no effect on the errors of the others, and a model's
// readings obey range and resolution.
func TestReadingsObeyTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := drawModel(rt)
		times, values := drawSignal(rt)
		got := readings(t, m, source, times, values)
		for i, v := range got {
			if v != v || math.IsInf(v, 0) {
				continue
			}
			if m.Range != nil && (v < m.Range.Low || v > m.Range.High) {
				rt.Fatalf("%v is out of range", v)
			}
			low := 0.0
			if m.Range != nil {
				low = m.Range.Low
			}
			if m.Resolution > 0 && math.Mod(v-low, m.Resolution) != 0 {
				rt.Fatalf("%v is between steps", v)
			}
			if i > 0 && m.DeadBand > 0 && got[i-1] == got[i-1] && v != got[i-1] && math.Abs(v-got[i-1]) <= m.DeadBand && m.Dropout.Probability == 0 {
				rt.Fatalf("%v is reported after %v", v, got[i-1])
			}
		}
		if len(values) == 0 || m.TimeConstant > 0 || m.DeadBand > 0 || m.Dropout.Hold {
			return
		}
		at := rapid.IntRange(0, len(values)-1).Draw(rt, "missing")
		values[at] = nan
		other := readings(t, m, source, times, values)
		other[at], got[at] = 0, 0
		if !same(other, got) {
			rt.Fatalf("without sample %d it reads %v, with it %v", at, other, got)
		}
	})
}
