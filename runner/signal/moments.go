package signal

import "math"

// Moments are the statistics of a window that do not depend on the order of its
// values, but for quantiles.
type Moments struct {
	Mean     float64 // numpy.mean
	Variance float64 // numpy.var: Σ(x − mean)² / n
	Std      float64 // numpy.std: √Variance
	Skewness float64 // scipy.stats.skew: m₃ / m₂^1.5, m_k = Σ(x − mean)^k / n; NaN of a constant
	Kurtosis float64 // scipy.stats.kurtosis, Fisher's: m₄ / m₂² − 3; NaN of a constant
	RMS      float64 // √(Σx² / n)
	Min, Max float64
}

// epsilon is the relative distance of neighbouring float64.
const epsilon = 0x1p-52

// MomentsOf describes at least one value.
func MomentsOf(x []float64) Moments {
	n := float64(len(x))
	sum, squares := 0.0, 0.0
	m := Moments{Min: x[0], Max: x[0]}
	for _, v := range x {
		sum += v
		squares += v * v
		m.Min, m.Max = min(m.Min, v), max(m.Max, v)
	}
	m.Mean = sum / n
	m.RMS = math.Sqrt(squares / n)
	m2, m3, m4 := 0.0, 0.0, 0.0
	for _, v := range x {
		d := v - m.Mean
		d2 := d * d
		m2 += d2
		m3 += d2 * d
		m4 += d2 * d2
	}
	m2, m3, m4 = m2/n, m3/n, m4/n
	m.Variance, m.Std = m2, math.Sqrt(m2)
	m.Skewness, m.Kurtosis = math.NaN(), math.NaN()
	// As scipy's, what rounding of the mean alone may have made is a constant.
	if tiny := epsilon * m.Mean; m2 > tiny*tiny {
		m.Skewness = m3 / (m2 * m.Std)
		m.Kurtosis = m4/(m2*m2) - 3
	}
	return m
}

// Peak is the greatest absolute value.
func (m Moments) Peak() float64 { return max(math.Abs(m.Min), math.Abs(m.Max)) }

// PeakToValley is the distance of the extremes.
func (m Moments) PeakToValley() float64 { return m.Max - m.Min }

// CrestFactor is the peak over the rms; NaN of zeros.
func (m Moments) CrestFactor() float64 {
	if m.RMS == 0 {
		return math.NaN()
	}
	return m.Peak() / m.RMS
}

// Quantile is that of values in ascending order, at least one, q from 0 to 1, by
// numpy's method linear: Hyndman and Fan's definition 7 (1996).
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	part, low, high := at-float64(i), sorted[i], sorted[i+1]
	if part >= 0.5 {
		return high - (high-low)*(1-part)
	}
	return low + (high-low)*part
}

// Slope is that of the least-squares line over the times, in the signal's unit
// per unit of time; NaN where all times are equal.
func Slope(times, x []float64) float64 {
	n := float64(len(x))
	meanT, meanX := 0.0, 0.0
	for i, v := range x {
		meanT += times[i]
		meanX += v
	}
	meanT, meanX = meanT/n, meanX/n
	tt, tx := 0.0, 0.0
	for i, v := range x {
		d := times[i] - meanT
		tt += d * d
		tx += d * (v - meanX)
	}
	if tt == 0 {
		return math.NaN()
	}
	return tx / tt
}

// Spread is [Moments] with less: of at least one value.
func Spread(x []float64) (mean, std, least, most float64) {
	n := float64(len(x))
	sum := 0.0
	least, most = x[0], x[0]
	for _, v := range x {
		sum += v
		least, most = min(least, v), max(most, v)
	}
	mean = sum / n
	squares := 0.0
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(squares / n), least, most
}
