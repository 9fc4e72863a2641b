package gbdt

// binnedTree is a tree over bin numbers, for rows that are binned but not in
// the tree's partition: validation rows and those left out of a bag.
type binnedTree struct {
	nodes  []binnedNode
	parent []int32 // of each leaf; -1 while the root is one
}

type binnedNode struct {
	word        int32
	shift       uint8
	left, right int32 // as in tree
	goesLeft    [windowBins / 64]uint64
}

// grow mirrors tree.grow.
func (b *binnedTree) grow(leaf, newLeaf, slot int, goesLeft *[windowBins]uint8) {
	if len(b.parent) == 0 {
		b.parent = append(b.parent, -1)
	}
	at := int32(len(b.nodes))
	if parent := b.parent[leaf]; parent >= 0 {
		if b.nodes[parent].left == ^int32(leaf) {
			b.nodes[parent].left = at
		} else {
			b.nodes[parent].right = at
		}
	}
	b.nodes = append(b.nodes, newBinnedNode(slot, ^int32(leaf), ^int32(newLeaf), goesLeft))
	b.parent[leaf] = at
	b.parent = append(b.parent, at)
}

func newBinnedNode(slot int, left, right int32, goesLeft *[windowBins]uint8) binnedNode {
	n := binnedNode{word: int32(slot / slotsPerWord), shift: uint8(slot % slotsPerWord * 8), left: left, right: right}
	for bin, is := range goesLeft {
		n.goesLeft[bin/64] |= uint64(is) << (bin % 64)
	}
	return n
}

// leaf is the leaf that a row's words fall into.
func (b *binnedTree) leaf(words []uint64) int {
	if len(b.nodes) == 0 {
		return 0
	}
	at := int32(0)
	for at >= 0 {
		n := &b.nodes[at]
		bin := uint8(words[n.word] >> (n.shift & 63))
		if n.goesLeft[bin>>6]>>(bin&63)&1 != 0 {
			at = n.left
		} else {
			at = n.right
		}
	}
	return int(^at)
}

// addScores adds the tree's values to the scores of rows (nil: all).
func (b *binnedTree) addScores(d *Dataset, workers *pool, values, score []float64, rows []uint32) {
	count := d.rows
	if rows != nil {
		count = len(rows)
	}
	workers.each(chunks(count), func(_, task int) {
		from, to := chunk(task, count)
		for i := from; i < to; i++ {
			row := i
			if rows != nil {
				row = int(rows[i])
			}
			score[row] += values[b.leaf(d.data[row*d.words:(row+1)*d.words])]
		}
	})
}
