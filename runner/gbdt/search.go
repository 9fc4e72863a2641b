package gbdt

import (
	"math"
	"slices"
)

// search finds the best splits of two sibling leaves. smaller's histogram has
// just been built; larger's holds the parent's, from which smaller's is taken
// here. larger is nil at the root. parent tells the slots that could split the
// parent (nil: all); it may be larger's own list.
func (l *learner) search(smaller, larger *leaf, parent []bool) {
	for worker := range l.best {
		l.best[worker] = [2]split{noSplit, noSplit}
	}
	smallerFinder := newFinder(l.p, smaller)
	smallerColumns, smallerDraw := l.nodeColumns(smaller), l.nodes
	var largerFinder finder
	var largerColumns []bool
	var largerDraw uint64
	if larger != nil {
		largerFinder = newFinder(l.p, larger)
		largerColumns, largerDraw = l.nodeColumns(larger), l.nodes
	}
	searchSmaller := l.canSplit(smaller)
	find := func(worker, slot int) {
		if parent != nil && !parent[slot] || !l.sampled[slot] {
			smaller.splittable[slot] = false
			return
		}
		l.hists.merge(smaller.hist, slot)
		l.hists.fix(smaller.hist, slot, smaller.sum)
		best := &l.best[worker]
		smaller.splittable[slot] = true
		if searchSmaller && (smallerColumns == nil || smallerColumns[slot]) {
			smaller.splittable[slot] = l.findIn(worker, smaller.hist, slot, smallerFinder, smallerDraw, &best[0])
		}
		if larger == nil {
			return
		}
		l.hists.subtract(larger.hist, smaller.hist, slot)
		larger.splittable[slot] = true
		if largerColumns == nil || largerColumns[slot] {
			larger.splittable[slot] = l.findIn(worker, larger.hist, slot, largerFinder, largerDraw, &best[1])
		}
	}
	l.forSlots(find)
	smaller.best = l.bestOf(0)
	if larger != nil {
		larger.best = l.bestOf(1)
	}
}

// searchAgain finds a leaf's best split under its new bounds.
func (l *learner) searchAgain(f *leaf) {
	for worker := range l.best {
		l.best[worker][0] = noSplit
	}
	again := newFinder(l.p, f)
	columns := l.nodeColumns(f)
	l.forSlots(func(worker, slot int) {
		if l.sampled[slot] && f.splittable[slot] && (columns == nil || columns[slot]) {
			l.findIn(worker, f.hist, slot, again, l.nodes, &l.best[worker][0])
		}
	})
	f.best = l.bestOf(0)
}

// findIn searches one slot of one leaf. draw numbers the leaf's search.
func (l *learner) findIn(worker int, hist *histogram, slot int, f finder, draw uint64, best *split) bool {
	feature := l.data.used[slot]
	m := l.data.mappers[feature]
	if len(l.p.MonotoneConstraints) > 0 {
		f.monotone = l.p.MonotoneConstraints[feature]
	}
	if l.p.ExtraTrees {
		f.draws = stream(l.p.seed(drawThreshold)+slot, drawThreshold, draw)
	}
	var found split
	var splittable bool
	if !m.categorical && !l.hists.float && f.fitsPacked(m) {
		from, to := l.data.slotSpan(slot)
		found, splittable = f.packed(slot, m, l.hists.code, hist.packed[from:to])
	} else {
		bins := l.hists.read(hist, slot, f.rows, m.categorical || l.p.ExtraTrees, l.bins[worker])
		if m.categorical {
			f.parent = f.categoryParent
			found, splittable = f.categorical(slot, m, bins)
		} else {
			found, splittable = f.numeric(slot, m, bins)
		}
	}
	if found.beats(best) {
		*best = found
	}
	return splittable
}

func (l *learner) bestOf(child int) split {
	best := noSplit
	for worker := range l.best {
		if l.best[worker][child].beats(&best) {
			best = l.best[worker][child]
		}
	}
	return best
}

// worthWaking is the number of bins to search from which a sleeping helper is of use.
const worthWaking = 1 << 14

// slotsPerTask keeps the cost of handing out a task well below its work.
const slotsPerTask = 2

func (l *learner) forSlots(find func(worker, slot int)) {
	slots := len(l.data.used)
	l.workers.share((slots+slotsPerTask-1)/slotsPerTask, l.data.bins > worthWaking, func(worker, task int) {
		for slot := task * slotsPerTask; slot < min(slots, (task+1)*slotsPerTask); slot++ {
			find(worker, slot)
		}
	})
}

// sampleColumns draws the slots of a tree (feature_fraction).
func (l *learner) sampleColumns(index int) {
	slots := len(l.data.used)
	if l.sampled == nil {
		l.sampled = make([]bool, slots)
		for slot := range l.sampled {
			l.sampled[slot] = true
		}
	}
	if l.p.FeatureFraction >= 1 {
		return
	}
	clear(l.sampled)
	for _, slot := range stream(l.p.seed(drawColumns), drawColumns, uint64(index)).choose(slots, fractionOf(slots, l.p.FeatureFraction)) {
		l.sampled[slot] = true
	}
}

// nodeColumns are the slots that a leaf's split may use: those that
// interaction_constraints allow, of which feature_fraction_bylevel draws some for a
// level, and feature_fraction_bynode some of these.
// nil: all.
func (l *learner) nodeColumns(f *leaf) []bool {
	l.nodes++
	if l.p.FeatureFractionByNode >= 1 && l.p.FeatureFractionLevel >= 1 {
		return f.allowed
	}
	var candidates []int
	for slot, is := range l.levelColumns(f.depth) {
		if is && (f.allowed == nil || f.allowed[slot]) {
			candidates = append(candidates, slot)
		}
	}
	columns := make([]bool, len(l.sampled))
	draw := stream(l.p.seed(drawNodeColumns), drawNodeColumns, l.nodes)
	for _, i := range draw.choose(len(candidates), fractionOf(len(candidates), l.p.FeatureFractionByNode)) {
		columns[candidates[i]] = true
	}
	return columns
}

// levelColumns are the slots that the splits of a level may use: the same ones for
// all of its leaves.
func (l *learner) levelColumns(depth int) []bool {
	if l.p.FeatureFractionLevel >= 1 {
		return l.sampled
	}
	var candidates []int
	for slot, is := range l.sampled {
		if is {
			candidates = append(candidates, slot)
		}
	}
	columns := make([]bool, len(l.sampled))
	tree := l.nodes >> 32
	draw := stream(l.p.seed(drawLevelColumns)+depth, drawLevelColumns, tree)
	for _, i := range draw.choose(len(candidates), fractionOf(len(candidates), l.p.FeatureFractionLevel)) {
		columns[candidates[i]] = true
	}
	return columns
}

// allowedSlots are those that may interact with all features of a path: they
// share one of the interaction_constraints with all of them. nil: all.
func (l *learner) allowedSlots(path []int) []bool {
	if len(l.p.InteractionConstraints) == 0 {
		return nil
	}
	allowed := make([]bool, len(l.data.used))
	for slot, feature := range l.data.used {
		allowed[slot] = slices.Contains(path, feature)
		for _, group := range l.p.InteractionConstraints {
			if slices.Contains(group, feature) && !slices.ContainsFunc(path, func(f int) bool { return !slices.Contains(group, f) }) {
				allowed[slot] = true
			}
		}
	}
	return allowed
}

// fractionOf is how many of n are drawn: rounded, and at least one, or two
// where there are as many, as in LightGBM.
func fractionOf(n int, fraction float64) int {
	return max(int(math.Round(float64(n)*fraction)), min(2, n))
}
