package instrument_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

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

func TestDropoutsHaveTheirLength(t *testing.T) {
	const n = 20_000
	values := seconds(n)
	for _, c := range []struct {
		name    string
		dropout instrument.Dropout
		length  int
	}{
		{"one sample", instrument.Dropout{Probability: 0.01}, 1},
		{"samples", instrument.Dropout{Probability: 0.01, Samples: 4}, 4},
		{"time", instrument.Dropout{Probability: 0.01, Time: 2.5}, 3}, // begins at 0: samples at 0, 1 and 2
		{"held", instrument.Dropout{Probability: 0.01, Samples: 4, Hold: true}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readings(t, instrument.Model{Dropout: c.dropout}, source, values, values)
			losses, run := 0, 0
			for i := 1; i < n; i++ {
				lost := math.IsNaN(got[i])
				if c.dropout.Hold {
					if lost = got[i] != values[i]; lost && got[i] != got[i-1] {
						t.Fatalf("sample %d reads %v, after %v", i, got[i], got[i-1])
					}
				} else if !lost && got[i] != values[i] {
					t.Fatalf("sample %d reads %v", i, got[i])
				}
				switch {
				case lost:
					run++
				case run > 0:
					if run%c.length != 0 { // one may begin as the one before ends
						t.Fatalf("before sample %d are %d missing, not a multiple of %d", i, run, c.length)
					}
					losses += run / c.length
					run = 0
				}
			}
			// Each sample that is not within one begins one.
			trials := float64(n - losses*(c.length-1))
			if deviation := math.Abs(float64(losses)-0.01*trials) / math.Sqrt(trials*0.01*0.99); deviation > 4 {
				t.Errorf("%d dropouts in %v samples, %.1f standard errors from 1 %%", losses, trials, deviation)
			}
		})
	}
	if got := readings(t, instrument.Model{Dropout: instrument.Dropout{Probability: 0.999, Hold: true}}, source, seconds(3), values[:3]); !math.IsNaN(got[0]) {
		t.Errorf("nothing arrived yet, and %v is held", got)
	}
}

// moments are mean, standard deviation and excess kurtosis.
func moments(values []float64) (mean, deviation, kurtosis float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	var second, fourth float64
	for _, v := range values {
		square := (v - mean) * (v - mean)
		second += square / n
		fourth += square * square / n
	}
	return mean, math.Sqrt(second), fourth/(second*second) - 3
}

// The error's figures are those that the model says, each within four standard errors
// on a million samples.
func TestErrorIsGaussianOfTheSaidAccuracy(t *testing.T) {
	const n = 1_000_000
	values := slices.Repeat([]float64{-50}, n)
	for _, c := range []struct {
		name  string
		model instrument.Model
		limit float64 // ±, of 95.45 %
	}{
		{"absolute", instrument.Model{Accuracy: 3}, 3},
		{"of reading", instrument.Model{AccuracyOfReading: 0.5}, 0.25},
		{"of span", instrument.Model{AccuracyOfSpan: 0.1, Range: &instrument.Range{Low: -1000, High: 1000}}, 2},
		{"added", instrument.Model{Accuracy: 0.5, AccuracyOfReading: 1, AccuracyOfSpan: 0.05, Range: &instrument.Range{Low: -1000, High: 1000}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readings(t, c.model, source, seconds(n), values)
			for i := range got {
				got[i] += 50
			}
			mean, deviation, kurtosis := moments(got)
			within := 0
			for _, v := range got {
				if math.Abs(v) <= c.limit {
					within++
				}
			}
			sigma := c.limit / 2
			const share = 0.9544997
			for what, errors := range map[string]float64{
				"mean":                  mean / (sigma / math.Sqrt(n)),
				"standard deviation":    (deviation - sigma) / (sigma / math.Sqrt(2*n)),
				"kurtosis":              kurtosis / math.Sqrt(24.0/n),
				"share within accuracy": (float64(within)/n - share) / math.Sqrt(share*(1-share)/n),
				"correlation with the next": func() float64 {
					sum := 0.0
					for i := range n - 1 {
						sum += got[i] * got[i+1]
					}
					return sum / (sigma * sigma) / math.Sqrt(n)
				}(),
			} {
				if math.Abs(errors) > 4 {
					t.Errorf("the %s is off by %.1f standard errors", what, errors)
				}
			}
		})
	}
}

// A walk's increments are independent and grow with the square root of time.
func TestDriftWalks(t *testing.T) {
	const n = 1_000_000
	times, values := make([]float64, n), make([]float64, n)
	for i := 1; i < n; i++ {
		times[i] = times[i-1] + []float64{0.25, 1, 4}[i%3]
	}
	got := readings(t, instrument.Model{DriftWalk: 2}, source, times, values)
	if got[0] != 0 {
		t.Errorf("the walk begins at %v", got[0])
	}
	steps := make([]float64, n-1)
	for i := range steps {
		steps[i] = (got[i+1] - got[i]) / math.Sqrt(times[i+1]-times[i])
	}
	mean, deviation, kurtosis := moments(steps)
	for what, errors := range map[string]float64{
		"mean": mean / (2 / math.Sqrt(n)), "standard deviation": (deviation - 2) / (2 / math.Sqrt(2*n)), "kurtosis": kurtosis / math.Sqrt(24.0/n),
	} {
		if math.Abs(errors) > 4 {
			t.Errorf("the steps' %s is off by %.1f standard errors", what, errors)
		}
	}
}

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
		{instrument.Model{Dropout: instrument.Dropout{Probability: 0.1, Samples: 1, Time: 1}}, "Dropout.Time and Dropout.Samples both say how long a dropout is; give one"},
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
