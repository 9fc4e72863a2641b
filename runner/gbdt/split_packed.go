package gbdt

// packedFinder is finder.numeric for the usual case: packed sums, no penalty but
// lambda_l2, no bounds. It is the inner loop of small data: sums are added up in
// packed form, and most thresholds are told to be worse than the best one so far
// without a division.
type packedFinder struct {
	*finder
	code *packing
	// rowUnit is the number of rows in one step of hessian.
	rowUnit float64
	// skipEmpty is worth its branch where most bins have no rows.
	skipEmpty bool
}

// almost keeps a gain that rounding makes look smaller than another from being
// passed over without a look.
const almost = 1 - 1e-9

// fitsPacked tells whether a numeric column can be searched in this way.
func (f *finder) fitsPacked(m *binMapper) bool {
	if !f.plain || f.draws != nil {
		return false
	}
	return m.missing == missingNone || m.numBins <= 2 || m.missing == missingNaN && m.usual != 0
}

func (f *finder) packed(slot int, m *binMapper, code *packing, sums []uint64) (best split, splittable bool) {
	s := packedFinder{f, code, f.rows * code.hessianUnit, f.total.rows < m.numBins/2}
	best = noSplit
	last := len(sums) - 1
	if m.missing == missingNaN && m.numBins > 2 {
		// The last bin is NaN's: first it stays left, then it stays right.
		s.scan(sums[:last], true, &best)
		s.scan(sums[:last], false, &best)
	} else {
		s.scan(sums, true, &best)
		if m.missing == missingNaN {
			best.defaultLeft = false
		}
	}
	return f.found(slot, best)
}

// scan moves one bin after another to a side of their own: from the last one on
// to the right, bin 0 staying left, or from the first one on to the left. What is
// not in sums stays on the other side.
func (f *packedFinder) scan(sums []uint64, toRight bool, best *split) {
	total, l2 := f.total, f.p.LambdaL2
	fewest, least := max(1, f.p.MinDataInLeaf), f.p.MinSumHessianInLeaf
	shift, mask, gradientUnit, hessianUnit := f.code.shift&63, f.code.mask, f.code.gradientUnit, f.code.hessianUnit
	bar := max(f.parent, best.gain) * almost
	t, end, step := 0, len(sums), 1
	if toRight {
		t, end, step = len(sums)-1, 0, -1
	}
	sum, rows := uint64(0), 0
	for ; t != end; t += step {
		v := sums[t]
		if f.skipEmpty && v == 0 {
			continue
		}
		sum += v
		rows += int(float64(float64(int64(v&mask))*f.rowUnit) + 0.5)
		hessian := float64(float64(int64(sum&mask))*hessianUnit) + kEpsilon
		if rows < fewest || hessian < least {
			continue
		}
		gradient := float64(float64(int64(sum)>>shift) * gradientUnit)
		otherGradient, otherHessian := total.gradient-gradient, total.hessian-hessian
		if total.rows-rows < fewest || otherHessian < least {
			return
		}
		a, b := otherHessian+l2, hessian+l2
		if float64(otherGradient*otherGradient)*b+float64(float64(gradient*gradient)*a) <= float64(bar*a)*b {
			continue
		}
		moved, others := binSum{gradient, hessian}, binSum{otherGradient, otherHessian}
		if toRight {
			f.consider(best, others, moved, total.rows-rows, t-1, true)
		} else {
			f.consider(best, moved, others, rows, t, false)
		}
		bar = max(f.parent, best.gain) * almost
	}
}
