package features

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var same = cmp.Options{cmpopts.EquateNaNs()}

// values are a feature's of all windows.
func values(set *Set, rows [][]float64, name string) []float64 {
	k := slices.IndexFunc(set.Features(), func(f Feature) bool { return f.Name == name })
	var found []float64
	for _, row := range rows {
		found = append(found, row[k])
	}
	return found
}

// only makes settings of one signal and one group.
func only(group func(g *Groups)) Settings {
	s := Default()
	s.Groups = Groups{}
	group(&s.Groups)
	s.Signals, s.WindowSize = []string{"X"}, 4
	s.Level = 1
	return s
}

func TestGapsAreInterpolatedUpToMaxMissing(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	s := only(func(g *Groups) {})
	s.Raw, s.WindowSize, s.MaxMissing = true, 5, 0.6
	for _, c := range []struct{ in, want []float64 }{
		{[]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}},
		{[]float64{1, nan, 3, inf, 5}, []float64{1, 2, 3, 4, 5}},
		{[]float64{nan, nan, 3, 4, nan}, []float64{3, 3, 3, 4, 4}},
		{[]float64{0, nan, nan, nan, 8}, []float64{0, 2, 4, 6, 8}},
		{[]float64{nan, nan, nan, nan, 8}, []float64{nan, nan, nan, nan, nan}},
		{[]float64{nan, nan, nan, nan, nan}, []float64{nan, nan, nan, nan, nan}},
	} {
		set, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		given := slices.Clone(c.in)
		got := set.NewComputer().Window(nil, []float64{0, 1, 2, 3, 4}, [][]float64{given})
		if diff := cmp.Diff(c.want, got, same); diff != "" {
			t.Errorf("%v:\n%s", c.in, diff)
		}
		if diff := cmp.Diff(c.in, given, same); diff != "" {
			t.Errorf("%v was changed:\n%s", c.in, diff)
		}
	}
}

// A signal that is missing takes its own features with it, and no other's.
func TestAMissingSignalLeavesTheOthers(t *testing.T) {
	times, signals := goldenCase()
	s := goldenSettings()
	set, whole := compute(t, s, times, signals)
	signals["PT_2"] = slices.Repeat([]float64{math.NaN()}, len(times))
	_, rows := compute(t, s, times, signals)
	for k, f := range set.Features() {
		for i := range rows {
			touched := f.Signals == nil || slices.Contains(f.Signals, "PT_2")
			if f.Signals != nil && touched && !math.IsNaN(rows[i][k]) {
				t.Fatalf("%s of window %d is %v", f.Name, i, rows[i][k])
			}
			if !touched && !cmp.Equal(rows[i][k], whole[i][k], same) {
				t.Fatalf("%s of window %d is %v, not %v", f.Name, i, rows[i][k], whole[i][k])
			}
		}
	}
}

// The windows before one, as many as History says, are all that its features depend
// on beside its own values.
func TestHistoryIsAllThatAWindowDependsOn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := only(func(g *Groups) { g.Temporal, g.Trend = true, true })
		s.Lag, s.StabilityLimit = rapid.IntRange(1, 3).Draw(r, "lag"), rapid.IntRange(1, 5).Draw(r, "limit")
		s.TrendTolerance = 0.1
		level := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 1.01, 2, 3, math.NaN()}), 30, 60).Draw(r, "levels")
		set, err := New(s)
		if err != nil {
			r.Fatal(err)
		}
		window := func(v float64) [][]float64 { return [][]float64{{v, v, v, v}} }
		times := []float64{0, 1, 2, 3}
		all := set.NewComputer()
		var want [][]float64
		for _, v := range level {
			want = append(want, all.Window(nil, times, window(v)))
		}
		at := rapid.IntRange(0, len(level)-1).Draw(r, "window")
		c := set.NewComputer()
		var got []float64
		for i := max(0, at-set.History()); i <= at; i++ {
			got = c.Window(nil, times, window(level[i]))
		}
		if diff := cmp.Diff(want[at], got, same); diff != "" {
			r.Fatalf("window %d of %v:\n%s", at, level, diff)
		}
	})
}

func TestTrendsAndWhatIsStable(t *testing.T) {
	s := only(func(g *Groups) { g.Trend = true })
	s.TrendTolerance, s.StabilityLimit = 0.1, 3
	set, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	c := set.NewComputer()
	var rows [][]float64
	for _, v := range []float64{1, 1.01, 1.02, 1.5, 2, 2, 2, 2, 2, 2, 1, 0.5, 0.6} {
		rows = append(rows, c.Window(nil, []float64{0, 1, 2, 3}, [][]float64{{v, v, v, v}}))
	}
	nan := math.NaN()
	want := []float64{nan, nan, 0, 1, 1, 0, 0, 0, 0, 0, 0, -1, 0}
	if diff := cmp.Diff(want, values(set, rows, "X_trend"), same); diff != "" {
		t.Error(diff)
	}
	want = []float64{nan, nan, 1, 0, 0, 1, 2, 3, 3, 3, 3, 0, 1}
	if diff := cmp.Diff(want, values(set, rows, "X_stability_duration"), same); diff != "" {
		t.Error(diff)
	}
	c.Begin()
	if got := c.Window(nil, []float64{0, 1, 2, 3}, [][]float64{{1, 1, 1, 1}}); !math.IsNaN(got[0]) {
		t.Errorf("a new case remembers the one before it: %v", got)
	}
}

// Without a group its features are missing, and no other changes.
func TestGroupsCanBeLeftOut(t *testing.T) {
	times, signals := goldenCase()
	full := goldenSettings()
	full.Raw, full.Groups.WaveletCoefficients = true, true
	set, rows := compute(t, full, times, signals)
	groups := map[string]func(s *Settings){
		"statistics": func(s *Settings) { s.Groups.Statistics = false }, "wavelet_energy": func(s *Settings) { s.Groups.WaveletEnergy = false },
		"wavelet_entropy": func(s *Settings) { s.Groups.WaveletEntropy = false }, "wavelet_statistics": func(s *Settings) { s.Groups.WaveletStatistics = false },
		"wavelet_coefficients": func(s *Settings) { s.Groups.WaveletCoefficients = false }, "raw": func(s *Settings) { s.Raw = false },
		"oscillation": func(s *Settings) { s.Groups.Oscillation = false }, "spectrum": func(s *Settings) { s.Groups.Spectrum = false },
		"temporal": func(s *Settings) { s.Groups.Temporal = false }, "trend": func(s *Settings) { s.Groups.Trend = false },
		"derivative_correlation": func(s *Settings) { s.Groups.DerivativeCorrelation = false },
		"transient_score":        func(s *Settings) { s.Groups.TransientScore = false },
		"operating_state":        func(s *Settings) { s.Groups.OperatingState = false },
		"baseline_deviation":     func(s *Settings) { s.Groups.BaselineDeviation = false },
	}
	for group, leaveOut := range groups {
		s := full
		leaveOut(&s)
		less, got := compute(t, s, times, signals)
		names := map[string]int{}
		for k, f := range less.Features() {
			if !less.Hidden()[k] {
				names[f.Name] = k
			}
		}
		for k, f := range set.Features() {
			at, there := names[f.Name]
			if there == (f.Group == group) {
				t.Fatalf("without %s: is %s there? %v", group, f.Name, there)
			}
			for i := range rows {
				if there && !cmp.Equal(rows[i][k], got[i][at], same) {
					t.Fatalf("without %s, %s of window %d is %v, not %v", group, f.Name, i, got[i][at], rows[i][k])
				}
			}
		}
		for _, f := range less.Fitted() {
			if f.Group == group {
				t.Fatalf("without %s there is %s", group, f.Name)
			}
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, c := range []struct {
		change func(s *Settings)
		want   string
	}{
		{func(s *Settings) { s.Signals = nil }, "feature_columns: there is no signal"},
		{func(s *Settings) { s.Signals = []string{"X", "X"} }, `feature_columns: "X" comes twice`},
		{func(s *Settings) { s.Signals = []string{"X", "X_mean"} }, ""},
		{func(s *Settings) { s.Signals = []string{"X", "X_raw"}; s.Raw = true }, ""},
		{func(s *Settings) { s.WindowSize = 3 }, "window_size: windows of 3 rows are too short"},
		{func(s *Settings) { s.Statistics = []string{"mena"} }, `statistics: unknown statistic "mena"; did you mean "mean"?`},
		{func(s *Settings) { s.Quantiles = []float64{1.5} }, "quantiles: a quantile is from 0 to 1, each once, not 1.5"},
		{func(s *Settings) { s.Wavelet = "db21" }, `wavelet: unknown wavelet "db21"`},
		{func(s *Settings) { s.Mode = "symetric" }, `wavelet_mode: unknown extension mode "symetric"`},
		{func(s *Settings) { s.Level = 4 }, "wavelet_level: windows of 40 rows can be decomposed by db2 over 1 to 3 levels, not 4"},
		{func(s *Settings) { s.Signals = []string{"A", "B_C", "A_B", "C"} }, "feature_columns: two features would be called A_B_C_diff_corr; rename a signal"},
	} {
		s := Default()
		s.Signals, s.WindowSize = []string{"X"}, 40
		c.change(&s)
		_, err := New(s)
		var setting *SettingError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v", err)
		case c.want != "" && (!errors.As(err, &setting) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v, not %s", err, c.want)
		}
	}
}

func TestWindowsAllocateNothing(t *testing.T) {
	times, signals := goldenCase()
	set, err := New(goldenSettings())
	if err != nil {
		t.Fatal(err)
	}
	c := set.NewComputer()
	window := make([][]float64, 4)
	for k, name := range set.Settings().Signals {
		window[k] = signals[name][:40]
	}
	out := c.Window(nil, times[:40], window)
	if n := testing.AllocsPerRun(20, func() { out = c.Window(out[:0], times[:40], window) }); n != 0 {
		t.Errorf("%v allocations a window", n)
	}
}
