package instrument_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"mlops/runner/signal/instrument"
)

var nan = math.NaN()

var source = instrument.Source{Seed: 7, Case: "Leak111", Column: "PT"}

// readings are those of a whole signal at once.
func readings(t testing.TB, m instrument.Model, s instrument.Source, times, values []float64) []float64 {
	t.Helper()
	in, err := instrument.New(m, s)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(values))
	in.Read(out, times, values)
	return out
}

// seconds are times 0, 1, 2, …
func seconds(n int) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = float64(i)
	}
	return times
}

func TestEffectsWithoutChance(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name         string
		model        instrument.Model
		values, want []float64
	}{
		{"nothing", instrument.Model{}, []float64{1, nan, -inf, 0.1}, []float64{1, nan, -inf, 0.1}},
		{"range", instrument.Model{Range: &instrument.Range{Low: -1, High: 2}}, []float64{-3, -1, 0.3, 2, 5, inf, -inf, nan}, []float64{-1, -1, 0.3, 2, 2, 2, -1, nan}},
		{"resolution", instrument.Model{Resolution: 0.5}, []float64{0.2, 0.3, 0.75, 1.25, -0.8, nan, inf}, []float64{0, 0.5, 1, 1, -1, nan, inf}},
		{
			"resolution counts from the low end, and stays in the range", instrument.Model{Range: &instrument.Range{Low: 0.25, High: 2}, Resolution: 1},
			[]float64{0, 0.7, 0.8, 1.9, 9}, []float64{0.25, 0.25, 1.25, 1.25, 1.25},
		},
		{"a range of whole steps is reached", instrument.Model{Range: &instrument.Range{High: 0.3}, Resolution: 0.1}, []float64{0.3, 1}, []float64{0.3, 0.3}},
		{"dead band", instrument.Model{DeadBand: 1}, []float64{5, 6, 6.5, 6, 5.5, 5.4, nan, 4.5, 4.3}, []float64{5, 5, 6.5, 6.5, 6.5, 5.4, nan, 5.4, 4.3}},
		{"drift", instrument.Model{Drift: -0.5}, []float64{1, 1, nan, 1, inf}, []float64{1, 0.5, nan, -0.5, inf}},
		{
			"converter before line", instrument.Model{Range: &instrument.Range{High: 10}, Resolution: 2, DeadBand: 3},
			[]float64{1.2, 4, 4.9, 5.1, 99}, []float64{2, 2, 2, 6, 10},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := readings(t, c.model, source, seconds(len(c.values)), c.values); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%v reads %v, not %v", c.values, got, c.want)
			}
		})
	}
}

// After a step the lag is the textbook's exponential, and after a ramp it stays
// behind by slope times time constant, at whatever times it is looked at.
func TestLagIsThatOfFirstOrder(t *testing.T) {
	const constant = 3.0
	m := instrument.Model{TimeConstant: constant}
	step := readings(t, m, source, []float64{0, 10, 10, 13, 13.5, 19}, []float64{2, 2, 6, 6, 6, 6})
	ramp := readings(t, m, source, []float64{0, 1, 7, 60}, []float64{0, 2, 14, 120})
	for i, c := range []struct{ got, want float64 }{
		{step[0], 2}, {step[1], 2}, {step[2], 2},
		{step[3], 6 - 4*math.Exp(-1)}, {step[4], 6 - 4*math.Exp(-3.5/3)}, {step[5], 6 - 4*math.Exp(-3)},
		{ramp[1], 2 - 6*(1-math.Exp(-1.0/3))}, {ramp[2], 14 - 6*(1-math.Exp(-7.0/3))}, {ramp[3], 120 - 6*(1-math.Exp(-20))},
	} {
		if math.Abs(c.got-c.want) > 1e-12*math.Abs(c.want) {
			t.Errorf("value %d is %v, not %v", i, c.got, c.want)
		}
	}
	// A missing sample tells nothing: the signal is straight across it.
	across := readings(t, m, source, []float64{0, 1, 4, 7, 60}, []float64{0, 2, nan, 14, 120})
	if across[3] != ramp[2] || across[4] != ramp[3] || !math.IsNaN(across[2]) {
		t.Errorf("across a gap it reads %v, without one %v", across, ramp)
	}
}

func TestSourcesDiffer(t *testing.T) {
	m := instrument.Model{Accuracy: 2}
	read := func(s instrument.Source, m instrument.Model) []float64 {
		return readings(t, m, s, seconds(8), make([]float64, 8))
	}
	base := read(source, m)
	for _, s := range []instrument.Source{{8, "Leak111", "PT"}, {7, "Leak112", "PT"}, {7, "Leak111", "GT"}, {7, "Leak111P", "T"}, {-7, "Leak111", "PT"}} {
		if got := read(s, m); got[0] == base[0] || got[1] == base[1] {
			t.Errorf("%+v reads %v, as %+v does", s, got, source)
		}
	}
	// An effect that is switched on leaves the others' numbers as they are.
	m.Dropout.Probability = 0.3
	for i, v := range read(source, m) {
		if v == v && v != base[i] {
			t.Errorf("with dropouts sample %d reads %v, without them %v", i, v, base[i])
		}
	}
}

// A seed means the same values in every later version.
func TestASeedKeepsItsValues(t *testing.T) {
	got := readings(t, instrument.Model{Accuracy: 2, DriftWalk: 0.5, Dropout: instrument.Dropout{Probability: 0.4}}, source, seconds(6), seconds(6))
	want := []float64{2.3802100395000974, -0.4529627572460042, 1.408702480728836, nan, 3.789610428312069, 2.3947909692878118}
	if !same(got, want) {
		t.Errorf("read %#v", got)
	}
}

func TestModelsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		model instrument.Model
		want  string
	}{
		{instrument.Model{Accuracy: -1}, "Accuracy must be a finite number of at least 0, not -1"},
		{instrument.Model{Drift: nan}, "Drift must be a finite number, not NaN"},
		{instrument.Model{TimeConstant: math.Inf(1)}, "TimeConstant must be a finite number of at least 0, not +Inf"},
		{instrument.Model{AccuracyOfSpan: 1}, "AccuracyOfSpan is a share of the range's span, and there is no range; give one"},
		{instrument.Model{Range: &instrument.Range{Low: 2, High: 2}}, "Range must go from a number to a greater one, not from 2 to 2"},
		{instrument.Model{Range: &instrument.Range{Low: -math.MaxFloat64, High: math.MaxFloat64}}, "Range must go from a number to a greater one"},
		{instrument.Model{Range: &instrument.Range{High: 1}, Resolution: 2}, "Resolution is 2, wider than the range's span, 1"},
		{instrument.Model{Dropout: instrument.Dropout{Probability: 1}}, "Dropout.Probability must be below 1, not 1"},
		{instrument.Model{Dropout: instrument.Dropout{Probability: 0.1, Samples: 1, Time: 1}}, "Dropout.Time is given beside a length in samples; give one of them"},
		{instrument.Model{Dropout: instrument.Dropout{Samples: 1}}, "Dropout.Probability is 0, so that nothing drops out; give it, or leave out the rest"},
	} {
		_, err := instrument.New(c.model, source)
		var param *instrument.ParamError
		if !errors.As(err, &param) || len(err.Error()) < len(c.want) || err.Error()[:len(c.want)] != c.want {
			t.Errorf("%+v: the error is %v, not %q", c.model, err, c.want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	const n = 8192
	times, values, out := seconds(n), make([]float64, n), make([]float64, n)
	for i := range values {
		values[i] = 5e5 + 1e3*math.Sin(float64(i)/50)
	}
	span := &instrument.Range{High: 1e6}
	for _, c := range []struct {
		name  string
		model instrument.Model
	}{
		{"nothing", instrument.Model{}},
		{"accuracy", instrument.Model{AccuracyOfSpan: 0.1, Range: span}},
		{"lag", instrument.Model{TimeConstant: 2}},
		{"everything", instrument.Model{
			AccuracyOfSpan: 0.1, Range: span, Drift: 0.1, DriftWalk: 1, Resolution: 10, DeadBand: 50, TimeConstant: 2,
			Dropout: instrument.Dropout{Probability: 0.001, Samples: 5},
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, err := instrument.New(c.model, source)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				in.Read(out, times, values)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
}
