package features

import (
	"errors"
	"math"
	"slices"

	"mlops/runner/signal"
)

// Fit makes a [Baseline] in two passes over the normal windows of the training
// cases: the first finds the bands, as quantiles of the windows' levels, the second
// the profile of each state. What it makes depends on the windows and their order
// alone.
type Fit struct {
	set       *Set
	bands     int
	pressures sample
	flows     sample
	baseline  *Baseline
	all       *tally
	states    map[int]*tally
}

// NewFit begins a fit of so many bands, at least 1.
func (s *Set) NewFit(bands int) *Fit {
	return &Fit{set: s, bands: bands, states: map[int]*tally{}, all: newTally(len(s.Base()))}
}

// Level takes a window in the first pass: its values at [Set.Base].
func (f *Fit) Level(base []float64) {
	f.pressures.add(f.set.levelOf(f.set.settings.Pressures, base))
	f.flows.add(f.set.levelOf(f.set.settings.Flows, base))
}

// Bands ends the first pass.
func (f *Fit) Bands() {
	s := f.set.settings
	f.baseline = &Baseline{Format: baselineFormat, Signals: s.Signals, Pressures: s.Pressures, Flows: s.Flows, States: map[int]Profile{},
		PressureEdges: f.pressures.edges(f.bands), FlowEdges: f.flows.edges(f.bands)}
}

// Profile takes a window in the second pass.
func (f *Fit) Profile(base []float64) {
	f.all.add(base)
	b := f.baseline
	state := stateNumber(b.state(band(f.set.levelOf(b.Pressures, base), b.PressureEdges), band(f.set.levelOf(b.Flows, base), b.FlowEdges)))
	if state < 0 {
		return
	}
	if f.states[state] == nil {
		f.states[state] = newTally(len(base))
	}
	f.states[state].add(base)
}

// Baseline ends the second pass. Without a window there is an error.
func (f *Fit) Baseline() (*Baseline, error) {
	if f.all.windows == 0 {
		return nil, errors.New("no normal window is there to fit the baseline to")
	}
	f.baseline.All = f.all.profile()
	for state, t := range f.states {
		if t.windows >= minProfile {
			f.baseline.States[state] = t.profile()
		}
	}
	return f.baseline, nil
}

// maxSample is the number of levels that the bands' quantiles are taken of.
const maxSample = 1 << 20

// sample keeps every n-th value, n the least power of two with which they are at
// most [maxSample].
type sample struct {
	values []float64
	every  int
	seen   int
}

func (s *sample) add(v float64) {
	if v != v {
		return
	}
	s.every = max(1, s.every)
	if s.seen%s.every == 0 {
		s.values = append(s.values, v)
	}
	s.seen++
	if len(s.values) <= maxSample {
		return
	}
	for i := 0; 2*i < len(s.values); i++ {
		s.values[i] = s.values[2*i]
	}
	s.values = s.values[:(len(s.values)+1)/2]
	s.every *= 2
}

// edges part the values into so many bands of the same number of windows.
func (s *sample) edges(bands int) []float64 {
	if len(s.values) == 0 {
		return nil
	}
	slices.Sort(s.values)
	var edges []float64
	for i := 1; i < bands; i++ {
		edges = append(edges, signal.Quantile(s.values, float64(i)/float64(bands)))
	}
	return edges
}

// tally adds up levels (Welford, 1962).
type tally struct {
	windows      int64
	n            []float64
	means, moved []float64
}

func newTally(levels int) *tally {
	return &tally{n: make([]float64, levels), means: make([]float64, levels), moved: make([]float64, levels)}
}

func (t *tally) add(base []float64) {
	t.windows++
	for i, v := range base {
		if v != v {
			continue
		}
		t.n[i]++
		d := v - t.means[i]
		t.means[i] += d / t.n[i]
		t.moved[i] += d * (v - t.means[i])
	}
}

func (t *tally) profile() Profile {
	p := Profile{Windows: t.windows, Levels: make([]Normal, len(t.n))}
	for i, n := range t.n {
		if n > 0 {
			p.Levels[i] = Normal{Mean: t.means[i], Std: math.Sqrt(t.moved[i] / n)}
		}
	}
	return p
}
