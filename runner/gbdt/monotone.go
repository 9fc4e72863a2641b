package gbdt

import "math"

// monotone keeps the values of a tree's leaves in the order that
// monotone_constraints asks for. In the basic method the children of a
// constrained split are kept apart by the middle of their values; in the
// intermediate one by the values themselves, for which the bounds of other
// leaves beside them are tightened too (Auguste, Malory and Smirnov, "A Better
// Method to Enforce Monotonic Constraints in Regression and Classification
// Trees", 2020).
type monotone struct {
	intermediate bool
	constraints  []int   // of each feature
	inSubtree    []bool  // per leaf: below a constrained split
	nodeParent   []int32 // of each node; -1 at the root
}

// newMonotone is nil where nothing is constrained.
func newMonotone(p *Params) *monotone {
	if len(p.MonotoneConstraints) == 0 {
		return nil
	}
	return &monotone{intermediate: p.MonotoneMethod == "intermediate", constraints: p.MonotoneConstraints}
}

func (m *monotone) start() {
	m.inSubtree, m.nodeParent = append(m.inSubtree[:0], false), m.nodeParent[:0]
}

// divided sets the bounds of the leaves at and the last one, which the split s
// has just made of the leaf at, and returns the other leaves whose bounds are
// tighter now. node is the split's parent.
func (m *monotone) divided(l *learner, t *tree, at int, s *split, parent int32) (changed []int) {
	m.nodeParent = append(m.nodeParent, parent)
	last := len(l.leaves) - 1
	left, right := &l.leaves[at], &l.leaves[last]
	numeric := s.left == nil
	if !m.intermediate {
		if middle := (s.leftValue + s.rightValue) / 2; numeric && s.monotone != 0 {
			left.bound(s.monotone, middle)
			right.bound(-s.monotone, middle)
		}
		return nil
	}
	below := m.inSubtree[at] || s.monotone != 0
	m.inSubtree[at] = below
	m.inSubtree = append(m.inSubtree, below)
	if !below {
		return nil
	}
	if numeric && s.monotone != 0 {
		left.bound(s.monotone, s.rightValue)
		right.bound(-s.monotone, s.leftValue)
	}
	w := monotoneWalk{m: m, l: l, t: t, s: s, node: int32(len(t.feature) - 1)}
	w.up(w.node)
	return w.changed
}

// bound keeps the leaf's value at most (side > 0) or at least limit.
func (f *leaf) bound(side int, limit float64) (changed bool) {
	switch {
	case side > 0 && limit < f.high:
		f.high = limit
	case side < 0 && limit > f.low:
		f.low = limit
	default:
		return false
	}
	return true
}

// monotoneWalk looks for the leaves that lie beside the two new ones: up from
// the new split, and down from each constrained split on the way.
type monotoneWalk struct {
	m       *monotone
	l       *learner
	t       *tree
	s       *split
	node    int32 // of the new split
	path    []passedSplit
	changed []int
}

// passedSplit is a numeric split on the way up, and the side that led to it.
type passedSplit struct {
	feature   int32
	threshold float64
	right     bool
}

func (w *monotoneWalk) numeric(node int32) bool { return w.t.decision[node]&decisionCategorical == 0 }

func (w *monotoneWalk) up(node int32) {
	for parent := w.m.nodeParent[node]; parent >= 0; node, parent = parent, w.m.nodeParent[parent] {
		feature, right := w.t.feature[parent], w.t.right[parent] == node
		if !w.numeric(parent) || w.passed(feature, right) {
			continue
		}
		if side := w.m.constraint(feature); side != 0 {
			opposite := w.t.right[parent]
			if right {
				opposite = w.t.left[parent]
			} else {
				side = -side
			}
			// The opposite side must not exceed (side > 0) the new leaves' values.
			w.down(opposite, side, true, true)
		}
		w.path = append(w.path, passedSplit{feature, w.t.threshold[parent], right})
	}
}

func (m *monotone) constraint(feature int32) int { return m.constraints[feature] }

// passed tells whether a split on the same feature and side was met further
// down: what lies across this one is then not beside the new leaves.
func (w *monotoneWalk) passed(feature int32, right bool) bool {
	for _, p := range w.path {
		if p.feature == feature && p.right == right {
			return true
		}
	}
	return false
}

// down visits the leaves below node that are beside the new left or right leaf.
func (w *monotoneWalk) down(node int32, side int, besideLeft, besideRight bool) {
	if node < 0 {
		w.tighten(int(^node), side, besideLeft, besideRight)
		return
	}
	goLeft, goRight := true, true
	leftInRight, rightInLeft := true, true
	feature, threshold := w.t.feature[node], w.t.threshold[node]
	if w.numeric(node) {
		for _, p := range w.path {
			if p.feature != feature {
				continue
			}
			if threshold >= p.threshold && !p.right {
				goRight = false
			}
			if threshold <= p.threshold && p.right {
				goLeft = false
			}
		}
		if split := w.node; w.numeric(split) && feature == w.t.feature[split] {
			leftInRight = threshold < w.t.threshold[split]
			rightInLeft = threshold > w.t.threshold[split]
		}
	}
	if goLeft {
		w.down(w.t.left[node], side, besideLeft, besideRight && rightInLeft)
	}
	if goRight {
		w.down(w.t.right[node], side, besideLeft && leftInRight, besideRight)
	}
}

func (w *monotoneWalk) tighten(leaf, side int, besideLeft, besideRight bool) {
	f := &w.l.leaves[leaf]
	if f.best.slot < 0 || f.hist == nil {
		return // it stays as it is
	}
	limit := w.s.leftValue
	switch {
	case besideLeft && besideRight && side > 0:
		limit = math.Min(w.s.leftValue, w.s.rightValue)
	case besideLeft && besideRight:
		limit = math.Max(w.s.leftValue, w.s.rightValue)
	case besideRight:
		limit = w.s.rightValue
	}
	if f.bound(side, limit) {
		w.changed = append(w.changed, leaf)
	}
}
