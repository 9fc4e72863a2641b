package features

import (
	"fmt"
	"math"
	"slices"
)

const (
	baselineFormat = "features-baseline-1"
	// minProfile is the number of windows that a state's own profile is made of at
	// least; states with fewer share that of all.
	minProfile = 30
)

// Baseline is what normal windows look like, by operating state. See [Fit] for how
// it is made.
type Baseline struct {
	Format string `json:"format"`
	// Signals, Pressures and Flows that it is about.
	Signals   []string `json:"signals"`
	Pressures []string `json:"pressures,omitempty"`
	Flows     []string `json:"flows,omitempty"`
	// PressureEdges and FlowEdges part the bands of the mean pressure and of the mean
	// flow: band i is from edge i−1 on and below edge i.
	PressureEdges []float64 `json:"pressure_edges,omitempty"`
	FlowEdges     []float64 `json:"flow_edges,omitempty"`
	// All is the profile of every state together, States those of states that have
	// enough windows, by the state's number.
	All    Profile         `json:"all"`
	States map[int]Profile `json:"states"`
}

// Profile is the normal level of some windows.
type Profile struct {
	Windows int64 `json:"windows"`
	// Levels are, signal by signal, of its windows' means and of their standard
	// deviations.
	Levels []Normal `json:"levels"`
}

// Normal is a mean and a standard deviation. Both are 0 where no window has a value.
type Normal struct {
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"`
}

// Fitted lists the features that [Baseline.Append] makes, in order.
//
//	pressure_band    number of the band, from 0, of the mean of the pressures' means
//	flow_band        the same of the flows
//	operating_state  pressure_band · bands + flow_band
//	X_mean_deviation (mean − μ) / σ, μ and σ of the means of normal windows in the state
//	X_std_deviation  the same of std
//	baseline_distance √(mean of the deviations' squares)
func (s *Set) Fitted() []Feature {
	var all []Feature
	if s.settings.Groups.OperatingState {
		add := func(name, formula string) {
			all = append(all, Feature{Name: name, Group: "operating_state", Formula: formula})
		}
		if len(s.settings.Pressures) > 0 {
			add("pressure_band", "band of the mean of the pressures' means")
		}
		if len(s.settings.Flows) > 0 {
			add("flow_band", "band of the mean of the flows' means")
		}
		add("operating_state", "pressure_band · bands + flow_band")
	}
	if s.settings.Groups.BaselineDeviation {
		for _, name := range s.settings.Signals {
			for _, base := range baseNames {
				all = append(all, Feature{Name: name + "_" + base + "_deviation", Group: "baseline_deviation", Signals: []string{name},
					Formula: "(" + base + " − μ) / σ of normal windows in the state"})
			}
		}
		all = append(all, Feature{Name: "baseline_distance", Group: "baseline_deviation", Formula: "√(mean of the deviations' squares)"})
	}
	return all
}

// Check tells whether a baseline is one of this set's signals.
func (s *Set) Check(b *Baseline) error {
	levels := 2 * len(s.settings.Signals)
	switch {
	case b.Format != baselineFormat:
		return fmt.Errorf("the format is %q, not %q", b.Format, baselineFormat)
	case !slices.Equal(b.Signals, s.settings.Signals):
		return fmt.Errorf("it is of the signals %v, not of %v", b.Signals, s.settings.Signals)
	case !slices.Equal(b.Pressures, s.settings.Pressures) || !slices.Equal(b.Flows, s.settings.Flows):
		return fmt.Errorf("its pressures and flows are %v and %v, not %v and %v", b.Pressures, b.Flows, s.settings.Pressures, s.settings.Flows)
	case len(b.All.Levels) != levels:
		return fmt.Errorf("its profile has %d levels, not %d", len(b.All.Levels), levels)
	}
	for state, p := range b.States {
		if len(p.Levels) != levels {
			return fmt.Errorf("its profile of state %d has %d levels, not %d", state, len(p.Levels), levels)
		}
	}
	return nil
}

// Append appends the fitted features of a window to out, in the order of
// [Set.Fitted]. base are its values at [Set.Base].
func (s *Set) Append(out []float64, b *Baseline, base []float64) []float64 {
	pressure := band(s.levelOf(s.settings.Pressures, base), b.PressureEdges)
	flow := band(s.levelOf(s.settings.Flows, base), b.FlowEdges)
	state := b.state(pressure, flow)
	if s.settings.Groups.OperatingState {
		if len(s.settings.Pressures) > 0 {
			out = append(out, pressure)
		}
		if len(s.settings.Flows) > 0 {
			out = append(out, flow)
		}
		out = append(out, state)
	}
	if !s.settings.Groups.BaselineDeviation {
		return out
	}
	profile, ok := b.States[stateNumber(state)]
	if !ok {
		profile = b.All
	}
	var distance mean
	for i, v := range base {
		n := profile.Levels[i]
		d := ratio(v-n.Mean, n.Std)
		distance.add(d * d)
		out = append(out, d)
	}
	return append(out, math.Sqrt(distance.value()))
}

// levelOf is the mean of the means of some signals; NaN where none is there.
func (s *Set) levelOf(names []string, base []float64) float64 {
	var level mean
	for k, name := range s.settings.Signals {
		if slices.Contains(names, name) {
			level.add(base[len(baseNames)*k])
		}
	}
	return level.value()
}

// band is the number of edges that a value has reached; NaN of NaN.
func band(v float64, edges []float64) float64 {
	if v != v {
		return math.NaN()
	}
	n := 0
	for n < len(edges) && v >= edges[n] {
		n++
	}
	return float64(n)
}

// state numbers the pair of bands. Signals without one of the kinds have its band 0.
func (b *Baseline) state(pressure, flow float64) float64 {
	if len(b.Pressures) == 0 {
		pressure = 0
	}
	if len(b.Flows) == 0 {
		flow = 0
	}
	return pressure*float64(len(b.FlowEdges)+1) + flow
}

// stateNumber is −1, which no state has, of a state that is not known.
func stateNumber(state float64) int {
	if state != state {
		return -1
	}
	return int(state)
}
