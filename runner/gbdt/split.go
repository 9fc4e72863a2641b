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

// leafSum is what a split search knows about the leaf.
type leafSum struct {
	binSum
	rows int
}

// finder searches the splits of one leaf. Sums of hessians carry kEpsilon for
// each side, as in LightGBM, so that none is zero.
type finder struct {
	p      *Params
	total  leafSum // hessian with 2 kEpsilon
	parent float64 // the leaf's own gain plus min_gain_to_split
	rows   float64 // rows in one unit of hessian
}

func newFinder(p *Params, leaf leafSum) finder {
	leaf.hessian += 2 * kEpsilon
	f := finder{p: p, total: leaf, rows: float64(leaf.rows) / leaf.hessian}
	f.parent = f.gain(leaf.binSum, p.LambdaL2) + p.MinGainToSplit
	return f
}

// count estimates the number of rows in a bin from its hessian.
func (f *finder) count(s binSum) int { return int(s.hessian*f.rows + 0.5) }

func shrinkL1(gradient, l1 float64) float64 {
	if l1 == 0 {
		return gradient
	}
	return math.Copysign(max(0, math.Abs(gradient)-l1), gradient)
}

// gain is twice the loss that a leaf of these rows saves with its best value.
func (f *finder) gain(s binSum, l2 float64) float64 {
	g := shrinkL1(s.gradient, f.p.LambdaL1)
	return g * g / (s.hessian + l2)
}

// leafValue is the value that saves that much.
func leafValue(s binSum, l1, l2 float64) float64 {
	return -shrinkL1(s.gradient, l1) / (s.hessian + l2)
}

func (f *finder) rest(left binSum) binSum {
	return binSum{f.total.gradient - left.gradient, f.total.hessian - left.hessian}
}

// large tells whether a side has enough rows and hessian.
func (f *finder) large(rows int, hessian float64) bool {
	return rows >= max(1, f.p.MinDataInLeaf) && hessian >= f.p.MinSumHessianInLeaf
}

// numeric is the best threshold of a numeric column. splittable is true where
// any threshold gains something at all; a column without one is not searched
// again below this leaf.
func (f *finder) numeric(slot int, m *binMapper, bins []binSum) (best split, splittable bool) {
	best = noSplit
	if m.missing == missingNaN && m.numBins > 2 {
		// The last bin is NaN's: first it stays left, then it stays right.
		f.fromRight(bins, len(bins)-2, &best)
		f.fromLeft(bins, len(bins)-2, m.usual == 0, &best)
	} else {
		f.fromRight(bins, len(bins)-1, &best)
		if m.missing == missingNaN {
			best.defaultLeft = false
		}
	}
	if math.IsInf(best.gain, -1) {
		return noSplit, false
	}
	best.slot = slot
	f.finish(&best, f.p.LambdaL2)
	return best, true
}

// fromRight moves bins from last on to the right side, one after another; what
// lies above last stays left.
func (f *finder) fromRight(bins []binSum, last int, best *split) {
	right, rightRows := binSum{0, kEpsilon}, 0
	for t := last; t >= 1; t-- {
		right.gradient += bins[t].gradient
		right.hessian += bins[t].hessian
		rightRows += f.count(bins[t])
		if !f.large(rightRows, right.hessian) {
			continue
		}
		left := f.rest(right)
		if !f.large(f.total.rows-rightRows, left.hessian) {
			return
		}
		f.consider(best, left, right, f.total.rows-rightRows, t-1, true)
	}
}

// fromLeft moves the bins 0 to last to the left side; what lies above last+1
// stays right. rest tells to take the first bin as what the others leave, which
// is how LightGBM reads a bin that it does not store.
func (f *finder) fromLeft(bins []binSum, last int, rest bool, best *split) {
	left, leftRows := binSum{0, kEpsilon}, 0
	for t := 0; t <= last; t++ {
		if t == 0 && rest {
			left, leftRows = f.withoutFirst(bins)
		} else {
			left.gradient += bins[t].gradient
			left.hessian += bins[t].hessian
			leftRows += f.count(bins[t])
		}
		if !f.large(leftRows, left.hessian) {
			continue
		}
		right := f.rest(left)
		if !f.large(f.total.rows-leftRows, right.hessian) {
			return
		}
		f.consider(best, left, right, leftRows, t, false)
	}
}

// withoutFirst is the first bin as the leaf's total less the other bins.
func (f *finder) withoutFirst(bins []binSum) (first binSum, rows int) {
	first, rows = binSum{f.total.gradient, f.total.hessian - kEpsilon}, f.total.rows
	for _, bin := range bins[1:] {
		first.gradient -= bin.gradient
		first.hessian -= bin.hessian
		rows -= f.count(bin)
	}
	return first, rows
}

func (f *finder) consider(best *split, left, right binSum, leftRows, threshold int, defaultLeft bool) {
	gain := f.gain(left, f.p.LambdaL2) + f.gain(right, f.p.LambdaL2)
	if gain <= f.parent || !(gain > best.gain) {
		return
	}
	best.gain, best.leftSum, best.leftCount = gain, left, leftRows
	best.threshold, best.defaultLeft = threshold, defaultLeft
}

// finish derives from the left side's sums what the children will be.
func (f *finder) finish(s *split, l2 float64) {
	right := f.rest(s.leftSum)
	s.leftValue = leafValue(s.leftSum, f.p.LambdaL1, l2)
	s.rightValue = leafValue(right, f.p.LambdaL1, l2)
	s.gain -= f.parent
	s.leftSum.hessian -= kEpsilon
	right.hessian -= kEpsilon
	s.rightSum = right
	s.rightCount = f.total.rows - s.leftCount
}
