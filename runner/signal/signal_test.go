package signal

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// window is that of tools/reference/signals.py.
func window(kind string, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		wave := float64((i*i*7+i*13)%101-50) / 8
		switch kind {
		case "mixed":
			x[i] = wave
		case "pressure":
			x[i] = 568097.25 + wave*16
		case "ramp":
			x[i] = float64(i)*0.25 - 3
		case "constant":
			x[i] = 7.25
		case "steps":
			x[i] = float64(i / 3 % 4)
		}
	}
	return x
}

func times(n int) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i)*0.5 + float64(i%3)/8
	}
	return t
}

type figures struct {
	Kind                      string
	Rows                      int
	Mean, Variance, Std, RMS  float64
	Min, Max, Peak            float64
	PeakToValley              float64 `json:"peak_to_valley"`
	Skewness, Kurtosis, Slope *float64
	CrestFactor               *float64 `json:"crest_factor"`
	Quantiles                 []float64
	Energy                    float64
	EnergyEntropy             *float64 `json:"energy_entropy"`
	ZeroCrossings             int      `json:"zero_crossings"`
	ZeroCrossings2            int      `json:"zero_crossings_2"`
	Correlation               *float64
	SpectralEntropy           *float64 `json:"spectral_entropy"`
	SpectralCentroid          *float64 `json:"spectral_centroid"`
	EnergyRatio               *float64 `json:"energy_ratio"`
}

func TestFiguresAreThoseOfNumpyAndScipy(t *testing.T) {
	data, err := os.ReadFile("testdata/scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Quantiles []float64
		Cutoff    float64
		Figures   []figures
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) < 70 {
		t.Fatalf("there are %d", len(r.Figures))
	}
	var spectrum Spectrum
	for _, want := range r.Figures {
		x := window(want.Kind, want.Rows)
		of := want
		// scale is that of the values which a figure is the small difference of.
		check := func(name string, got float64, want *float64, scale float64) {
			t.Helper()
			switch {
			case want == nil && math.IsNaN(got):
			case want == nil, math.IsNaN(got), math.Abs(got-*want) > 1e-12*max(scale, math.Abs(*want)):
				t.Errorf("%s of %d: %s is %v, not %v", of.Kind, of.Rows, name, got, show(want))
			}
		}
		m := MomentsOf(x)
		check("mean", m.Mean, &want.Mean, 1)
		check("variance", m.Variance, &want.Variance, 1)
		check("std", m.Std, &want.Std, 1)
		check("skewness", m.Skewness, want.Skewness, 1)
		check("kurtosis", m.Kurtosis, want.Kurtosis, 1)
		check("rms", m.RMS, &want.RMS, 1)
		check("peak", m.Peak(), &want.Peak, 0)
		check("peak to valley", m.PeakToValley(), &want.PeakToValley, 0)
		check("min", m.Min, &want.Min, 0)
		check("max", m.Max, &want.Max, 0)
		check("crest factor", m.CrestFactor(), want.CrestFactor, 1)
		sorted := slices.Sorted(slices.Values(x))
		for i, q := range r.Quantiles {
			check("quantile", Quantile(sorted, q), &want.Quantiles[i], 0)
		}
		check("slope", Slope(times(len(x)), x), want.Slope, 1)
		check("energy", Energy(x), &want.Energy, 1)
		check("energy entropy", EnergyEntropy(x, Energy(x)), want.EnergyEntropy, 1)
		d := Differences(make([]float64, len(x)), x)
		if got := ZeroCrossings(d); got != want.ZeroCrossings {
			t.Errorf("%d zero crossings, not %d", got, want.ZeroCrossings)
		}
		if len(d) > 1 {
			check("correlation", Correlation(d, Differences(make([]float64, len(x)), window("mixed", len(x)))), want.Correlation, 1)
			if got := ZeroCrossings(Differences(make([]float64, len(d)), d)); got != want.ZeroCrossings2 {
				t.Errorf("%d zero crossings of the second derivative, not %d", got, want.ZeroCrossings2)
			}
		}
		if len(x) > 1 {
			spectrum.Of(x, m.Mean)
			check("spectral entropy", spectrum.Entropy(), want.SpectralEntropy, 1)
			check("spectral centroid", spectrum.Centroid(), want.SpectralCentroid, 1)
			check("energy ratio", spectrum.EnergyRatio(r.Cutoff), want.EnergyRatio, 1)
		}
	}
}

func show(v *float64) any {
	if v == nil {
		return "NaN"
	}
	return *v
}
