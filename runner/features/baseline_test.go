package features

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"mlops/runner/signal"
)

// baselineSettings are of one pressure and one flow.
func baselineSettings() Settings {
	s := Default()
	s.Groups = Groups{OperatingState: true, BaselineDeviation: true}
	s.Signals, s.Pressures, s.Flows, s.WindowSize = []string{"PT", "GT"}, []string{"PT"}, []string{"GT"}, 4
	return s
}

// fit fits windows' levels: mean and std of PT, mean and std of GT.
func fit(t interface{ Fatal(...any) }, set *Set, bands int, windows [][]float64) *Baseline {
	f := set.NewFit(bands)
	for _, w := range windows {
		f.Level(w)
	}
	f.Bands()
	for _, w := range windows {
		f.Profile(w)
	}
	b, err := f.Baseline()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A naive model: bands are quantiles, profiles are means and standard deviations.
func TestBaselineIsTheNaiveOne(t *testing.T) {
	set, err := New(baselineSettings())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		bands := rapid.IntRange(1, 3).Draw(r, "bands")
		level := rapid.Float64Range(-50, 50)
		windows := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) []float64 {
			return []float64{level.Draw(r, "pt"), level.Draw(r, "pt std"), level.Draw(r, "gt"), level.Draw(r, "gt std")}
		}), 100, 300).Draw(r, "windows")
		b := fit(r, set, bands, windows)
		column := func(of [][]float64, i int) []float64 {
			var c []float64
			for _, w := range of {
				c = append(c, w[i])
			}
			return c
		}
		edges := func(i int) []float64 {
			sorted := slices.Sorted(slices.Values(column(windows, i)))
			var found []float64
			for k := 1; k < bands; k++ {
				found = append(found, signal.Quantile(sorted, float64(k)/float64(bands)))
			}
			return found
		}
		if diff := cmp.Diff([][]float64{edges(0), edges(2)}, [][]float64{b.PressureEdges, b.FlowEdges}, cmpopts.EquateEmpty()); diff != "" {
			r.Fatal(diff)
		}
		number := func(v float64, edges []float64) int {
			n := 0
			for _, e := range edges {
				if v >= e {
					n++
				}
			}
			return n
		}
		byState := map[int][][]float64{}
		for _, w := range windows {
			state := number(w[0], b.PressureEdges)*bands + number(w[2], b.FlowEdges)
			byState[state] = append(byState[state], w)
		}
		normal := func(of [][]float64, i int) (mean, std float64) {
			m := signal.MomentsOf(column(of, i))
			return m.Mean, m.Std
		}
		for _, w := range windows[:20] {
			p, q := number(w[0], b.PressureEdges), number(w[2], b.FlowEdges)
			peers := byState[p*bands+q]
			if len(peers) < minProfile {
				peers = windows
			}
			want := []float64{float64(p), float64(q), float64(p*bands + q)}
			squares := 0.0
			for i, v := range w {
				mean, std := normal(peers, i)
				d := (v - mean) / std
				squares += d * d / 4
				want = append(want, d)
			}
			want = append(want, math.Sqrt(squares))
			got := set.Append(nil, b, w)
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
				r.Fatal(diff)
			}
		}
	})
}

func TestABaselineIsSavedAndChecked(t *testing.T) {
	set, err := New(baselineSettings())
	if err != nil {
		t.Fatal(err)
	}
	var windows [][]float64
	for i := range 200 {
		windows = append(windows, []float64{float64(i), 1 + float64(i%3), float64(i * 7 % 50), 2})
	}
	b := fit(t, set, 3, windows)
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	again := &Baseline{}
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	if err := set.Check(again); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(set.Append(nil, b, windows[7]), set.Append(nil, again, windows[7]), same); diff != "" {
		t.Error(diff)
	}
	for want, change := range map[string]func(b *Baseline){
		`the format is "x", not "features-baseline-1"`:               func(b *Baseline) { b.Format = "x" },
		"it is of the signals [PT], not of [PT GT]":                  func(b *Baseline) { b.Signals = b.Signals[:1] },
		"its pressures and flows are [] and [GT], not [PT] and [GT]": func(b *Baseline) { b.Pressures = nil },
		"its profile has 1 levels, not 4":                            func(b *Baseline) { b.All.Levels = b.All.Levels[:1] },
		"its profile of state 1 has 0 levels, not 4":                 func(b *Baseline) { b.States[1] = Profile{} },
	} {
		other := &Baseline{}
		if err := json.Unmarshal(text, other); err != nil {
			t.Fatal(err)
		}
		change(other)
		if err := set.Check(other); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

// What is missing of a window leaves the rest of it.
func TestMissingLevelsHaveNoDeviation(t *testing.T) {
	set, err := New(baselineSettings())
	if err != nil {
		t.Fatal(err)
	}
	var windows [][]float64
	for i := range 100 {
		windows = append(windows, []float64{float64(i), math.NaN(), float64(i), 5})
	}
	nan := math.NaN()
	b := fit(t, set, 2, windows)
	if got := set.Append(nil, b, []float64{nan, nan, 3, 5}); !cmp.Equal(got[:3], []float64{nan, 0, nan}, same) {
		t.Error(got)
	}
	got := set.Append(nil, b, []float64{80, 1, 90, 5})
	if !math.IsNaN(got[4]) || !math.IsNaN(got[6]) || math.IsNaN(got[3]) || math.IsNaN(got[7]) {
		t.Errorf("no window has a PT_std, and GT_std never varies: %v", got)
	}
	if _, err := set.NewFit(2).Baseline(); err == nil {
		t.Error("nothing was fitted")
	}
}

// Quantiles of more values than are kept are those of every second one.
func TestASampleIsThinnedOut(t *testing.T) {
	var s sample
	const n = maxSample + 10
	for i := range n {
		s.add(float64(i))
	}
	if s.every != 2 || len(s.values) != (n+1)/2 {
		t.Fatalf("%d values, every %d", len(s.values), s.every)
	}
	if edges := s.edges(2); math.Abs(edges[0]-n/2) > 2 {
		t.Error(edges)
	}
}
