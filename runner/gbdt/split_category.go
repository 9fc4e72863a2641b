package gbdt

import (
	"math"
	"slices"
)

// categorical is the best set of categories to go left. A column with few
// categories tries each one alone; otherwise the categories are sorted by
// gradient over hessian, and runs from either end are tried, which finds the
// best of all sets for a convex loss (Fisher, "On Grouping for Maximum
// Homogeneity", 1958). Bin 0, of missing and rare ones, always stays right.
func (f *finder) categorical(slot int, m *binMapper, bins []filledBin) (best split, splittable bool) {
	best = noSplit
	l2 := f.p.LambdaL2
	if m.numBins <= f.p.MaxCatToOnehot {
		f.oneCategory(bins, &best)
	} else {
		l2 += f.p.CatL2
		f.sortedCategories(bins, l2, &best)
	}
	if math.IsInf(best.gain, -1) {
		return noSplit, f.draws != nil
	}
	best.slot = slot
	f.finish(&best, l2)
	return best, true
}

func (f *finder) oneCategory(bins []filledBin, best *split) {
	only := f.only(len(bins) - 1)
	for t := 1; t < len(bins); t++ {
		rows := int(bins[t].rows)
		left := binSum{bins[t].gradient, bins[t].hessian + kEpsilon}
		right := f.rest(left)
		if !f.large(rows, bins[t].hessian) || !f.large(f.total.rows-rows, right.hessian) {
			continue
		}
		if only != anyThreshold && t-1 != only {
			continue
		}
		gain := f.splitGain(left, right, rows, f.p.LambdaL2)
		if gain <= f.parent || !(gain > best.gain) {
			continue
		}
		best.gain, best.leftSum, best.leftCount = gain, left, rows
		best.left = []int{t}
	}
}

// ratedBin is a category's bin with its gradient over hessian.
type ratedBin struct {
	ratio float64
	bin   int
}

func (f *finder) sortedCategories(bins []filledBin, l2 float64, best *split) {
	order := make([]ratedBin, 0, len(bins))
	for t := 1; t < len(bins); t++ {
		if float64(bins[t].rows) >= f.p.CatSmooth {
			order = append(order, ratedBin{bins[t].gradient / (bins[t].hessian + f.p.CatSmooth), t})
		}
	}
	slices.SortStableFunc(order, func(a, b ratedBin) int {
		switch {
		case a.ratio < b.ratio:
			return -1
		case a.ratio > b.ratio:
			return 1
		}
		return 0
	})
	longest := min(f.p.MaxCatThreshold, (len(order)+1)/2)
	only := f.only(longest)
	if n := f.runs(bins, order, longest, only, l2, best); n > 0 {
		best.left = binsOf(order[:n])
	}
	slices.Reverse(order)
	if n := f.runs(bins, order, longest, only, l2, best); n > 0 {
		best.left = binsOf(order[:n])
	}
}

func binsOf(rated []ratedBin) []int {
	bins := make([]int, len(rated))
	for i, r := range rated {
		bins[i] = r.bin
	}
	return bins
}

// runs tries the first one, two, … categories of the order as the left side, and
// gives the length of the best such run, 0 where none is better than best. Between
// two tries there are at least min_data_per_group rows.
func (f *finder) runs(bins []filledBin, order []ratedBin, longest, only int, l2 float64, best *split) (length int) {
	left, leftRows, groupRows := binSum{0, kEpsilon}, 0, 0
	for i := range longest {
		bin := &bins[order[i].bin]
		rows := int(bin.rows)
		left.gradient += bin.gradient
		left.hessian += bin.hessian
		leftRows += rows
		groupRows += rows
		if !f.large(leftRows, left.hessian) {
			continue
		}
		right := f.rest(left)
		rightRows := f.total.rows - leftRows
		if !f.large(rightRows, right.hessian) || rightRows < f.p.MinDataPerGroup {
			return length
		}
		if groupRows < f.p.MinDataPerGroup {
			continue
		}
		groupRows = 0
		if only != anyThreshold && i != only {
			continue
		}
		gain := f.splitGain(left, right, leftRows, l2)
		if gain <= f.parent || !(gain > best.gain) {
			continue
		}
		best.gain, best.leftSum, best.leftCount = gain, left, leftRows
		length = i + 1
	}
	return length
}

// only is the one choice of n that extra_trees tries.
func (f *finder) only(n int) int {
	if f.draws == nil || n < 1 {
		return anyThreshold
	}
	return f.draws.below(n)
}
