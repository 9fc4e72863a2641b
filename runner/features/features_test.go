package features

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// goldenCase is the case of tools/reference/features.py.
func goldenCase() (times []float64, signals map[string][]float64) {
	const rows = 200
	signals = map[string][]float64{"PT_1": make([]float64, rows), "PT_2": make([]float64, rows), "GT_1": make([]float64, rows), "GT_2": make([]float64, rows)}
	for i := range rows {
		times = append(times, float64(i)*0.5+float64(i%3)/8)
		signals["PT_1"][i] = 100
		if i < 60 || i >= 130 {
			signals["PT_1"][i] += float64((i*i*7+i*13)%101-50) / 8
			signals["GT_1"][i] = float64((i*i*3+i)%37) - 18.5
		}
		signals["PT_2"][i] = 1000 + float64(i*5%17)*0.25 + float64(i)*0.5
		signals["GT_2"][i] = 50 + float64(i/3%4)
	}
	return times, signals
}

// goldenSettings are those of the script.
func goldenSettings() Settings {
	s := Default()
	s.Signals = []string{"PT_1", "PT_2", "GT_1", "GT_2"}
	s.Pressures, s.Flows, s.WindowSize = s.Signals[:2], s.Signals[2:], 40
	return s
}

// compute makes the features of a case's windows at step 2.
func compute(t testing.TB, s Settings, times []float64, signals map[string][]float64) (*Set, [][]float64) {
	t.Helper()
	set, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	c := set.NewComputer()
	var rows [][]float64
	for at := 0; at+s.WindowSize <= len(times); at += 2 {
		window := make([][]float64, len(s.Signals))
		for k, name := range s.Signals {
			window[k] = signals[name][at : at+s.WindowSize]
		}
		rows = append(rows, c.Window(nil, times[at:at+s.WindowSize], window))
	}
	return set, rows
}

func TestFeaturesAreThoseOfPython(t *testing.T) {
	data, err := os.ReadFile("testdata/python.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]*float64
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	times, signals := goldenCase()
	set, rows := compute(t, goldenSettings(), times, signals)
	if len(rows) != 81 || len(set.Features()) != len(want) {
		t.Fatalf("%d windows, %d features of %d", len(rows), len(set.Features()), len(want))
	}
	for k, f := range set.Features() {
		for i, row := range rows {
			got, want := row[k], want[f.Name][i]
			switch {
			case want == nil && math.IsNaN(got):
			case want == nil || math.IsNaN(got):
				t.Errorf("%s of window %d is %v, not %v", f.Name, i, got, want)
			case math.Abs(got-*want) > 1e-12*max(1, math.Abs(*want)):
				t.Errorf("%s of window %d is %v, not %v", f.Name, i, got, *want)
			}
		}
	}
}
