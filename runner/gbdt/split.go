package gbdt

import "math"

// split is a way to divide a leaf in two.
type split struct {
	slot        int // -1: none
	gain        float64
	threshold   int   // numeric: the last bin that goes left
	left        []int // categorical: the bins that go left
	defaultLeft bool  // where missing values go
	leftSum     binSum
	rightSum    binSum
	leftValue   float64
	rightValue  float64
	leftCount   int // estimated until the rows are moved
	rightCount  int
	monotone    int // the column's constraint
}

var noSplit = split{slot: -1, gain: math.Inf(-1)}

// beats orders splits by gain; equal gains go to the earlier column, so that
// the order in which columns are searched does not matter.
func (s *split) beats(other *split) bool {
	if s.slot < 0 {
		return false
	}
	if other.slot < 0 || s.gain != other.gain {
		return other.slot < 0 || s.gain > other.gain
	}
	return s.slot < other.slot
}

// finder searches the splits of one leaf. Sums of hessians carry kEpsilon for
// each side, as in LightGBM, so that none is zero.
type finder struct {
	p      *Params
	total  leafSum // hessian with 2 kEpsilon
	parent float64 // the leaf's own gain plus min_gain_to_split
	// categoryParent is the same for categorical columns. LightGBM's two differ
	// with path_smooth: this one takes the value that the leaf has, the other one
	// pulls the leaf's best value to it.
	categoryParent float64
	rows           float64 // rows in one unit of hessian
	// bound is true where a leaf's value is not simply the best one: the gain is
	// then that of the value it gets.
	bound bool
	// plain is true where a leaf's gain is just its gradient squared over its
	// hessian and lambda_l2.
	plain           bool
	value           float64 // the leaf's own value, to which path_smooth pulls
	low             float64 // the bounds of monotone constraints
	high            float64
	monotone        int // of the column being searched
	monotonePenalty float64
	draws           *random // for extra_trees, else nil
}

// leafSum is the sums over a leaf's rows.
type leafSum struct {
	binSum
	rows int
}

func newFinder(p *Params, f *leaf) finder {
	total := leafSum{f.sum, f.count}
	total.hessian += 2 * kEpsilon
	s := finder{p: p, total: total, rows: float64(total.rows) / total.hessian, value: f.value, low: f.low, high: f.high}
	s.bound = p.MaxDeltaStep > 0 || p.PathSmooth > kEpsilon || len(p.MonotoneConstraints) > 0
	s.plain = !s.bound && p.LambdaL1 == 0 && s.total.hessian > 0
	own := clampStep(leafValue(total.binSum, p.LambdaL1, p.LambdaL2), p.MaxDeltaStep)
	switch {
	case p.PathSmooth > kEpsilon:
		s.parent = s.gainOf(total.binSum, smooth(own, p.PathSmooth, total.rows, f.value), p.LambdaL2)
		s.categoryParent = s.gainOf(total.binSum, f.value, p.LambdaL2)
	case p.MaxDeltaStep > 0:
		s.parent = s.gainOf(total.binSum, own, p.LambdaL2)
		s.categoryParent = s.parent
	default:
		s.parent = s.gain(total.binSum, p.LambdaL2)
		s.categoryParent = s.parent
	}
	s.parent += p.MinGainToSplit
	s.categoryParent += p.MinGainToSplit
	s.monotonePenalty = monotonePenalty(p.MonotonePenalty, f.depth)
	return s
}

func (f *finder) rest(left binSum) binSum {
	return binSum{f.total.gradient - left.gradient, f.total.hessian - left.hessian}
}

// large tells whether a side has enough rows and hessian.
func (f *finder) large(rows int, hessian float64) bool {
	return rows >= max(1, f.p.MinDataInLeaf) && hessian >= f.p.MinSumHessianInLeaf
}

// anyThreshold is the value of only where all thresholds are tried.
const anyThreshold = -1

// numeric is the best threshold of a numeric column. splittable is true where
// any threshold gains something at all; a column without one is not searched
// again below this leaf. bins are in order; bins without rows may be left out.
func (f *finder) numeric(slot int, m *binMapper, bins []filledBin) (best split, splittable bool) {
	best = noSplit
	only := anyThreshold
	if f.draws != nil {
		only = f.drawThreshold(m, bins)
	}
	last := m.numBins - 1
	switch {
	case m.missing == missingNaN && m.numBins > 2:
		// The last bin is NaN's: first it stays left, then it stays right.
		f.fromRight(bins, last-1, -1, only, &best)
		f.fromLeft(bins, last-1, -1, m.usual == 0, only, &best)
	case m.missing == missingZero && m.numBins > 2:
		// The same with zero's bin.
		f.fromRight(bins, last, m.zero, only, &best)
		f.fromLeft(bins, last-1, m.zero, false, only, &best)
	default:
		f.fromRight(bins, last, -1, only, &best)
		if m.missing == missingNaN {
			best.defaultLeft = false
		}
	}
	return f.found(slot, best)
}

// drawThreshold draws the one threshold that extra trees try.
func (f *finder) drawThreshold(m *binMapper, bins []filledBin) int {
	if !f.p.ExtraTreesInLeaf {
		if m.numBins > 2 {
			return f.draws.below(m.numBins - 2)
		}
		return 0
	}
	low, high := -1, -1
	for _, b := range bins {
		if b.rows < 1 || m.missing == missingNaN && int(b.number) == m.numBins-1 {
			continue
		}
		if high = int(b.number); low < 0 {
			low = high
		}
	}
	if high <= low {
		return max(low, 0)
	}
	return low + f.draws.below(high-low)
}

// found is the outcome of a slot's search.
func (f *finder) found(slot int, best split) (_ split, splittable bool) {
	if math.IsInf(best.gain, -1) {
		return noSplit, f.draws != nil // another threshold may do better
	}
	best.slot = slot
	f.finish(&best, f.p.LambdaL2)
	return best, true
}

// fromRight moves bins from last on to the right side, one after another; what
// lies above last, and the bin skip, stay left.
func (f *finder) fromRight(bins []filledBin, last, skip, only int, best *split) {
	at := len(bins) - 1
	for at >= 0 && int(bins[at].number) > last {
		at--
	}
	right, rightRows := binSum{0, kEpsilon}, 0
	for ; at >= 0; at-- {
		t := int(bins[at].number)
		if t == skip || t == 0 {
			continue
		}
		right.gradient += bins[at].gradient
		right.hessian += bins[at].hessian
		rightRows += int(bins[at].rows)
		if !f.large(rightRows, right.hessian) {
			continue
		}
		left := f.rest(right)
		if !f.large(f.total.rows-rightRows, left.hessian) {
			return
		}
		if only == anyThreshold || t-1 == only {
			f.consider(best, left, right, f.total.rows-rightRows, t-1, true)
		}
	}
}

// fromLeft moves the bins 0 to last to the left side; what lies above last+1,
// and the bin skip, stay right. rest tells to take the first bin as what the
// others leave, which is how LightGBM reads a bin that it does not store.
func (f *finder) fromLeft(bins []filledBin, last, skip int, rest bool, only int, best *split) {
	left, leftRows := binSum{0, kEpsilon}, 0
	if rest {
		left, leftRows = f.withoutFirst(bins)
	}
	for i := range bins {
		t := int(bins[i].number)
		switch {
		case t > last:
			return
		case t == skip:
			continue
		case t == 0 && rest:
		default:
			left.gradient += bins[i].gradient
			left.hessian += bins[i].hessian
			leftRows += int(bins[i].rows)
		}
		if !f.large(leftRows, left.hessian) {
			continue
		}
		right := f.rest(left)
		if !f.large(f.total.rows-leftRows, right.hessian) {
			return
		}
		if only == anyThreshold || t == only {
			f.consider(best, left, right, leftRows, t, false)
		}
	}
}

// withoutFirst is the first bin as the leaf's total less the other bins.
func (f *finder) withoutFirst(bins []filledBin) (first binSum, rows int) {
	first, rows = binSum{f.total.gradient, f.total.hessian - kEpsilon}, f.total.rows
	for i := range bins {
		bin := &bins[i]
		if bin.number == 0 {
			continue
		}
		first.gradient -= bin.gradient
		first.hessian -= bin.hessian
		rows -= int(bin.rows)
	}
	return first, rows
}

func (f *finder) consider(best *split, left, right binSum, leftRows, threshold int, defaultLeft bool) {
	var gain float64
	if f.bound {
		gain = f.boundGain(left, right, leftRows, f.p.LambdaL2)
	} else {
		gain = f.gain(left, f.p.LambdaL2) + f.gain(right, f.p.LambdaL2)
	}
	if gain <= f.parent || !(gain > best.gain) {
		return
	}
	best.gain, best.leftSum, best.leftCount = gain, left, leftRows
	best.threshold, best.defaultLeft = threshold, defaultLeft
}

// finish derives from the left side's sums what the children will be.
func (f *finder) finish(s *split, l2 float64) {
	right := f.rest(s.leftSum)
	s.rightCount = f.total.rows - s.leftCount
	s.leftValue = f.output(s.leftSum, l2, s.leftCount)
	s.rightValue = f.output(right, l2, s.rightCount)
	s.gain -= f.parent
	if f.monotone != 0 && f.p.MonotonePenalty > 0 {
		s.gain *= f.monotonePenalty
	}
	s.monotone = f.monotone
	s.leftSum.hessian -= kEpsilon
	right.hessian -= kEpsilon
	s.rightSum = right
}
