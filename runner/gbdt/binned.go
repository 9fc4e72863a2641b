package gbdt

// binnedTree is a tree over bin numbers, for rows that are binned but not in
// the tree's partition: validation rows and those left out of a bag.
type binnedTree struct {
	nodes  []binnedNode
	parent []int32 // of each leaf; -1 while the root is one
}

type binnedNode struct {
	slot        int32
	left, right int32   // as in tree
	goesLeft    []uint8 // 1 for each bin that does, else 0
}

// grow mirrors tree.grow.
func (b *binnedTree) grow(leaf, newLeaf, slot int, goesLeft []uint8) {
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
	b.nodes = append(b.nodes, binnedNode{int32(slot), ^int32(leaf), ^int32(newLeaf), goesLeft})
	b.parent[leaf] = at
	b.parent = append(b.parent, at)
}

// walker is a binnedTree with the places of one dataset's bins.
type walker struct {
	data  *Dataset
	nodes []walkNode
}

type walkNode struct {
	kind        placeKind
	shift       uint8
	at          int32 // word, wide column, or where a sparse slot's bins begin
	left, right int32
	bytes       [byteBins / 64]uint64 // a bit for each byte that goes left
	node        *binnedNode
	usual       int
}

func (b *binnedTree) on(d *Dataset) walker {
	w := walker{data: d, nodes: make([]walkNode, len(b.nodes))}
	for i := range b.nodes {
		n := &b.nodes[i]
		place, usual := &d.places[n.slot], d.mapper(int(n.slot)).usual
		to := walkNode{kind: place.kind, left: n.left, right: n.right, node: n, usual: usual}
		switch place.kind {
		case inWide:
			to.at = int32(place.column)
		case inSparse:
			to.at = int32(place.at)
		default:
			word, shift := wordOf(place.column)
			to.at, to.shift = int32(word), uint8(shift)
			for b, is := range place.physical(n.goesLeft, usual) {
				to.bytes[b/64] |= uint64(is) << (b % 64)
			}
		}
		w.nodes[i] = to
	}
	return w
}

// leaf is the leaf that a row falls into.
func (w *walker) leaf(row int) int {
	if len(w.nodes) == 0 {
		return 0
	}
	words := w.data.data[row*w.data.words : (row+1)*w.data.words]
	at := int32(0)
	for at >= 0 {
		n := &w.nodes[at]
		var left bool
		if n.kind <= inBundle {
			bin := uint8(words[n.at] >> (n.shift & 63))
			left = n.bytes[bin>>6]>>(bin&63)&1 != 0
		} else {
			left = n.node.goesLeft[w.bin(n, row)] != 0
		}
		if left {
			at = n.left
		} else {
			at = n.right
		}
	}
	return int(^at)
}

// bin is the bin of a row where it is not a byte.
func (w *walker) bin(n *walkNode, row int) int {
	if n.kind == inWide {
		return int(w.data.wideData[n.at][row])
	}
	return w.data.entries.bin(row, int(n.at), len(n.node.goesLeft), n.usual)
}

// addScores adds the tree's values to the scores of rows (nil: all).
func (b *binnedTree) addScores(d *Dataset, workers *pool, values, score []float64, rows []uint32) {
	count := d.rows
	if rows != nil {
		count = len(rows)
	}
	w := b.on(d)
	workers.eachPiece(count, func(_, from, to int) {
		for i := from; i < to; i++ {
			row := i
			if rows != nil {
				row = int(rows[i])
			}
			score[row] += values[w.leaf(row)]
		}
	})
}
