package features

import (
	"slices"

	"mlops/runner/wavelet"
)

// MetadataKey is the key, in the Parquet metadata of a table of features, of the JSON
// list of their names: its other columns are labels and what describes the windows.
const MetadataKey = "mlops.features"

// Feature is one number that a window gives.
type Feature struct {
	// Name is the column's.
	Name string
	// Group by its key.
	Group string
	// Signals that it is made of; nil means all.
	Signals []string
	// Formula says how, in the words of the package's documentation.
	Formula string
}

// Set is what windows are made into. It is immutable.
type Set struct {
	settings Settings
	wavelet  wavelet.Wavelet
	mode     wavelet.Mode
	own      []family // of each signal
	pairs    [][2]int // of derivatives that are correlated
	features []Feature
	hidden   []bool // made for the baseline alone
	base     []int  // places of what the baseline looks at
}

// New compiles settings. The error is a [*SettingError].
func New(s Settings) (*Set, error) {
	w, mode, err := s.check()
	if err != nil {
		return nil, err
	}
	set := &Set{settings: s, wavelet: w, mode: mode, own: families(s, w, mode), pairs: pairsOf(s)}
	for _, name := range s.Signals {
		for _, f := range set.own {
			for i, suffix := range f.suffixes {
				set.features = append(set.features, Feature{Name: name + "_" + suffix, Group: f.group, Signals: []string{name}, Formula: f.formulas[i]})
				set.hidden = append(set.hidden, f.hidden)
			}
		}
	}
	if s.Groups.DerivativeCorrelation {
		for _, pair := range set.pairs {
			names := []string{s.Signals[pair[0]], s.Signals[pair[1]]}
			set.add(Feature{Name: names[0] + "_" + names[1] + "_diff_corr", Group: "derivative_correlation", Signals: names, Formula: correlationFormula})
		}
	}
	if s.Groups.TransientScore {
		set.add(Feature{Name: "transient_score", Group: "transient_score", Formula: scoreFormula})
	}
	set.findBase()
	return set, set.checkNames()
}

func (s *Set) add(f Feature) {
	s.features = append(s.features, f)
	s.hidden = append(s.hidden, false)
}

// checkNames refuses signals whose features cannot be told apart, such as X and
// X_mean.
func (s *Set) checkNames() error {
	seen := make(map[string]bool, len(s.features))
	for _, f := range append(s.Features(), s.Fitted()...) {
		if seen[f.Name] {
			return &SettingError{Key: "feature_columns", Reason: "two features would be called " + f.Name + "; rename a signal"}
		}
		seen[f.Name] = true
	}
	return nil
}

// Settings returns those that it is compiled of.
func (s *Set) Settings() Settings { return s.settings }

// Features lists what a [Computer] makes, in order.
func (s *Set) Features() []Feature { return slices.Clone(s.features) }

// Hidden tells of each of [Set.Features] whether it was not asked for and is made
// only because a [Baseline] needs it.
func (s *Set) Hidden() []bool { return slices.Clone(s.hidden) }

// Base are the places, among [Set.Features], of what a [Baseline] looks at: mean and
// std of each signal. It is nil where no group needs one.
func (s *Set) Base() []int { return slices.Clone(s.base) }

// findBase finds them.
func (s *Set) findBase() {
	if !s.settings.Groups.fitted() {
		return
	}
	for _, name := range s.settings.Signals {
		for _, base := range baseNames {
			s.base = append(s.base, slices.IndexFunc(s.features, func(f Feature) bool { return f.Name == name+"_"+base && f.Group == "statistics" }))
		}
	}
}

// History is the number of windows before one that its features depend on.
func (s *Set) History() int {
	switch {
	case s.settings.Groups.Trend:
		return 2*s.settings.Lag + s.settings.StabilityLimit
	case s.settings.Groups.Temporal:
		return s.settings.Lag
	}
	return 0
}

// pairsOf are the signals whose derivatives are correlated: each pressure with each
// flow, or, where there are not both, all with one another.
func pairsOf(s Settings) [][2]int {
	var pairs [][2]int
	both := len(s.Pressures) > 0 && len(s.Flows) > 0
	for i, x := range s.Signals {
		for j, y := range s.Signals {
			if both && slices.Contains(s.Pressures, x) && slices.Contains(s.Flows, y) || !both && i < j {
				pairs = append(pairs, [2]int{i, j})
			}
		}
	}
	return pairs
}
