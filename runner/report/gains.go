package report

import "mlops/runner/metrics"

// gainShares are the shares of the rows at which gains are told.
var gainShares = [...]float64{0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}

// gains takes as thresholds the highest probabilities that at least each share
// of the rows has. Rows of equal probability stand together, so that shares may
// be larger than asked for and fewer. positive is the share of positive rows.
func gains(ranked metrics.Ranked, positive, rows float64) []Gain {
	curve, err := ranked.ROCCurve(false)
	if err != nil {
		return nil // there is a single class, and nothing to gain
	}
	var list []Gain
	next := 0
	for i := 1; i < len(curve.Thresholds); i++ {
		hit := curve.TPR[i] * positive // of all rows
		share := min(1, hit+curve.FPR[i]*(1-positive))
		if share < gainShares[next]-1e-12 {
			continue
		}
		for next < len(gainShares) && share >= gainShares[next]-1e-12 {
			next++
		}
		precision := min(1, hit/share)
		list = append(list, Gain{
			Share: share, Threshold: curve.Thresholds[i], Rows: share * rows,
			Precision: precision, Recall: curve.TPR[i], Lift: precision / positive,
			FPR: curve.FPR[i], F1: min(1, 2*hit/(share+positive)),
		})
		if next == len(gainShares) {
			break
		}
	}
	return list
}
