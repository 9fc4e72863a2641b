package gbdt

import "math"

func squareLoss(y, p float64) float64   { return (y - p) * (y - p) }
func absoluteLoss(y, p float64) float64 { return math.Abs(y - p) }
func relativeLoss(y, p float64) float64 { return math.Abs(y-p) / max(1, math.Abs(y)) }

func rootMeanSquare(e *evaluation) float64 { return math.Sqrt(meanOf(squareLoss)(e)) }

func quantileLoss(alpha float64) pointLoss {
	return func(y, p float64) float64 {
		if y < p {
			return (alpha - 1) * (y - p)
		}
		return alpha * (y - p)
	}
}

func huberMetric(alpha float64) pointLoss {
	return func(y, p float64) float64 {
		if x := math.Abs(y - p); x > alpha {
			return alpha * (x - alpha/2)
		}
		return (y - p) * (y - p) / 2
	}
}

func fairMetric(c float64) pointLoss {
	return func(y, p float64) float64 {
		x := math.Abs(y - p)
		return c*x - c*c*math.Log1p(x/c)
	}
}

// smallestMean keeps the logarithm of a predicted mean finite: LightGBM's 1e-10f.
const smallestMean = float64(float32(1e-10))

func poissonMetric(y, p float64) float64 {
	p = max(p, smallestMean)
	return p - y*math.Log(p)
}

// gammaMetric is the negative log likelihood of a gamma distribution of shape 1.
func gammaMetric(y, p float64) float64 { return y/p + safeLog(p) }

// gammaDeviance is, as in LightGBM, twice the sum over all rows.
func gammaDeviance(e *evaluation) float64 {
	const epsilon = 1e-9
	sum := 0.0
	for row, y := range e.label {
		ratio := y / (e.prediction[row] + epsilon)
		sum += float64(weightOf(e.weight, row) * (ratio - safeLog(ratio) - 1))
	}
	return 2 * sum
}

func tweedieMetric(power float64) pointLoss {
	return func(y, p float64) float64 {
		p = max(p, smallestMean)
		return math.Exp((2-power)*math.Log(p))/(2-power) - y*math.Exp((1-power)*math.Log(p))/(1-power)
	}
}
