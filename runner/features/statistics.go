package features

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"mlops/runner/signal"
)

// statistic is a number of a window's values, or of them and their times.
type statistic struct {
	name, formula string
	of            func(s *state) float64
}

// statistics are the group's, in the order of their features.
var statistics = []statistic{
	{"mean", "Σx / n", func(s *state) float64 { return s.moments.Mean }},
	{"median", "the middle of the sorted values", func(s *state) float64 { return signal.Quantile(s.sorted.Values, 0.5) }},
	{"std", "√variance", func(s *state) float64 { return s.moments.Std }},
	{"variance", "Σ(x − mean)² / n", func(s *state) float64 { return s.moments.Variance }},
	{"skewness", "m₃ / m₂^1.5 with m_k = Σ(x − mean)^k / n", func(s *state) float64 { return s.moments.Skewness }},
	{"kurtosis", "m₄ / m₂² − 3", func(s *state) float64 { return s.moments.Kurtosis }},
	{"rms", "√(Σx² / n)", func(s *state) float64 { return s.moments.RMS }},
	{"min", "the least value", func(s *state) float64 { return s.moments.Min }},
	{"max", "the greatest value", func(s *state) float64 { return s.moments.Max }},
	{"peak", "max |x|", func(s *state) float64 { return s.moments.Peak() }},
	{"peak_to_valley", "max − min", func(s *state) float64 { return s.moments.PeakToValley() }},
	{"crest_factor", "peak / rms", func(s *state) float64 { return s.moments.CrestFactor() }},
	{"slope", "of the least-squares line over the times, per unit of time", func(s *state) float64 { return signal.Slope(s.times, s.x) }},
}

// quantilesName is the statistic that stands for all quantiles.
const quantilesName = "quantiles"

func statisticNames() []string {
	names := []string{quantilesName}
	for _, s := range statistics {
		names = append(names, s.name)
	}
	return names
}

// baseNames are the statistics that a [Baseline] is made of.
var baseNames = []string{"mean", "std"}

// statisticsFamily makes those that are asked for, hiddenFamily those of
// [baseNames] that are not.
func statisticsFamily(s Settings) family {
	var chosen []statistic
	for _, one := range statistics {
		if s.asksFor(one.name) {
			chosen = append(chosen, one)
		}
	}
	if s.asksFor(quantilesName) {
		for _, q := range s.Quantiles {
			chosen = append(chosen, statistic{quantileName(q), "the quantile " + strconv.FormatFloat(q, 'g', -1, 64) + ", linear between neighbours",
				func(s *state) float64 { return signal.Quantile(s.sorted.Values, q) }})
		}
	}
	return familyOf(chosen)
}

func hiddenFamily(s Settings) family {
	var chosen []statistic
	for _, one := range statistics {
		if slices.Contains(baseNames, one.name) && !s.asksFor(one.name) {
			chosen = append(chosen, one)
		}
	}
	f := familyOf(chosen)
	f.hidden = true
	return f
}

// asksFor tells whether a statistic is to be made.
func (s Settings) asksFor(name string) bool {
	return s.Groups.Statistics && (s.Statistics == nil || slices.Contains(s.Statistics, name))
}

func familyOf(chosen []statistic) family {
	f := family{group: "statistics", append: func(out []float64, st *state) []float64 {
		for _, one := range chosen {
			out = append(out, one.of(st))
		}
		return out
	}}
	for _, one := range chosen {
		f.suffixes, f.formulas = append(f.suffixes, one.name), append(f.formulas, one.formula)
	}
	return f
}

// quantileName is q and the percent, q05 of 0.05 and q2_5 of 0.025.
func quantileName(q float64) string {
	percent := strconv.FormatFloat(math.Round(q*1e12)/1e10, 'f', -1, 64)
	if len(percent) == 1 {
		percent = "0" + percent
	}
	return "q" + strings.ReplaceAll(percent, ".", "_")
}
