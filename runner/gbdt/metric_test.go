package gbdt

import (
	"strings"
	"testing"
)

// Every metric has a figure of LightGBM, with weights and without, which
// TestCasesEqualLightGBM compares.
func TestEveryMetricHasAFigureOfLightGBM(t *testing.T) {
	plain, weighted := map[string]bool{}, map[string]bool{}
	for _, c := range readCases(t) {
		seen := plain
		if c.Weight {
			seen = weighted
		}
		for name := range c.Metrics {
			name, _, _ = strings.Cut(name, "@")
			seen[name] = true
		}
	}
	for _, s := range metricTable {
		if !plain[s.name] || !weighted[s.name] {
			t.Errorf("%s: has a figure: %v, one with weights: %v", s.name, plain[s.name], weighted[s.name])
		}
	}
}
