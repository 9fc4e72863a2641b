package instrument_test

import (
	"math"
	"slices"
	"testing"

	"mlops/runner/signal/instrument"
)

func TestDropoutsHaveTheirLength(t *testing.T) {
	const n = 20_000
	values := seconds(n)
	for _, c := range []struct {
		name    string
		dropout instrument.Dropout
		length  int
	}{
		{"one sample", instrument.Dropout{Probability: 0.01}, 1},
		{"samples", instrument.Dropout{Probability: 0.01, Samples: 4}, 4},
		{"time", instrument.Dropout{Probability: 0.01, Time: 2.5}, 3}, // begins at 0: samples at 0, 1 and 2
		{"held", instrument.Dropout{Probability: 0.01, Samples: 4, Hold: true}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readings(t, instrument.Model{Dropout: c.dropout}, source, values, values)
			losses, run := 0, 0
			for i := 1; i < n; i++ {
				lost := math.IsNaN(got[i])
				if c.dropout.Hold {
					if lost = got[i] != values[i]; lost && got[i] != got[i-1] {
						t.Fatalf("sample %d reads %v, after %v", i, got[i], got[i-1])
					}
				} else if !lost && got[i] != values[i] {
					t.Fatalf("sample %d reads %v", i, got[i])
				}
				switch {
				case lost:
					run++
				case run > 0:
					if run%c.length != 0 { // one may begin as the one before ends
						t.Fatalf("before sample %d are %d missing, not a multiple of %d", i, run, c.length)
					}
					losses += run / c.length
					run = 0
				}
			}
			// Each sample that is not within one begins one.
			trials := float64(n - losses*(c.length-1))
			if deviation := math.Abs(float64(losses)-0.01*trials) / math.Sqrt(trials*0.01*0.99); deviation > 4 {
				t.Errorf("%d dropouts in %v samples, %.1f standard errors from 1 %%", losses, trials, deviation)
			}
		})
	}
	if got := readings(t, instrument.Model{Dropout: instrument.Dropout{Probability: 0.999, Hold: true}}, source, seconds(3), values[:3]); !math.IsNaN(got[0]) {
		t.Errorf("nothing arrived yet, and %v is held", got)
	}
}

// moments are mean, standard deviation and excess kurtosis.
func moments(values []float64) (mean, deviation, kurtosis float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	var second, fourth float64
	for _, v := range values {
		square := (v - mean) * (v - mean)
		second += square / n
		fourth += square * square / n
	}
	return mean, math.Sqrt(second), fourth/(second*second) - 3
}

// The error's figures are those that the model says, each within four standard errors
// on a million samples.
func TestErrorIsGaussianOfTheSaidAccuracy(t *testing.T) {
	const n = 1_000_000
	values := slices.Repeat([]float64{-50}, n)
	for _, c := range []struct {
		name  string
		model instrument.Model
		limit float64 // ±, of 95.45 %
	}{
		{"absolute", instrument.Model{Accuracy: 3}, 3},
		{"of reading", instrument.Model{AccuracyOfReading: 0.5}, 0.25},
		{"of span", instrument.Model{AccuracyOfSpan: 0.1, Range: &instrument.Range{Low: -1000, High: 1000}}, 2},
		{"added", instrument.Model{Accuracy: 0.5, AccuracyOfReading: 1, AccuracyOfSpan: 0.05, Range: &instrument.Range{Low: -1000, High: 1000}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readings(t, c.model, source, seconds(n), values)
			for i := range got {
				got[i] += 50
			}
			mean, deviation, kurtosis := moments(got)
			within := 0
			for _, v := range got {
				if math.Abs(v) <= c.limit {
					within++
				}
			}
			sigma := c.limit / 2
			const share = 0.9544997
			for what, errors := range map[string]float64{
				"mean":                  mean / (sigma / math.Sqrt(n)),
				"standard deviation":    (deviation - sigma) / (sigma / math.Sqrt(2*n)),
				"kurtosis":              kurtosis / math.Sqrt(24.0/n),
				"share within accuracy": (float64(within)/n - share) / math.Sqrt(share*(1-share)/n),
				"correlation with the next": func() float64 {
					sum := 0.0
					for i := range n - 1 {
						sum += got[i] * got[i+1]
					}
					return sum / (sigma * sigma) / math.Sqrt(n)
				}(),
			} {
				if math.Abs(errors) > 4 {
					t.Errorf("the %s is off by %.1f standard errors", what, errors)
				}
			}
		})
	}
}

// A walk's increments are independent and grow with the square root of time.
func TestDriftWalks(t *testing.T) {
	const n = 1_000_000
	times, values := make([]float64, n), make([]float64, n)
	for i := 1; i < n; i++ {
		times[i] = times[i-1] + []float64{0.25, 1, 4}[i%3]
	}
	got := readings(t, instrument.Model{DriftWalk: 2}, source, times, values)
	if got[0] != 0 {
		t.Errorf("the walk begins at %v", got[0])
	}
	steps := make([]float64, n-1)
	for i := range steps {
		steps[i] = (got[i+1] - got[i]) / math.Sqrt(times[i+1]-times[i])
	}
	mean, deviation, kurtosis := moments(steps)
	for what, errors := range map[string]float64{
		"mean": mean / (2 / math.Sqrt(n)), "standard deviation": (deviation - 2) / (2 / math.Sqrt(2*n)), "kurtosis": kurtosis / math.Sqrt(24.0/n),
	} {
		if math.Abs(errors) > 4 {
			t.Errorf("the steps' %s is off by %.1f standard errors", what, errors)
		}
	}
}
