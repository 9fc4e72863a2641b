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

func (f *finder) sortedCategories(bins []filledBin, l2 float64, best *split) {
	var order []int
	for t := 1; t < len(bins); t++ {
		if float64(bins[t].rows) >= f.p.CatSmooth {
			order = append(order, t)
		}
	}
	ratio := func(t int) float64 { return bins[t].gradient / (bins[t].hessian + f.p.CatSmooth) }
	slices.SortStableFunc(order, func(a, b int) int {
		if ra, rb := ratio(a), ratio(b); ra < rb {
			return -1
		} else if ra > rb {
			return 1
		}
		return 0
	})
	longest := min(f.p.MaxCatThreshold, (len(order)+1)/2)
	only := f.only(longest)
	f.runs(bins, order, longest, only, l2, best)
	slices.Reverse(order)
	f.runs(bins, order, longest, only, l2, best)
}

// runs tries the first one, two, … categories of the order as the left side.
// Between two tries there are at least min_data_per_group rows.
func (f *finder) runs(bins []filledBin, order []int, longest, only int, l2 float64, best *split) {
	left, leftRows, groupRows := binSum{0, kEpsilon}, 0, 0
	for i := range longest {
		bin := bins[order[i]]
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
			return
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
		best.left = slices.Clone(order[:i+1])
	}
}

// only is the one choice of n that extra_trees tries.
func (f *finder) only(n int) int {
	if f.draws == nil || n < 1 {
		return anyThreshold
	}
	return f.draws.below(n)
}
