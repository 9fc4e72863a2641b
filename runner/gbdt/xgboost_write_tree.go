package gbdt

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// xgboostLists are a tree's lists in XGBoost's file: of each node, leaves included.
// Node 0 is the root, and siblings follow one another.
type xgboostLists struct {
	left, right, parent, feature []int32
	condition                    []float32 // a leaf's value
	defaultLeft, kind            []int32
	gain, weight, base           []float32
	categories                   []int32 // of all nodes that have some
	setNodes, setStarts, setSize []int32
}

// noParent is the root's parent.
const noParent = math.MaxInt32

func newXGBoostLists(t *tree, factor float64) (*xgboostLists, error) {
	nodes := len(t.feature) + t.numLeaves()
	if nodes > math.MaxInt32/2 {
		return nil, fmt.Errorf("%d nodes are more than XGBoost can number", nodes)
	}
	l := &xgboostLists{}
	root := int32(0)
	if len(t.feature) == 0 {
		root = ^0
	}
	ours := make([]int32, 1, nodes) // of each node: our number
	ours[0] = root
	l.parent = append(l.parent, noParent)
	for at := 0; at < len(ours); at++ {
		if ours[at] < 0 {
			if err := l.addLeaf(t, int(^ours[at]), factor); err != nil {
				return nil, err
			}
			continue
		}
		left, right, err := l.addNode(t, int(ours[at]), factor)
		if err != nil {
			return nil, err
		}
		l.left, l.right = append(l.left, int32(len(ours))), append(l.right, int32(len(ours)+1))
		l.parent = append(l.parent, int32(at), int32(at))
		ours = append(ours, left, right)
	}
	return l, nil
}

func (l *xgboostLists) addLeaf(t *tree, leaf int, factor float64) error {
	value := float32(t.leafValue[leaf] * factor)
	if !finite(float64(value)) {
		return fmt.Errorf("leaf %d has the value %v, too large for the 32 bits that XGBoost holds it in", leaf, t.leafValue[leaf]*factor)
	}
	l.left, l.right = append(l.left, -1), append(l.right, -1)
	l.feature, l.condition = append(l.feature, 0), append(l.condition, value)
	l.defaultLeft, l.kind = append(l.defaultLeft, 0), append(l.kind, 0)
	l.gain, l.base = append(l.gain, 0), append(l.base, value)
	l.weight = append(l.weight, statistic(t.leafWeight, leaf, 1))
	return nil
}

// addNode appends an inner node and gives our numbers of its children in XGBoost.
func (l *xgboostLists) addNode(t *tree, node int, factor float64) (left, right int32, err error) {
	left, right = t.left[node], t.right[node]
	decision := t.decision[node]
	defaultLeft := decision&decisionDefaultLeft != 0
	threshold := t.threshold[node]
	swapped, kind, border := false, int32(0), float32(math.SmallestNonzeroFloat32)
	switch {
	case decision&decisionCategorical != 0:
		// XGBoost's set is of those that go right.
		swapped, kind = true, 1
		defaultLeft = defaultLeft && decision&decisionFloat32Set != 0
		if err := l.addSet(t, int(threshold)); err != nil {
			return 0, 0, fmt.Errorf("node %d: %w", node, err)
		}
	case missingType(decision>>decisionMissing&3) == missingZero:
		return 0, 0, fmt.Errorf("node %d: zeros count as missing, which XGBoost cannot learn by feature: train without zero_as_missing", node)
	case math.IsInf(threshold, 1):
		// All go left: with the sides changed, nothing is less.
		swapped, border = true, float32(math.Inf(-1))
	default:
		border = condition(threshold)
	}
	if kind == 0 && missingType(decision>>decisionMissing&3) != missingNaN {
		defaultLeft = 0 <= threshold // a missing value counts as 0
	}
	if swapped {
		left, right, defaultLeft = right, left, !defaultLeft
	}
	l.feature, l.condition = append(l.feature, t.feature[node]), append(l.condition, border)
	l.defaultLeft, l.kind = append(l.defaultLeft, int32(oneIf(defaultLeft))), append(l.kind, kind)
	l.gain = append(l.gain, withinFloat32(float64(t.gain[node])))
	l.weight = append(l.weight, statistic(t.nodeWeight, node, 1))
	l.base = append(l.base, statistic(t.nodeValue, node, factor))
	return left, right, nil
}

// addSet lists the categories of our set number set for the node that is next.
func (l *xgboostLists) addSet(t *tree, set int) error {
	start := len(l.categories)
	words := t.catThreshold[t.catBoundaries[set]:t.catBoundaries[set+1]]
	for i, word := range words {
		for ; word != 0; word &= word - 1 {
			category := 32*i + bits.TrailingZeros32(word)
			if category > maxXGBoostCategory {
				return fmt.Errorf("the category %d is larger than %d, XGBoost's largest", category, maxXGBoostCategory)
			}
			l.categories = append(l.categories, int32(category))
		}
	}
	l.setNodes = append(l.setNodes, int32(len(l.feature)))
	l.setStarts = append(l.setStarts, int32(start))
	l.setSize = append(l.setSize, int32(len(l.categories)-start))
	return nil
}

// statistic is what no prediction needs, and what some files do not have.
func statistic(values []float64, at int, factor float64) float32 {
	if at >= len(values) {
		return 0
	}
	return withinFloat32(values[at] * factor)
}

// withinFloat32 is the finite float32 next to a number; 0 for NaN.
func withinFloat32(v float64) float32 {
	if v != v {
		return 0
	}
	return float32(max(-math.MaxFloat32, min(math.MaxFloat32, v)))
}

// append writes the tree's object.
func (l *xgboostLists) append(b []byte, id, features int) []byte {
	b = append(b, '{')
	for _, floats := range []struct {
		key    string
		values []float32
	}{{"base_weights", l.base}, {"loss_changes", l.gain}, {"split_conditions", l.condition}, {"sum_hessian", l.weight}} {
		b = append(appendXGBoost(b, floats.key, floats.values, appendFloat), ',')
	}
	for _, wholes := range []struct {
		key    string
		values []int32
	}{
		{"categories", l.categories}, {"categories_nodes", l.setNodes}, {"categories_segments", l.setStarts}, {"categories_sizes", l.setSize},
		{"default_left", l.defaultLeft}, {"left_children", l.left}, {"parents", l.parent}, {"right_children", l.right},
		{"split_indices", l.feature}, {"split_type", l.kind},
	} {
		b = append(appendXGBoost(b, wholes.key, wholes.values, appendInt), ',')
	}
	return fmt.Appendf(b, `"id":%d,"tree_param":{"num_deleted":"0","num_feature":"%d","num_nodes":"%d","size_leaf_vector":"1"}}`, id, features, len(l.left))
}

// appendXGBoost appends a member that is a list.
func appendXGBoost[T any](b []byte, key string, values []T, format func([]byte, T) []byte) []byte {
	b = append(strconv.AppendQuote(b, key), ':', '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = format(b, v)
	}
	return append(b, ']')
}

func appendInt(b []byte, v int32) []byte { return strconv.AppendInt(b, int64(v), 10) }

// appendFloat always writes an exponent: XGBoost takes a number without one, or a
// point, for whole and refuses it in a list of others.
func appendFloat(b []byte, v float32) []byte {
	switch {
	case math.IsInf(float64(v), 1):
		return append(b, "Infinity"...)
	case math.IsInf(float64(v), -1):
		return append(b, "-Infinity"...)
	}
	return strconv.AppendFloat(b, float64(v), 'E', -1, 32)
}
