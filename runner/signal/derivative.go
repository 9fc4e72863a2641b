package signal

import "math"

// Differences writes the differences of neighbours, numpy.diff, into to, which
// has one element fewer than x, and returns it.
func Differences(to, x []float64) []float64 {
	to = to[:len(x)-1]
	for i := range to {
		to[i] = x[i+1] - x[i]
	}
	return to
}

// ZeroCrossings counts how often the values change their sign. A zero has none:
// the signs before and after it are compared.
func ZeroCrossings(x []float64) int {
	count := 0
	last := 0.0
	for _, v := range x {
		if v == 0 {
			continue
		}
		if last != 0 && (v < 0) != (last < 0) {
			count++
		}
		last = v
	}
	return count
}

// Correlation is Pearson's of two signals of the same length, scipy.stats.pearsonr;
// NaN where one is constant.
func Correlation(x, y []float64) float64 {
	n := float64(len(x))
	meanX, meanY := 0.0, 0.0
	for i, v := range x {
		meanX += v
		meanY += y[i]
	}
	meanX, meanY = meanX/n, meanY/n
	xx, yy, xy := 0.0, 0.0, 0.0
	for i, v := range x {
		dx, dy := v-meanX, y[i]-meanY
		xx += dx * dx
		yy += dy * dy
		xy += dx * dy
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return max(-1, min(1, xy/math.Sqrt(xx)/math.Sqrt(yy)))
}
