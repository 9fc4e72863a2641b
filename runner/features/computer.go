package features

import (
	"math"

	"mlops/runner/signal"
	"mlops/runner/wavelet"
)

// Computer makes features of the windows of one case after another. It is for one
// goroutine, and allocates nothing once it has made a window.
type Computer struct {
	set        *Set
	states     []*state
	correlated []float64
	needs      needs
}

// needs are what is worked out of each signal for several features together.
type needs struct{ sorted, wavelet, spectrum, differences bool }

// state is one signal's window, and what is known of those before it.
type state struct {
	settings *Settings
	times    []float64
	present  bool      // enough values are there
	x        []float64 // without gaps
	filled   []float64 // room for x

	moments         signal.Moments
	sorted          signal.Sorted
	first, second   []float64 // differences
	crossings       int
	decomposition   wavelet.Decomposition
	energies        []float64
	energy          float64
	spectrum        signal.Spectrum
	spectralEntropy float64
	energyRatio     float64

	past   []level // the last windows' of the case, a ring
	seen   int     // windows of the case
	trend  float64
	stable float64
}

// level is what later windows are compared with.
type level struct{ mean, std float64 }

// NewComputer returns a computer at the beginning of a case.
func (s *Set) NewComputer() *Computer {
	g := s.settings.Groups
	c := &Computer{set: s, correlated: make([]float64, len(s.pairs)), needs: needs{
		sorted:      s.settings.asksFor("median") || s.settings.asksFor(quantilesName),
		wavelet:     g.usesWavelet(),
		spectrum:    g.Spectrum || g.TransientScore,
		differences: g.Oscillation || g.DerivativeCorrelation || g.TransientScore,
	}}
	n := s.settings.WindowSize
	for range s.settings.Signals {
		c.states = append(c.states, &state{
			settings: &s.settings, filled: make([]float64, n),
			first: make([]float64, n-1), second: make([]float64, n-2),
			energies: make([]float64, s.settings.Level+1), past: make([]level, 2*s.settings.Lag+1),
		})
	}
	c.Begin()
	return c
}

// Begin begins another case.
func (c *Computer) Begin() {
	for _, s := range c.states {
		s.seen, s.stable = 0, math.NaN()
	}
}

// Window appends the features of a case's next window to out, in the order of
// [Set.Features], and returns it. signals are those of the settings, each with the
// window's values, of which those that are not finite are missing; times are their
// times. All have [Settings.WindowSize] values; none is kept.
func (c *Computer) Window(out, times []float64, signals [][]float64) []float64 {
	for k, s := range c.states {
		s.times = times
		s.fill(signals[k])
		if s.present {
			c.work(s)
		}
		s.remember()
	}
	for _, s := range c.states {
		for _, f := range c.set.own {
			if s.present {
				out = f.append(out, s)
				continue
			}
			for range f.suffixes {
				out = append(out, math.NaN())
			}
		}
	}
	g := c.set.settings.Groups
	if g.DerivativeCorrelation || g.TransientScore {
		c.correlations()
	}
	if g.DerivativeCorrelation {
		out = append(out, c.correlated...)
	}
	if g.TransientScore {
		out = append(out, c.score())
	}
	return out
}

// fill takes the values, and puts in place of missing ones what lies on the line
// between their neighbours by number, or the nearest value at the ends.
func (s *state) fill(x []float64) {
	missing := 0
	for _, v := range x {
		if v-v != 0 { // NaN or infinite
			missing++
		}
	}
	s.x, s.present = x, true
	if missing == 0 {
		return
	}
	s.present = missing < len(x) && float64(missing) <= s.settings.MaxMissing*float64(len(x))
	if !s.present {
		return
	}
	s.x = s.filled
	last := -1 // the last value that is there
	for i, v := range x {
		if v-v != 0 {
			continue
		}
		s.x[i] = v
		for j := last + 1; j < i; j++ {
			s.x[j] = v
			if last >= 0 {
				s.x[j] = x[last] + (v-x[last])*float64(j-last)/float64(i-last)
			}
		}
		last = i
	}
	for j := last + 1; j < len(x); j++ {
		s.x[j] = x[last]
	}
}

// work works out what the features need.
func (c *Computer) work(s *state) {
	s.moments = signal.MomentsOf(s.x)
	if c.needs.sorted {
		s.sorted.Of(s.x)
	}
	if c.needs.differences {
		s.first = signal.Differences(s.first, s.x)
		s.second = signal.Differences(s.second, s.first)
		s.crossings = signal.ZeroCrossings(s.first)
	}
	if c.needs.wavelet {
		// Settings have been checked: the level is one that the window has.
		if err := c.set.wavelet.Decompose(&s.decomposition, s.x, c.set.mode, c.set.settings.Level); err != nil {
			panic(err)
		}
		s.energy = 0
		for b, coefficients := range s.decomposition.Coefficients {
			s.energies[b] = signal.Energy(coefficients)
			s.energy += s.energies[b]
		}
	}
	if c.needs.spectrum {
		s.spectrum.Of(s.x, s.moments.Mean)
		s.spectralEntropy = s.spectrum.Entropy()
		s.energyRatio = s.spectrum.EnergyRatio(s.settings.EnergyCutoff)
	}
}

// remember keeps the window's level for later ones, and tells its trend.
func (s *state) remember() {
	now := level{math.NaN(), math.NaN()}
	if s.present {
		now = level{s.moments.Mean, s.moments.Std}
	}
	s.past[s.seen%len(s.past)] = now
	s.seen++
	before, first := s.before(1).mean, s.before(2).mean
	tolerance := s.settings.TrendTolerance * math.Abs(first)
	change := now.mean - first
	switch {
	case change != change || before != before:
		s.trend, s.stable = math.NaN(), math.NaN()
		return
	case first < before && before < now.mean && change > tolerance:
		s.trend = 1
	case first > before && before > now.mean && -change > tolerance:
		s.trend = -1
	default:
		s.trend = 0
	}
	switch {
	case s.trend != 0:
		s.stable = 0
	case s.stable != s.stable:
		s.stable = 1
	default:
		s.stable = min(s.stable+1, float64(s.settings.StabilityLimit))
	}
}

// before is the level of the window so many lags before this one; NaN where the
// case has none.
func (s *state) before(lags int) level {
	at := s.seen - 1 - lags*s.settings.Lag
	if at < 0 {
		return level{math.NaN(), math.NaN()}
	}
	return s.past[at%len(s.past)]
}
