package gbdt

import (
	"cmp"
	"context"
	"slices"
)

// A leaf's rows lie all over the data, and the larger the data, the longer it
// takes to reach them. Rows that are alike tend to fall into the same leaves,
// tree after tree. So the rows of large data are put into the order of the leaves
// of one tree, grown on a sample to tell the labels apart, before any training.
// Packed sums do not depend on the order of rows: the models stay the same.

const (
	// orderBytes is from where the rows of byte columns are ordered: smaller data
	// stays in the second-level cache anyway.
	orderBytes = 2 << 20
	// orderSample and orderLeaves are the rows and leaves of the ordering tree.
	orderSample = 1 << 15
	orderLeaves = 128
)

// orderable tells whether the rows may be put into another order: not where
// sums are float64 ones, which depend on it, nor where rows belong together.
func (d *Dataset) orderable(p *Params) bool {
	if p.HistPrecision != PackedHistograms || p.Objective == LambdaRank || p.Objective == CustomLoss || p.LinearTree {
		return false
	}
	return d.entries == nil && d.rows*d.words*slotsPerWord >= orderBytes
}

// orderRows puts the rows into another order, if that makes training faster.
func (d *Dataset) orderRows(ctx context.Context, p *Params, workers *pool) error {
	if !d.orderable(p) {
		return nil
	}
	tree, err := d.orderingTree(ctx, p, workers)
	if err != nil || len(tree.nodes) == 0 {
		return err
	}
	place := d.rowsByLeaf(tree, workers)
	if err := ctx.Err(); err != nil {
		return err
	}
	d.order = make([]uint32, d.rows)
	for row, to := range place {
		d.order[to] = uint32(row)
	}
	d.permute(place)
	return nil
}

// forTraining is the data with labels and weights in the order of its rows,
// which only a training needs.
func (d *Dataset) forTraining() *Dataset {
	if d.order == nil {
		return d
	}
	with := *d
	with.label = reordered(d.given.label, d.order)
	if d.weight != nil {
		with.weight = reordered(d.given.weight, d.order)
	}
	return &with
}

// orderingTree is grown on the ranks of the labels of every so many rows.
func (d *Dataset) orderingTree(ctx context.Context, p *Params, workers *pool) (*binnedTree, error) {
	step := max(1, d.rows/orderSample)
	rows := d.rows / step
	sample := &Dataset{layout: d.layout, rows: rows, mappers: d.mappers, used: d.used, data: make([]uint64, rows*d.words)}
	for _, column := range d.wideData {
		bins := make([]uint16, rows)
		for i := range bins {
			bins[i] = column[i*step]
		}
		sample.wideData = append(sample.wideData, bins)
	}
	byLabel := make([]int, rows)
	for i := range byLabel {
		byLabel[i] = i
		copy(sample.data[i*d.words:(i+1)*d.words], d.data[i*step*d.words:])
	}
	slices.SortStableFunc(byLabel, func(a, b int) int { return cmp.Compare(d.label[a*step], d.label[b*step]) })
	gradient, hessian := make([]float32, rows), make([]float32, rows)
	for rank, first := 0, 0; rank < rows; rank++ {
		if d.label[byLabel[rank]*step] != d.label[byLabel[first]*step] {
			first = rank
		}
		gradient[byLabel[rank]], hessian[byLabel[rank]] = float32(rows)/2-float32(first), 1
	}
	grow := DefaultParams()
	grow.NumLeaves, grow.NumThreads = orderLeaves, p.NumThreads
	g, err := newLearner(ctx, sample, &grow, workers).learn(nil, gradient, hessian, true, 0)
	return g.binned, err
}

// rowsByLeaf gives each row its place: the leaves from left to right, and within
// a leaf as they were. The result is of no use once the workers are stopped.
func (d *Dataset) rowsByLeaf(tree *binnedTree, workers *pool) (place []uint32) {
	rank := tree.leftToRight()
	walk := tree.on(d)
	place = make([]uint32, d.rows)
	next := make([][]uint32, chunks(d.rows)) // per chunk and leaf: rows, then the next place
	workers.each(len(next), func(_, task int) {
		next[task] = make([]uint32, len(rank))
		from, to := chunk(task, d.rows)
		for row := from; row < to; row++ {
			leaf := rank[walk.leaf(row)]
			place[row] = uint32(leaf)
			next[task][leaf]++
		}
	})
	if workers.stopped.Load() {
		return nil // some rows were left out
	}
	before := uint32(0)
	for leaf := range rank {
		for task := range next {
			next[task][leaf], before = before, before+next[task][leaf]
		}
	}
	workers.each(len(next), func(_, task int) {
		from, to := chunk(task, d.rows)
		for row := from; row < to; row++ {
			leaf := place[row]
			place[row] = next[task][leaf]
			next[task][leaf]++
		}
	})
	return place
}

// leftToRight is the position of each leaf in the tree as it is drawn.
func (b *binnedTree) leftToRight() []int {
	rank := make([]int, len(b.nodes)+1)
	next := 0
	todo := []int32{0}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at < 0 {
			rank[^at] = next
			next++
			continue
		}
		todo = append(todo, b.nodes[at].right, b.nodes[at].left)
	}
	return rank
}

// permute moves each row's bins to its place, and leaves place used up. It
// follows the cycles of the permutation, so that it needs no second copy.
func (d *Dataset) permute(place []uint32) {
	words := d.words
	carried, kept := make([]uint64, words), make([]uint64, words)
	wide, wideKept := make([]uint16, len(d.wideData)), make([]uint16, len(d.wideData))
	const done = 1 << 31 // rows are below that
	for start := range place {
		if place[start]&done != 0 {
			continue
		}
		copy(carried, d.data[start*words:(start+1)*words])
		for c, column := range d.wideData {
			wide[c] = column[start]
		}
		for at := start; place[at]&done == 0; {
			to := int(place[at])
			place[at] |= done
			line := d.data[to*words : (to+1)*words]
			copy(kept, line)
			copy(line, carried)
			carried, kept = kept, carried
			for c, column := range d.wideData {
				wideKept[c], column[to] = column[to], wide[c]
			}
			wide, wideKept = wideKept, wide
			at = to
		}
	}
}

func reordered(values []float64, order []uint32) []float64 {
	moved := make([]float64, len(order))
	for i, row := range order {
		moved[i] = values[row]
	}
	return moved
}

// restoreOrder puts the rows back into the caller's order.
func (d *Dataset) restoreOrder() {
	if d.order == nil {
		return
	}
	for k := 0; k < len(d.initScore); k += d.rows {
		scores := d.initScore[k : k+d.rows]
		moved := make([]float64, d.rows)
		for i, row := range d.order {
			moved[row] = scores[i]
		}
		copy(scores, moved)
	}
	d.permute(d.order)
	d.order = nil
}

// original is the caller's number of a row.
func (d *Dataset) original(row int) int {
	if d.order == nil {
		return row
	}
	return int(d.order[row])
}
