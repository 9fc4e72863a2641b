package features

import (
	"fmt"
	"slices"
	"strings"

	"mlops/runner/table"
	"mlops/runner/wavelet"
)

// Groups say which features are made: see the package's documentation.
type Groups struct {
	Statistics            bool `yaml:"statistics" doc:"Moments, quantiles and slope of each signal."`
	WaveletEnergy         bool `yaml:"wavelet_energy" doc:"Energy of each band of the wavelet decomposition, and its share."`
	WaveletEntropy        bool `yaml:"wavelet_entropy" doc:"Entropy of the energy within each band, and over the bands."`
	WaveletStatistics     bool `yaml:"wavelet_statistics" doc:"Mean, standard deviation, least and greatest coefficient of each band."`
	WaveletCoefficients   bool `yaml:"wavelet_coefficients" doc:"Every coefficient."`
	Oscillation           bool `yaml:"oscillation" doc:"Zero crossings and spread of the first and second derivative."`
	Spectrum              bool `yaml:"spectrum" doc:"Spectral entropy, spectral centroid and the share of fast oscillations."`
	DerivativeCorrelation bool `yaml:"derivative_correlation" doc:"Correlation of the derivatives of pressures and flows."`
	Temporal              bool `yaml:"temporal" doc:"What changed since the previous window."`
	Trend                 bool `yaml:"trend" doc:"Rising, falling or stable over three windows, and for how many windows it has been stable."`
	TransientScore        bool `yaml:"transient_score" doc:"From 0, a clean operational change, to 1, chaotic as a leak is."`
	OperatingState        bool `yaml:"operating_state" doc:"Band of the mean pressure and of the mean flow; fitted on training cases."`
	BaselineDeviation     bool `yaml:"baseline_deviation" doc:"Distance from the normal profile of the operating state; fitted on training cases."`
}

// Weights of the parts of the transient score.
type Weights struct {
	EnergyRatio     float64 `yaml:"energy_ratio" range:"[0,1000]" doc:"Of the mean energy ratio."`
	Correlation     float64 `yaml:"correlation" range:"[0,1000]" doc:"Of the lack of correlation of pressures and flows, 1 − |r|."`
	SpectralEntropy float64 `yaml:"spectral_entropy" range:"[0,1000]" doc:"Of the mean spectral entropy."`
	ZeroCrossings   float64 `yaml:"zero_crossings" range:"[0,1000]" doc:"Of the mean share of steps at which the derivative changes its sign."`
}

// Settings say which features are made and how.
type Settings struct {
	// Signals by name; Pressures and Flows are those of them that are such.
	Signals, Pressures, Flows []string
	// WindowSize is the number of rows of every window, at least 4.
	WindowSize int
	Groups     Groups
	Raw        bool
	// Statistics by name; nil means all.
	Statistics []string
	// Quantiles from 0 to 1.
	Quantiles []float64
	// Wavelet, Level and Mode of the decomposition, by PyWavelets' names.
	Wavelet string
	Level   int
	Mode    string
	// EnergyCutoff parts slow from fast oscillations, in cycles a sample, 0 to 0.5.
	EnergyCutoff float64
	// Lag is how many windows back the previous one is.
	Lag int
	// TrendTolerance is the relative change over three windows that is none.
	TrendTolerance float64
	// StabilityLimit is where stability_duration stops counting.
	StabilityLimit int
	// MaxMissing is the share of a signal's values that may be missing in a window;
	// they are interpolated. With more, the signal's features are NaN.
	MaxMissing float64
	Weights    Weights
}

// Default returns what is made where nothing is said: every group but the
// coefficients, by db2 over three levels.
func Default() Settings {
	return Settings{
		Groups: Groups{
			Statistics: true, WaveletEnergy: true, WaveletEntropy: true, WaveletStatistics: true, Oscillation: true, Spectrum: true,
			DerivativeCorrelation: true, Temporal: true, Trend: true, TransientScore: true, OperatingState: true, BaselineDeviation: true,
		},
		Quantiles: []float64{0.05, 0.25, 0.75, 0.95},
		Wavelet:   "db2", Level: 3, Mode: "symmetric",
		EnergyCutoff: 0.1, Lag: 1, TrendTolerance: 0.001, StabilityLimit: 100, MaxMissing: 0.2,
		Weights: Weights{EnergyRatio: 1, Correlation: 1, SpectralEntropy: 1, ZeroCrossings: 1},
	}
}

// SettingError says which setting is wrong, by the name of its key.
type SettingError struct{ Key, Reason string }

// Error tells both.
func (e *SettingError) Error() string { return e.Key + ": " + e.Reason }

// usesWavelet tells whether a group needs the decomposition.
func (g Groups) usesWavelet() bool {
	return g.WaveletEnergy || g.WaveletEntropy || g.WaveletStatistics || g.WaveletCoefficients
}

// fitted tells whether a group needs a [Baseline].
func (g Groups) fitted() bool { return g.OperatingState || g.BaselineDeviation }

// Check tells what is wrong, as [New] does, without making the features. The error
// is a [*SettingError].
func (s Settings) Check() error {
	_, _, err := s.check()
	return err
}

// check tells what is wrong, and returns the wavelet and its mode.
func (s Settings) check() (w wavelet.Wavelet, mode wavelet.Mode, err error) {
	fault := func(key, format string, args ...any) error {
		return &SettingError{Key: key, Reason: fmt.Sprintf(format, args...)}
	}
	if len(s.Signals) == 0 {
		return w, mode, fault("feature_columns", "there is no signal to make features of")
	}
	for i, name := range s.Signals {
		if slices.Contains(s.Signals[:i], name) {
			return w, mode, fault("feature_columns", "%q comes twice", name)
		}
	}
	if s.WindowSize < 4 {
		return w, mode, fault("window_size", "windows of %d rows are too short; features need at least 4", s.WindowSize)
	}
	known := statisticNames()
	for _, name := range s.Statistics {
		if !slices.Contains(known, name) {
			near := ""
			if n := table.Nearest(name, known); n != "" {
				near = fmt.Sprintf("; did you mean %q?", n)
			}
			return w, mode, fault("statistics", "unknown statistic %q%s (known: %s)", name, near, strings.Join(known, ", "))
		}
	}
	for i, q := range s.Quantiles {
		if !(q >= 0 && q <= 1) || slices.Contains(s.Quantiles[:i], q) {
			return w, mode, fault("quantiles", "a quantile is from 0 to 1, each once, not %v", q)
		}
	}
	if w, err = wavelet.ByName(s.Wavelet); err != nil {
		return w, mode, fault("wavelet", "%v", err)
	}
	if mode, err = wavelet.ParseMode(s.Mode); err != nil {
		return w, mode, fault("wavelet_mode", "%v", err)
	}
	if most := w.MaxLevel(s.WindowSize); s.Groups.usesWavelet() && (s.Level < 1 || s.Level > most) {
		return w, mode, fault("wavelet_level", "windows of %d rows can be decomposed by %s over 1 to %d levels, not %d", s.WindowSize, s.Wavelet, most, s.Level)
	}
	return w, mode, nil
}
