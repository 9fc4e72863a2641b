package gbdt

import "slices"

// The bits of a node's decision type, with LightGBM's numbers.
const (
	decisionCategorical = 1 << 0
	decisionDefaultLeft = 1 << 1
	decisionMissing     = 2 // shift of the two bits of the missing type
)

// tree is one tree as the model text has it. Inner nodes are numbered from 0 in
// the order in which they were made; a child c >= 0 is a node, c < 0 the leaf
// ^c. A tree with one leaf has no node.
type tree struct {
	feature       []int32
	threshold     []float64 // or, for a categorical node, the index of its bit set
	decision      []uint8
	left, right   []int32
	gain          []float32
	nodeValue     []float64
	nodeWeight    []float64
	nodeCount     []int
	leafValue     []float64
	leafWeight    []float64
	leafCount     []int
	leafParent    []int32 // while growing
	catBoundaries []int32 // where each bit set begins in catThreshold, and the end
	catThreshold  []uint32
	shrinkage     float64
	linear        []leafModel // of each leaf; nil where leaves are constants
}

// newTree is a tree of a single leaf.
func newTree(value, weight float64, rows int) *tree {
	return &tree{leafValue: []float64{value}, leafWeight: []float64{weight}, leafCount: []int{rows}, leafParent: []int32{-1}, shrinkage: 1}
}

func (t *tree) numLeaves() int { return len(t.leafValue) }

// grow splits a leaf: it keeps its number for the left child, and the right
// child is the new last leaf.
func (t *tree) grow(leaf int, s *split, m *binMapper, feature int, minGain float64, leftRows, rightRows int) {
	node, right := int32(len(t.feature)), len(t.leafValue)
	if parent := t.leafParent[leaf]; parent >= 0 {
		if t.left[parent] == ^int32(leaf) {
			t.left[parent] = node
		} else {
			t.right[parent] = node
		}
	}
	var threshold float64
	decision := uint8(m.missing) << decisionMissing
	if m.categorical {
		threshold = float64(t.addCategories(s.left, m))
		decision |= decisionCategorical
	} else {
		threshold = m.threshold(s.threshold)
		if s.defaultLeft {
			decision |= decisionDefaultLeft
		}
	}
	t.feature = append(t.feature, int32(feature))
	t.threshold = append(t.threshold, threshold)
	t.decision = append(t.decision, decision)
	t.left = append(t.left, ^int32(leaf))
	t.right = append(t.right, ^int32(right))
	t.gain = append(t.gain, float32(s.gain+minGain))
	t.nodeValue = append(t.nodeValue, t.leafValue[leaf])
	t.nodeWeight = append(t.nodeWeight, t.leafWeight[leaf])
	t.nodeCount = append(t.nodeCount, leftRows+rightRows)
	t.leafValue[leaf], t.leafWeight[leaf], t.leafCount[leaf], t.leafParent[leaf] = s.leftValue, s.leftSum.hessian, leftRows, node
	t.leafValue = append(t.leafValue, s.rightValue)
	t.leafWeight = append(t.leafWeight, s.rightSum.hessian)
	t.leafCount = append(t.leafCount, rightRows)
	t.leafParent = append(t.leafParent, node)
}

// addCategories appends the bit set of the bins' categories and returns its index.
func (t *tree) addCategories(bins []int, m *binMapper) int {
	if len(t.catBoundaries) == 0 {
		t.catBoundaries = []int32{0}
	}
	start := len(t.catThreshold)
	for _, bin := range bins {
		category := int(m.categories[bin])
		for len(t.catThreshold) <= start+category/32 {
			t.catThreshold = append(t.catThreshold, 0)
		}
		t.catThreshold[start+category/32] |= 1 << (category % 32)
	}
	t.catBoundaries = append(t.catBoundaries, int32(len(t.catThreshold)))
	return len(t.catBoundaries) - 2
}

// scale multiplies all values with the learning rate.
func (t *tree) scale(rate float64) {
	for i := range t.leafValue {
		t.leafValue[i] *= rate
	}
	for i := range t.nodeValue {
		t.nodeValue[i] *= rate
	}
	for i := range t.linear {
		t.linear[i].constant *= rate
		for j := range t.linear[i].coefficients {
			t.linear[i].coefficients[j] *= rate
		}
	}
	t.shrinkage *= rate
}

// addBias adds the initial score to all values; such a tree counts as unshrunk.
func (t *tree) addBias(bias float64) {
	for i := range t.leafValue {
		t.leafValue[i] += bias
	}
	for i := range t.nodeValue {
		t.nodeValue[i] += bias
	}
	for i := range t.linear {
		t.linear[i].constant += bias
	}
	t.shrinkage = 1
}

// hasFiniteValues tells whether training has stayed within float64.
func (t *tree) hasFiniteValues() bool {
	for _, v := range t.leafValue {
		if !finite(v) {
			return false
		}
	}
	for i := range t.linear {
		if !finite(t.linear[i].constant) || slices.ContainsFunc(t.linear[i].coefficients, func(v float64) bool { return !finite(v) }) {
			return false
		}
	}
	return true
}
