package features

import (
	"math"

	"mlops/runner/signal"
)

const (
	correlationFormula = "Pearson's r of the first differences"
	scoreFormula       = "weighted mean of the energy ratio, 1 − |mean r|, the spectral entropy and the share of steps at which the derivative changes its sign"
)

// correlations fills in those of the pairs' first differences: about −0.6 for a
// leak downstream of the instruments and +0.3 to +0.5 upstream, by the platform's
// experience; the sign depends on the topology.
func (c *Computer) correlations() {
	for i, pair := range c.set.pairs {
		x, y := c.states[pair[0]], c.states[pair[1]]
		c.correlated[i] = math.NaN()
		if x.present && y.present {
			c.correlated[i] = signal.Correlation(x.first, y.first)
		}
	}
}

// score combines four signs of chaos, each from 0 to 1, averaged over the signals
// or pairs that have it, with their weights: fast oscillations (energy ratio), lack
// of coherence of pressure and flow (1 − |r̄|), disorder (spectral entropy), and
// derivatives that change their sign (their share of all steps). What no signal
// has is left out; NaN where nothing is left. A constant window oscillates not at
// all: it is clean, and has neither spectrum nor correlation.
func (c *Computer) score() float64 {
	var ratio, entropy, crossings, r mean
	for i := range c.states {
		s := c.states[i]
		if !s.present {
			continue
		}
		ratio.add(s.energyRatio)
		entropy.add(s.spectralEntropy)
		crossings.add(float64(s.crossings) / float64(len(s.first)-1))
	}
	for _, v := range c.correlated {
		r.add(v)
	}
	w := c.set.settings.Weights
	var total, weights float64
	for _, part := range []struct {
		weight, value float64
		n             int
	}{
		{w.EnergyRatio, ratio.value(), ratio.n}, {w.Correlation, 1 - math.Abs(r.value()), r.n},
		{w.SpectralEntropy, entropy.value(), entropy.n}, {w.ZeroCrossings, crossings.value(), crossings.n},
	} {
		if part.n > 0 {
			total += part.weight * part.value
			weights += part.weight
		}
	}
	if weights == 0 {
		return math.NaN()
	}
	return total / weights
}

// mean is that of what is no NaN.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	if v == v {
		m.sum += v
		m.n++
	}
}

func (m *mean) value() float64 { return m.sum / float64(m.n) }
