package features

import (
	"fmt"
	"math"
	"strconv"

	"mlops/runner/signal"
	"mlops/runner/wavelet"
)

// family makes some features of one signal.
type family struct {
	group    string
	suffixes []string // of the features' names, behind the signal's
	formulas []string // of each
	hidden   bool
	// append appends the values for a window, as many as there are suffixes.
	append func(out []float64, s *state) []float64
}

func (f *family) feature(suffix, formula string) {
	f.suffixes, f.formulas = append(f.suffixes, suffix), append(f.formulas, formula)
}

// families are those that settings ask for, in the order of their features.
func families(s Settings, w wavelet.Wavelet, mode wavelet.Mode) []family {
	var all []family
	add := func(asked bool, f func() family) {
		if asked {
			all = append(all, f())
		}
	}
	add(s.Groups.Statistics, func() family { return statisticsFamily(s) })
	add(s.Groups.fitted(), func() family { return hiddenFamily(s) })
	add(s.Groups.WaveletEnergy, func() family { return waveletEnergy(s) })
	add(s.Groups.WaveletEntropy, func() family { return waveletEntropy(s) })
	add(s.Groups.WaveletStatistics, func() family { return waveletStatistics(s) })
	add(s.Groups.WaveletCoefficients, func() family { return waveletCoefficients(s, w, mode) })
	add(s.Raw, func() family { return raw(s) })
	add(s.Groups.Oscillation, oscillation)
	add(s.Groups.Spectrum, func() family { return spectrum(s) })
	add(s.Groups.Temporal, temporal)
	add(s.Groups.Trend, trend)
	return all
}

// bands names the parts of a decomposition as PyWavelets does: cA3, cD3, cD2, cD1.
func bands(level int) []string {
	names := []string{"cA" + strconv.Itoa(level)}
	for l := level; l > 0; l-- {
		names = append(names, "cD"+strconv.Itoa(l))
	}
	return names
}

// waveletEnergy is E_b = Σc² of each band's coefficients, and E_b / Σ E_b.
func waveletEnergy(s Settings) family {
	f := family{group: "wavelet_energy"}
	for _, band := range bands(s.Level) {
		f.feature(band+"_energy", "Σc² of the coefficients "+band)
		f.feature(band+"_energy_rel", "Σc² of "+band+" over that of all bands")
	}
	f.append = func(out []float64, s *state) []float64 {
		for _, e := range s.energies {
			out = append(out, e, ratio(e, s.energy))
		}
		return out
	}
	return f
}

// waveletEntropy is −Σ p ln p, of each band with p = c² / Σc², and of the bands with
// p = E_b / Σ E_b (Rosso et al., 2001). A band whose energy is but rounding of the
// others' has none.
func waveletEntropy(s Settings) family {
	f := family{group: "wavelet_entropy"}
	for _, band := range bands(s.Level) {
		f.feature(band+"_entropy", "−Σ p ln p, p = c² / Σc² of the coefficients "+band)
	}
	f.feature("wavelet_entropy", "−Σ p ln p, p = a band's share of the energy")
	f.append = func(out []float64, s *state) []float64 {
		for b, c := range s.decomposition.Coefficients {
			if s.energies[b] <= signal.Noise*s.energy {
				out = append(out, math.NaN())
				continue
			}
			out = append(out, signal.EnergyEntropy(c, s.energies[b]))
		}
		return append(out, signal.Entropy(s.energies, s.energy))
	}
	return f
}

// waveletStatistics are mean, standard deviation, least and greatest of each band's
// coefficients.
func waveletStatistics(s Settings) family {
	f := family{group: "wavelet_statistics"}
	for _, band := range bands(s.Level) {
		f.feature(band+"_mean", "mean of the coefficients "+band)
		f.feature(band+"_std", "√(Σ(c − mean)² / n) of the coefficients "+band)
		f.feature(band+"_min", "the least coefficient of "+band)
		f.feature(band+"_max", "the greatest coefficient of "+band)
	}
	f.append = func(out []float64, s *state) []float64 {
		for _, c := range s.decomposition.Coefficients {
			mean, std, least, most := signal.Spread(c)
			out = append(out, mean, std, least, most)
		}
		return out
	}
	return f
}

// waveletCoefficients are all of them.
func waveletCoefficients(s Settings, w wavelet.Wavelet, mode wavelet.Mode) family {
	f := family{group: "wavelet_coefficients"}
	var d wavelet.Decomposition
	// Settings have been checked: the level is one that the window has.
	if err := w.Decompose(&d, make([]float64, s.WindowSize), mode, s.Level); err != nil {
		panic(err)
	}
	for b, band := range bands(s.Level) {
		for i := range d.Coefficients[b] {
			f.feature(fmt.Sprintf("%s_%d", band, i), fmt.Sprintf("coefficient %d of %s", i, band))
		}
	}
	f.append = func(out []float64, s *state) []float64 {
		for _, c := range s.decomposition.Coefficients {
			out = append(out, c...)
		}
		return out
	}
	return f
}

// raw are the values themselves.
func raw(s Settings) family {
	f := family{group: "raw"}
	for i := range s.WindowSize {
		f.feature("raw_"+strconv.Itoa(i), fmt.Sprintf("value %d of the window", i))
	}
	f.append = func(out []float64, s *state) []float64 { return append(out, s.x...) }
	return f
}

// oscillation is of the differences of neighbours d_i = x_{i+1} − x_i and of theirs:
// how often each changes its sign, where zeros have none, and √(Σ(d − mean)² / n).
func oscillation() family {
	f := family{group: "oscillation"}
	f.feature("zero_crossings", "changes of sign of the first differences")
	f.feature("zero_crossings_2", "changes of sign of the second differences")
	f.feature("diff_std", "standard deviation of the first differences")
	f.feature("diff2_std", "standard deviation of the second differences")
	f.append = func(out []float64, s *state) []float64 {
		_, first, _, _ := signal.Spread(s.first)
		_, second, _, _ := signal.Spread(s.second)
		return append(out, float64(s.crossings), float64(signal.ZeroCrossings(s.second)), first, second)
	}
	return f
}

// spectrum is of the power P_k of the frequencies f_k = k/n cycles a sample of
// x − mean: −Σ p ln p / ln(n/2) with p = P_k / ΣP, Σ f_k p, and Σ p over f_k above
// the cutoff.
func spectrum(s Settings) family {
	f := family{group: "spectrum"}
	f.feature("spectral_entropy", "−Σ p ln p / ln(n/2), p = a frequency's share of the power")
	f.feature("spectral_centroid", "Σ f p, in cycles a sample")
	f.feature("energy_ratio", fmt.Sprintf("Σ p over the frequencies above %v cycles a sample", s.EnergyCutoff))
	f.append = func(out []float64, s *state) []float64 {
		return append(out, s.spectralEntropy, s.spectrum.Centroid(), s.energyRatio)
	}
	return f
}

// temporal compares a window with the one lag windows before it in its case.
func temporal() family {
	f := family{group: "temporal"}
	f.feature("mean_prev", "mean of the previous window")
	f.feature("mean_delta", "mean − mean_prev")
	f.feature("mean_delta_pct", "(mean − mean_prev) / mean_prev; none where mean_prev is 0")
	f.feature("std_ratio", "std / std of the previous window; none where that is 0")
	f.append = func(out []float64, s *state) []float64 {
		before := s.before(1)
		delta := s.moments.Mean - before.mean
		return append(out, before.mean, delta, ratio(delta, before.mean), ratio(s.moments.Std, before.std))
	}
	return f
}

// trend compares a window with the two before it, lag windows apart.
func trend() family {
	f := family{group: "trend"}
	f.feature("trend", "1 where the means of three windows rise and 2 lags change them by more than the tolerance, −1 where they fall so, else 0")
	f.feature("stability_duration", "windows up to this one whose trend is 0 without a break, up to the limit")
	f.append = func(out []float64, s *state) []float64 {
		return append(out, s.trend, s.stable)
	}
	return f
}

// ratio is NaN where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}
