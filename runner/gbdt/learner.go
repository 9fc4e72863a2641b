package gbdt

import (
	"context"
	"math"
	"slices"
)

// learner grows one tree at a time by always splitting the leaf whose best
// split gains most (leaf-wise, or best-first, growth).
type learner struct {
	ctx     context.Context
	data    *Dataset
	p       *Params
	workers *pool
	hists   *histograms
	rows    *partition
	bins    [][]filledBin // per worker: the slot being searched
	best    [][2]split    // per worker: of the smaller and the larger child
	leaves  []leaf
	sampled []bool // slots of this tree
	shares  []leafShare
	uneven  bool      // the rows' weights differ too much for packed sums
	order   *monotone // nil without monotone constraints
	nodes   uint64    // counts the draws of this tree; begins anew with each tree
}

// leaf is a leaf of the tree being grown.
type leaf struct {
	segment
	sum        binSum
	depth      int
	hist       *histogram // nil where it will not be split
	splittable []bool     // per slot
	best       split
	value      float64
	low, high  float64 // bounds of monotone constraints
	allowed    []bool  // slots by interaction_constraints; nil: all
	path       []int   // features of the splits above, where interactions are constrained
}

func newLearner(ctx context.Context, d *Dataset, p *Params, workers *pool) *learner {
	l := &learner{
		ctx: ctx, data: d, p: p, workers: workers,
		hists: newHistograms(d, workers, false),
		rows:  newPartition(d, workers),
		bins:  make([][]filledBin, workers.threads),
		best:  make([][2]split, workers.threads),
		order: newMonotone(p), uneven: tooUneven(d.weight),
	}
	for i := range l.bins {
		l.bins[i] = make([]filledBin, slices.Max(d.numBins))
	}
	return l
}

// grown is a finished tree with what the boosting needs to apply it.
type grown struct {
	tree   *tree
	binned *binnedTree
}

// learn grows a tree on rows (nil: all) with the gradients given by row.
// index counts the trees of this training.
func (l *learner) learn(rows []uint32, gradient, hessian []float32, unitHessian bool, index int) (grown, error) {
	l.workers.rouse()
	root := l.start(rows, gradient, hessian, unitHessian)
	l.sampleColumns(index)
	l.nodes = uint64(index) << 32
	root.value = rootValue(l.p, root.sum)
	root.low, root.high = math.Inf(-1), math.Inf(1)
	root.allowed = l.allowedSlots(nil)
	if l.order != nil {
		l.order.start()
	}
	start := root.value
	if l.p.LinearTree {
		start = 0 // as in LightGBM
	}
	t := newTree(start, root.sum.hessian, root.count)
	g := grown{tree: t, binned: &binnedTree{}}
	l.leaves = append(l.leaves[:0], root)
	if l.canSplit(&l.leaves[0]) {
		l.searchRoot()
	}
	for t.numLeaves() < l.p.NumLeaves {
		if l.workers.stopped.Load() || l.ctx.Err() != nil {
			return g, l.ctx.Err()
		}
		at := l.bestLeaf()
		if at < 0 {
			break
		}
		l.divide(g, at)
	}
	for i := range l.leaves {
		l.drop(&l.leaves[i])
	}
	return g, l.ctx.Err()
}

// start fills the root's rows and values.
func (l *learner) start(rows []uint32, gradient, hessian []float32, unitHessian bool) leaf {
	count := l.data.rows
	if rows != nil {
		count = len(rows)
	}
	root := leaf{segment: segment{0, count, 0}}
	toRows, values := l.rows.slices(root.segment)
	partial := make([]binSum, pieces(count))
	l.workers.eachPiece(count, func(task, from, to int) {
		if rows != nil {
			copy(toRows[from:to], rows[from:to])
		} else {
			for i := from; i < to; i++ {
				toRows[i] = uint32(i)
			}
		}
		partial[task] = absoluteSums(toRows[from:to], gradient, hessian)
	})
	total := sumOf(partial)
	code, fits := newPacking(count, total.gradient, total.hessian, unitHessian)
	l.usePrecision(l.p.HistPrecision == Float64Histograms || !fits || l.uneven, code)
	if l.hists.float {
		partial = partial[:chunks(count)]
		l.workers.each(len(partial), func(_, task int) {
			from, to := chunk(task, count)
			partial[task] = packAllFloats(toRows[from:to], gradient, hessian, values[from:to])
		})
	} else {
		l.workers.eachPiece(count, func(task, from, to int) {
			partial[task] = code.packAll(toRows[from:to], gradient, hessian, values[from:to])
		})
	}
	root.sum = sumOf(partial)
	return root
}

// sumOf adds up in the order of the chunks, whoever summed them.
func sumOf(partial []binSum) (sum binSum) {
	for _, s := range partial {
		sum.gradient += s.gradient
		sum.hessian += s.hessian
	}
	return sum
}

// usePrecision changes the kind of histograms where a tree needs the other one.
func (l *learner) usePrecision(float bool, code *packing) {
	if l.hists.float != float {
		l.hists = newHistograms(l.data, l.workers, float)
	}
	l.hists.code = code
}

// canSplit leaves out leaves that no split could divide.
func (l *learner) canSplit(f *leaf) bool {
	return f.count >= 2*max(1, l.p.MinDataInLeaf) && (l.p.MaxDepth <= 0 || f.depth < l.p.MaxDepth)
}

func (l *learner) bestLeaf() int {
	at := -1
	for i := range l.leaves {
		if l.leaves[i].hist == nil || !(l.leaves[i].best.gain > 0) {
			continue
		}
		if at < 0 || l.before(&l.leaves[i], &l.leaves[at]) {
			at = i
		}
	}
	return at
}

// before tells which of two leaves is split first: that with the larger gain,
// or, in depth-wise growth, one of a higher level.
func (l *learner) before(a, b *leaf) bool {
	if l.p.GrowPolicy == DepthWise && a.depth != b.depth {
		return a.depth < b.depth
	}
	return a.best.beats(&b.best)
}

// drop gives the leaf's histogram back.
func (l *learner) drop(f *leaf) {
	if f.hist != nil {
		l.hists.put(f.hist)
		f.hist = nil
	}
}

func (l *learner) searchRoot() {
	root := &l.leaves[0]
	root.hist = l.hists.get()
	root.splittable = make([]bool, len(l.data.used))
	rows, values := l.rows.slices(root.segment)
	if root.count == l.data.rows {
		rows = nil // all rows in order: nothing to look up
	}
	l.hists.build(root.hist, rows, values, l.needed(nil))
	l.search(root, nil, nil)
}

// divide splits a leaf and searches its children's best splits.
func (l *learner) divide(g grown, at int) {
	parent := l.leaves[at]
	s := &parent.best
	feature := l.data.used[s.slot]
	m := l.data.mappers[feature]
	goesLeft := s.sides(m)
	leftRows, rightRows := l.rows.split(parent.segment, s.slot, goesLeft)
	if l.workers.stopped.Load() {
		return
	}
	parentNode := g.tree.leafParent[at]
	g.tree.grow(at, s, m, feature, l.p.MinGainToSplit, leftRows.count, rightRows.count)
	g.binned.grow(at, len(l.leaves), s.slot, goesLeft)

	left, right := parent.child(leftRows, s.leftSum, s.leftValue), parent.child(rightRows, s.rightSum, s.rightValue)
	if len(l.p.InteractionConstraints) > 0 {
		left.path = append(slices.Clone(parent.path), feature)
		right.path = left.path
		left.allowed = l.allowedSlots(left.path)
		right.allowed = left.allowed
	}
	l.leaves[at] = left
	l.leaves = append(l.leaves, right)
	var tightened []int
	if l.order != nil {
		tightened = l.order.divided(l, g.tree, at, s, parentNode)
	}
	l.searchChildren(g, &parent, &l.leaves[at], &l.leaves[len(l.leaves)-1])
	for _, i := range tightened {
		l.searchAgain(&l.leaves[i])
	}
}

// child is a leaf below f.
func (f *leaf) child(rows segment, sum binSum, value float64) leaf {
	return leaf{segment: rows, sum: sum, depth: f.depth + 1, best: noSplit, value: value, low: f.low, high: f.high}
}

// searchChildren finds the best splits of a leaf's children. The larger one
// takes over the leaf's histogram.
func (l *learner) searchChildren(g grown, parent, left, right *leaf) {
	smaller, larger := left, right
	if left.count >= right.count {
		smaller, larger = right, left
	}
	if l.canSplit(larger) && g.tree.numLeaves() < l.p.NumLeaves {
		smaller.hist, larger.hist = l.hists.get(), parent.hist
		smaller.splittable, larger.splittable = make([]bool, len(l.data.used)), parent.splittable
		rows, values := l.rows.slices(smaller.segment)
		l.hists.build(smaller.hist, rows, values, l.needed(parent.splittable))
		l.search(smaller, larger, parent.splittable)
		for _, child := range []*leaf{smaller, larger} {
			if !(child.best.gain > 0) {
				l.drop(child)
			}
		}
	} else {
		l.drop(parent)
	}
}

// sides tells for each bin of the split's column whether it goes left: 1, or 0.
func (s *split) sides(m *binMapper) (goesLeft []uint8) {
	goesLeft = make([]uint8, m.numBins)
	if m.categorical {
		for _, bin := range s.left {
			goesLeft[bin] = 1
		}
		return goesLeft
	}
	for bin := range s.threshold + 1 {
		goesLeft[bin] = 1
	}
	switch m.missing {
	case missingNaN:
		goesLeft[m.numBins-1] = uint8(oneIf(s.defaultLeft))
	case missingZero:
		goesLeft[m.zero] = uint8(oneIf(s.defaultLeft))
	}
	return goesLeft
}

// needed tells the slots whose histogram the children of a leaf need, which are
// those that could split it; nil: all.
func (l *learner) needed(splittable []bool) []bool {
	if splittable == nil {
		if l.p.FeatureFraction >= 1 {
			return nil
		}
		return l.sampled
	}
	return splittable // false, too, for those that were not drawn
}
