package gbdt

import "math"

// plainTrees holds the trees that only compare numbers, in a form that is walked
// without a branch: the children of a node are neighbours, so that the outcome
// of a comparison is added to the number of the left one; leaves are their own
// children.
type plainTrees struct {
	nodes  []compareNode
	values []float64 // of leaves, by node
	// missingRight is 1 for the nodes from which missing values go right, else 0.
	missingRight []int32
	roots        []int32 // of each tree; -1 where it is not plain
	all          bool    // every tree is plain
	// zero is true for features of which a missing value counts as 0.
	zero []bool
}

type compareNode struct {
	threshold float64
	at        uint32 // lanes × feature: where a block has its values
	child     int32  // the left one; the right one comes next
}

func newPlainTrees(trees []*tree, features int) plainTrees {
	p := plainTrees{zero: make([]bool, features), all: true}
	seen := make([]bool, features)
	for _, t := range trees {
		if !p.takes(t, seen) {
			p.roots, p.all = append(p.roots, -1), false
			continue
		}
		p.add(t)
	}
	return p
}

// takes tells whether a tree is plain. What a missing value means must be the
// same wherever a feature is asked for.
func (p *plainTrees) takes(t *tree, seen []bool) bool {
	for i, feature := range t.feature {
		kind := missingType(t.decision[i] >> decisionMissing & 3)
		if t.decision[i]&(decisionCategorical|decisionFloat32Set) != 0 || kind == missingZero {
			return false
		}
		if zero := kind == missingNone; !seen[feature] {
			seen[feature], p.zero[feature] = true, zero
		} else if p.zero[feature] != zero {
			return false
		}
	}
	return true
}

// add lays out a tree level by level.
func (p *plainTrees) add(t *tree) {
	first := len(p.nodes)
	p.roots = append(p.roots, int32(first))
	todo := []int32{t.root()}
	p.grow(1)
	for len(todo) > 0 {
		var below []int32
		at := len(p.nodes) - len(todo)
		for i, node := range todo {
			n := &p.nodes[at+i]
			if node < 0 {
				*n = compareNode{threshold: math.Inf(1), child: int32(at + i)}
				p.values[at+i] = t.leafValue[^node]
				continue
			}
			*n = compareNode{t.threshold[node], lanes * uint32(t.feature[node]), int32(at + len(todo) + len(below))}
			if t.decision[node]&decisionDefaultLeft == 0 {
				p.missingRight[at+i] = 1
			}
			below = append(below, t.left[node], t.right[node])
		}
		p.grow(len(below))
		todo = below
	}
}

func (p *plainTrees) grow(n int) {
	p.nodes = append(p.nodes, make([]compareNode, n)...)
	p.values = append(p.values, make([]float64, n)...)
	p.missingRight = append(p.missingRight, make([]int32, n)...)
}

// next is the child that a number leads to.
func (n *compareNode) next(v float64) int32 {
	var right int32
	if v > n.threshold {
		right = 1
	}
	return n.child + right
}

// addRows adds the values of a tree for eight rows without missing values, whose
// values of each feature lie side by side in block, to out, whose elements are
// stride apart. The processor overlaps the rows' waits for memory.
func (p *plainTrees) addRows(tree int, block, out []float64, stride int) {
	nodes := p.nodes
	root := p.roots[tree]
	a0, a1, a2, a3, a4, a5, a6, a7 := root, root, root, root, root, root, root, root
	for {
		b0, b1, b2, b3, b4, b5, b6, b7 := a0, a1, a2, a3, a4, a5, a6, a7
		n0 := &nodes[a0]
		n1 := &nodes[a1]
		n2 := &nodes[a2]
		n3 := &nodes[a3]
		a0 = n0.next(block[n0.at+0])
		a1 = n1.next(block[n1.at+1])
		a2 = n2.next(block[n2.at+2])
		a3 = n3.next(block[n3.at+3])
		n4 := &nodes[a4]
		n5 := &nodes[a5]
		n6 := &nodes[a6]
		n7 := &nodes[a7]
		a4 = n4.next(block[n4.at+4])
		a5 = n5.next(block[n5.at+5])
		a6 = n6.next(block[n6.at+6])
		a7 = n7.next(block[n7.at+7])
		if (a0^b0)|(a1^b1)|(a2^b2)|(a3^b3)|(a4^b4)|(a5^b5)|(a6^b6)|(a7^b7) == 0 {
			break
		}
	}
	for lane, leaf := range [lanes]int32{a0, a1, a2, a3, a4, a5, a6, a7} {
		out[lane*stride] += p.values[leaf]
	}
}

// addTrees adds the values of eight trees from first on for one row without
// missing values. Those of outputs take turns.
func (p *plainTrees) addTrees(first int, row, out []float64) {
	nodes := p.nodes
	roots := (*[lanes]int32)(p.roots[first:])
	a0, a1, a2, a3, a4, a5, a6, a7 := roots[0], roots[1], roots[2], roots[3], roots[4], roots[5], roots[6], roots[7]
	for {
		b0, b1, b2, b3, b4, b5, b6, b7 := a0, a1, a2, a3, a4, a5, a6, a7
		n0 := &nodes[a0]
		n1 := &nodes[a1]
		n2 := &nodes[a2]
		n3 := &nodes[a3]
		a0 = n0.next(row[n0.at/lanes])
		a1 = n1.next(row[n1.at/lanes])
		a2 = n2.next(row[n2.at/lanes])
		a3 = n3.next(row[n3.at/lanes])
		n4 := &nodes[a4]
		n5 := &nodes[a5]
		n6 := &nodes[a6]
		n7 := &nodes[a7]
		a4 = n4.next(row[n4.at/lanes])
		a5 = n5.next(row[n5.at/lanes])
		a6 = n6.next(row[n6.at/lanes])
		a7 = n7.next(row[n7.at/lanes])
		if (a0^b0)|(a1^b1)|(a2^b2)|(a3^b3)|(a4^b4)|(a5^b5)|(a6^b6)|(a7^b7) == 0 {
			break
		}
	}
	k := first % len(out)
	for _, leaf := range [lanes]int32{a0, a1, a2, a3, a4, a5, a6, a7} {
		out[k] += p.values[leaf]
		if k++; k == len(out) {
			k = 0
		}
	}
}

// addRowsMissing is addRows for rows with missing values, of which those that
// count as 0 have been filled in.
func (p *plainTrees) addRowsMissing(tree int, block, out []float64, stride int) {
	var at [lanes]int32
	for lane := range at {
		at[lane] = p.roots[tree]
	}
	for moved := int32(1); moved != 0; {
		moved = 0
		for lane := range at {
			n := &p.nodes[at[lane]]
			v := block[int(n.at)+lane]
			next := n.next(v)
			if v != v {
				next += p.missingRight[at[lane]]
			}
			moved |= next ^ at[lane]
			at[lane] = next
		}
	}
	for lane, leaf := range at {
		out[lane*stride] += p.values[leaf]
	}
}
