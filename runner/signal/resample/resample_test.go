package resample_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/signal/resample"
)

var nan = math.NaN()

// series is what a grid gives of one signal and one state.
type series struct {
	times, signal []float64
	state         []int
	inGap         []bool
}

// resampled resamples in batches that end where ends says, and at the end.
func resampled(o resample.Options, times, signal []float64, state []int, ends ...int) (series, error) {
	g, err := resample.New(o)
	if err != nil {
		return series{}, err
	}
	var out series
	var linear resample.Linear
	var hold resample.Hold[int]
	take := func(p resample.Points, lo, hi int) {
		out.times, out.inGap = append(out.times, p.Times...), append(out.inGap, p.InGap...)
		out.signal = linear.Append(out.signal, p, signal[lo:hi])
		out.state = hold.Append(out.state, p, state[lo:hi])
	}
	lo := 0
	for _, hi := range append(ends, len(times)) {
		for p, err := range g.Push(times[lo:hi]) {
			if err != nil {
				return out, err
			}
			take(p, lo, hi)
		}
		lo = hi
	}
	for p, err := range g.End() {
		if err != nil {
			return out, err
		}
		take(p, lo, lo)
	}
	return out, nil
}

func TestFiguresAreThoseOfNumpy(t *testing.T) {
	data, err := os.ReadFile("testdata/numpy.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name                      string
		Times, Values, Grid, Want []float64
		Step                      float64
		Origin                    *float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 18 {
		t.Fatalf("there are %d cases", len(cases))
	}
	for _, c := range cases {
		got, err := resampled(resample.Options{Step: c.Step, Origin: c.Origin}, c.Times, c.Values, make([]int, len(c.Times)), 7, 30)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.times, c.Grid) {
			t.Errorf("%s: the grid is %v, not %v", c.Name, got.times, c.Grid)
			continue
		}
		for i, want := range c.Want {
			onRow := slices.ContainsFunc(c.Times, func(at float64) bool {
				return at != c.Grid[i] && math.Abs(at-c.Grid[i]) < 1e-8*c.Step+1e-14*math.Abs(at)
			})
			if got.signal[i] != want && !(onRow && math.Abs(got.signal[i]-want) < 1e-5*math.Abs(want)) {
				t.Errorf("%s: at %v it is %v, not %v", c.Name, c.Grid[i], got.signal[i], want)
			}
		}
	}
}

func TestPointsOfTheGrid(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name          string
		options       resample.Options
		times, signal []float64
		state         []int
		want          string // times, signal, state, in gap
	}{
		{"between rows", resample.Options{Step: 1}, []float64{0, 0.5, 2.5}, []float64{0, 1, 5}, []int{1, 2, 3}, "[0 1 2] [0 2 4] [1 2 2] [false false false]"},
		{"begins with the first row", resample.Options{Step: 2}, []float64{3, 8}, []float64{3, 8}, []int{1, 2}, "[3 5 7] [3 5 7] [1 1 1] [false false false]"},
		{"ends on the last row", resample.Options{Step: 0.1}, []float64{0, 0.3}, []float64{0, 3}, []int{1, 2}, "[0 0.1 0.2 0.30000000000000004] [0 1 2 3] [1 1 1 2] [false false false false]"},
		{"an origin before the first row", resample.Options{Step: 1, Origin: at(0)}, []float64{0.5, 3.5}, []float64{1, 7}, []int{1, 2}, "[1 2 3] [2 4 6] [1 1 1] [false false false]"},
		{"an origin behind the first row", resample.Options{Step: 1, Origin: at(2)}, []float64{0.5, 3.5}, []float64{1, 7}, []int{1, 2}, "[1 2 3] [2 4 6] [1 1 1] [false false false]"},
		{"an origin behind the last row", resample.Options{Step: 1, Origin: at(9.5)}, []float64{0.5, 1.5}, []float64{1, 3}, []int{1, 2}, "[0.5 1.5] [1 3] [1 2] [false false]"},
		{"no point fits", resample.Options{Step: 10, Origin: at(0)}, []float64{1, 2}, []float64{1, 3}, []int{1, 2}, "[] [] [] []"},
		{"one row", resample.Options{Step: 1}, []float64{5}, []float64{1}, []int{1}, "[5] [1] [1] [false]"},
		{"no row", resample.Options{Step: 1}, nil, nil, nil, "[] [] [] []"},
		{"of one time the last row", resample.Options{Step: 0.5}, []float64{0, 0, 1, 1, 1, 2}, []float64{9, 0, 9, 9, 4, 6}, []int{9, 1, 9, 9, 2, 3}, "[0 0.5 1 1.5 2] [0 2 4 5 6] [1 1 2 2 3] [false false false false false]"},
		{"the last rows of one time", resample.Options{Step: 1}, []float64{0, 1, 1}, []float64{0, 9, 4}, []int{0, 9, 4}, "[0 1] [0 4] [0 4] [false false]"},
		{"missing values", resample.Options{Step: 0.5}, []float64{0, 1, 2, 3}, []float64{0, nan, 2, 3}, []int{0, 1, 2, 3}, "[0 0.5 1 1.5 2 2.5 3] [0 NaN NaN NaN 2 2.5 3] [0 0 1 1 2 2 3] [false false false false false false false]"},
		{"a gap", resample.Options{Step: 1, MaxGap: 2}, []float64{0, 2, 5, 6}, []float64{0, 2, 5, 6}, []int{0, 2, 5, 6}, "[0 1 2 3 4 5 6] [0 1 2 NaN NaN 5 6] [0 0 2 2 2 5 6] [false false false true true false false]"},
		{"a row that misses a point by a rounding", resample.Options{Step: 1}, []float64{0, 1 + 5e-10, 2 - 5e-10}, []float64{0, 7, 8}, []int{0, 7, 8}, "[0 1 2] [0 7 8] [0 7 8] [false false false]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := resampled(c.options, c.times, c.signal, c.state)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(got.times, got.signal, got.state, got.inGap); text != c.want {
				t.Errorf("%s\nnot %s", text, c.want)
			}
		})
	}
}

// plain is the same by looking through all rows for each point.
func plain(o resample.Options, times, signal []float64, state []int) series {
	var out series
	var rows []int // the last of each time
	for i := range times {
		if i+1 == len(times) || times[i+1] != times[i] {
			rows = append(rows, i)
		}
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*o.Step+4*0x1p-52*math.Abs(b) }
	add := func(at, v float64, s int, gap bool) {
		out.times, out.signal, out.state, out.inGap = append(out.times, at), append(out.signal, v), append(out.state, s), append(out.inGap, gap)
	}
	origin, from := times[0], -1
	if o.Origin != nil {
		origin = *o.Origin
		from = int((times[0]-origin)/o.Step) - 3
	}
	for i := from; ; i++ {
		at := origin + float64(i)*o.Step
		first, last := rows[0], rows[len(rows)-1]
		switch {
		case near(at, times[last]):
		case at < times[first] && !near(at, times[first]):
			continue
		case at > times[last]:
			return out
		}
		on, left := -1, first
		for _, r := range rows {
			if near(at, times[r]) {
				on = r
			}
			if times[r] <= at {
				left = r
			}
		}
		if on >= 0 {
			add(at, signal[on], state[on], false)
			continue
		}
		right := rows[slices.Index(rows, left)+1]
		if o.MaxGap > 0 && times[right]-times[left] > o.MaxGap {
			add(at, nan, state[left], true)
			continue
		}
		add(at, (signal[right]-signal[left])/(times[right]-times[left])*(at-times[left])+signal[left], state[left], false)
	}
}

func TestAnyBatchesGiveWhatLookingThroughAllRowsGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "rows")
		o := resample.Options{Step: rapid.SampledFrom([]float64{0.1, 0.5, 1, 0.7, 3}).Draw(rt, "step"), MaxGap: rapid.SampledFrom([]float64{0, 1, 2.5}).Draw(rt, "max gap")}
		times, signal, state := make([]float64, n), make([]float64, n), make([]int, n)
		now := rapid.SampledFrom([]float64{0, -3.3, 1e6}).Draw(rt, "start")
		if rapid.Bool().Draw(rt, "origin") {
			origin := now + rapid.Float64Range(-5, 5).Draw(rt, "origin")
			o.Origin = &origin
		}
		for i := range n {
			times[i], state[i] = now, i
			signal[i] = rapid.SampledFrom([]float64{float64(i), -7.5, 1e5, nan, math.Inf(1)}).Draw(rt, "value")
			now += rapid.SampledFrom([]float64{0, 0.1, 0.5, 0.7, 1, 2.6, 1e-10, 9}).Draw(rt, "time step")
		}
		ends := rapid.SliceOfN(rapid.IntRange(0, n), 0, 8).Draw(rt, "batches")
		slices.Sort(ends)
		got, err := resampled(o, times, signal, state, ends...)
		if err != nil {
			rt.Fatal(err)
		}
		if want := plain(o, times, signal, state); fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("%v\nnot %v", got, want)
		}
	})
}

// A gap of a million points comes in runs, and no error grows along them.
func TestLongGapsComeInRuns(t *testing.T) {
	g, err := resample.New(resample.Options{Step: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	count, most := 0, 0
	var linear resample.Linear
	take := func(p resample.Points, values ...float64) {
		most = max(most, len(p.Times))
		for i, v := range linear.Append(nil, p, values) {
			if p.Times[i] != float64(count)*0.1 || math.Abs(v-p.Times[i]) > 1e-9 {
				t.Fatalf("point %d is at %v and %v", count, p.Times[i], v)
			}
			count++
		}
	}
	for p, err := range g.Push([]float64{0, 100_000}) {
		if err != nil {
			t.Fatal(err)
		}
		take(p, 0, 100_000)
	}
	for p, err := range g.End() {
		if err != nil {
			t.Fatal(err)
		}
		take(p)
	}
	if count != 1_000_001 || most > 4096 {
		t.Errorf("%d points in runs of up to %d", count, most)
	}
}

func TestSeriesThatCannotBeResampled(t *testing.T) {
	at := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name    string
		options resample.Options
		times   []float64
		want    string
	}{
		{"no step", resample.Options{}, nil, "the step must be a finite number above 0, not 0"},
		{"an endless step", resample.Options{Step: math.Inf(1)}, nil, "the step must be a finite number above 0, not +Inf"},
		{"a negative gap", resample.Options{Step: 1, MaxGap: -1}, nil, "the greatest gap must be at least 0, not -1"},
		{"no origin", resample.Options{Step: 1, Origin: at(nan)}, nil, "the origin must be a finite number, not NaN"},
		{"a far origin", resample.Options{Step: 1, Origin: at(-1e300)}, []float64{0}, "than can be counted"},
		{"back in time", resample.Options{Step: 1}, []float64{0, 2, 1}, "the time goes back from 2 to 1 at row 3"},
		{"no time", resample.Options{Step: 1}, []float64{0, nan}, "the time of row 1 is NaN"},
		{"too many points", resample.Options{Step: 1, MaxPoints: 10}, []float64{0, 100}, "a step of 1 gives more than 10 points by the time 100; make it longer"},
		{"too many points, by little", resample.Options{Step: 1, MaxPoints: 10}, []float64{0, 5, 10}, "more than 10 points by the time 10"},
		{"a step that is lost in the time", resample.Options{Step: 1e-9}, []float64{1e9, 1e9 + 1e-2}, "a step of 1e-09 is too short to be told at the time 1e+09"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := len(c.times)
			if _, err := resampled(c.options, c.times, make([]float64, n), make([]int, n)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if got, err := resampled(resample.Options{Step: 1, MaxPoints: 10}, []float64{0, 5, 9.5}, make([]float64, 3), make([]int, 3)); err != nil || len(got.times) != 10 {
		t.Errorf("%d points of at most 10, %v", len(got.times), err)
	}
	var order *resample.OrderError
	_, err := resampled(resample.Options{Step: 1}, []float64{0, 2, 1}, make([]float64, 3), make([]int, 3), 1, 2)
	if !errors.As(err, &order) || *order != (resample.OrderError{Row: 2, Before: 2, Now: 1}) {
		t.Errorf("the error is %v", err)
	}
}

func BenchmarkResample(b *testing.B) {
	const n = 8192
	times, values, labels := make([]float64, n), make([]float64, n), make([]int64, n)
	for i := range n {
		times[i], values[i] = float64(i)+0.3*math.Sin(float64(i)), float64(i%97)
	}
	var linear [10]resample.Linear
	var hold resample.Hold[int64]
	out, states := make([]float64, 0, 2*n), make([]int64, 0, 2*n)
	b.ReportAllocs()
	points := 0
	for b.Loop() {
		g, err := resample.New(resample.Options{Step: 0.5})
		if err != nil {
			b.Fatal(err)
		}
		for p, err := range g.Push(times) {
			if err != nil {
				b.Fatal(err)
			}
			for i := range linear {
				out = linear[i].Append(out[:0], p, values)
			}
			states = hold.Append(states[:0], p, labels)
			points += len(p.Times) * (len(linear) + 1)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/value")
}
