package gbdt

import "context"

// learner grows one tree at a time by always splitting the leaf whose best
// split gains most (leaf-wise, or best-first, growth).
type learner struct {
	ctx     context.Context
	data    *Dataset
	p       *Params
	workers *pool
	hists   *histograms
	rows    *partition
	sums    [][windowBins]binSum // per worker: the slot being searched
	best    [][2]split           // per worker: of the smaller and the larger child
	leaves  []leaf
	sampled []bool // slots of this tree
	nodes   uint64 // leaves searched in this training, for column sampling
}

// leaf is a leaf of the tree being grown.
type leaf struct {
	segment
	sum        binSum
	depth      int
	hist       *histogram // nil where it will not be split
	splittable []bool     // per slot
	best       split
}

func newLearner(ctx context.Context, d *Dataset, p *Params, workers *pool) *learner {
	return &learner{
		ctx: ctx, data: d, p: p, workers: workers,
		hists: newHistograms(d, workers, false),
		rows:  newPartition(d, workers),
		sums:  make([][windowBins]binSum, workers.threads),
		best:  make([][2]split, workers.threads),
	}
}

// grown is a finished tree with what the boosting needs to apply it.
type grown struct {
	tree   *tree
	binned *binnedTree
}

// learn grows a tree on rows (nil: all) with the gradients given by row.
// index counts the trees of this training.
func (l *learner) learn(rows []uint32, gradient, hessian []float32, unitHessian bool, index int) (grown, error) {
	root := l.start(rows, gradient, hessian, unitHessian)
	l.sampleColumns(index)
	t := newTree(leafValue(root.sum, l.p.LambdaL1, l.p.LambdaL2), root.sum.hessian, root.count)
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
	partial := make([]binSum, chunks(count))
	l.workers.each(chunks(count), func(_, task int) {
		from, to := chunk(task, count)
		for i := from; i < to; i++ {
			row := uint32(i)
			if rows != nil {
				row = rows[i]
			}
			toRows[i] = row
			partial[task].gradient += float64(max(gradient[row], -gradient[row]))
			partial[task].hessian += float64(hessian[row])
		}
	})
	// Added up in the order of the chunks, whoever summed them.
	var total binSum
	for _, s := range partial {
		total.gradient += s.gradient
		total.hessian += s.hessian
	}
	code, fits := newPacking(count, total.gradient, total.hessian, unitHessian)
	l.usePrecision(l.p.HistPrecision == Float64Histograms || !fits, code)
	l.workers.each(chunks(count), func(_, task int) {
		from, to := chunk(task, count)
		var sum binSum
		var packed uint64
		for i := from; i < to; i++ {
			row := toRows[i]
			if l.hists.float {
				values[i] = packFloats(gradient[row], hessian[row])
				sum.gradient += float64(gradient[row])
				sum.hessian += float64(hessian[row])
			} else {
				values[i] = code.pack(gradient[row], hessian[row])
				packed += values[i]
			}
		}
		if !l.hists.float {
			sum = code.unpack(packed)
		}
		partial[task] = sum
	})
	for _, s := range partial {
		root.sum.gradient += s.gradient
		root.sum.hessian += s.hessian
	}
	return root
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
		if at < 0 || l.leaves[i].best.beats(&l.leaves[at].best) {
			at = i
		}
	}
	return at
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
	l.hists.build(root.hist, rows, values)
	l.search(root, nil, nil)
}

// divide splits a leaf and searches its children's best splits.
func (l *learner) divide(g grown, at int) {
	parent := l.leaves[at]
	s := &parent.best
	feature := l.data.used[s.slot]
	m := l.data.mappers[feature]
	var goesLeft [windowBins]uint8
	s.sides(m, &goesLeft)
	leftRows, rightRows := l.rows.split(parent.segment, s.slot, &goesLeft)
	if l.workers.stopped.Load() {
		return
	}
	g.tree.grow(at, s, m, feature, l.p.MinGainToSplit, leftRows.count, rightRows.count)
	g.binned.grow(at, len(l.leaves), s.slot, &goesLeft)

	left := leaf{segment: leftRows, sum: s.leftSum, depth: parent.depth + 1, best: noSplit}
	right := leaf{segment: rightRows, sum: s.rightSum, depth: parent.depth + 1, best: noSplit}
	smaller, larger := &left, &right
	if left.count >= right.count {
		smaller, larger = &right, &left
	}
	if l.canSplit(larger) && g.tree.numLeaves() < l.p.NumLeaves {
		smaller.hist, larger.hist = l.hists.get(), parent.hist
		smaller.splittable, larger.splittable = make([]bool, len(l.data.used)), parent.splittable
		rows, values := l.rows.slices(smaller.segment)
		l.hists.build(smaller.hist, rows, values)
		l.search(smaller, larger, parent.splittable)
		for _, child := range []*leaf{smaller, larger} {
			if !(child.best.gain > 0) {
				l.drop(child)
			}
		}
	} else {
		l.drop(&parent)
	}
	l.leaves[at] = left
	l.leaves = append(l.leaves, right)
}

// sides fills in which bins of the split's column go left.
func (s *split) sides(m *binMapper, goesLeft *[windowBins]uint8) {
	if m.categorical {
		for _, bin := range s.left {
			goesLeft[bin] = 1
		}
		return
	}
	for bin := range s.threshold + 1 {
		goesLeft[bin] = 1
	}
	if m.missing == missingNaN {
		goesLeft[m.numBins-1] = uint8(oneIf(s.defaultLeft))
	}
}
