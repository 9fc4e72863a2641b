package gbdt

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// textBlock is the header (tree -1) or one tree of a model text.
type textBlock struct {
	tree   int
	values map[string]string
}

func (b *textBlock) fail(key, reason string) error {
	return &FormatError{Tree: b.tree, Key: key, Reason: reason}
}

func (b *textBlock) count(key string, low, high int) (int, error) {
	text, ok := b.values[key]
	if !ok {
		return 0, b.fail(key, "missing")
	}
	v, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || v < low || v > high {
		return 0, b.fail(key, fmt.Sprintf("%.40q is not a whole number from %d to %d", text, low, high))
	}
	return v, nil
}

// list parses a key's values, of which there must be n.
func list[T any](b *textBlock, key string, n int, parse func(string) (T, error)) ([]T, error) {
	text, ok := b.values[key]
	if !ok && n > 0 {
		return nil, b.fail(key, "missing")
	}
	words := strings.Fields(text)
	if len(words) != n {
		return nil, b.fail(key, fmt.Sprintf("has %d values instead of %d", len(words), n))
	}
	out := make([]T, n)
	for i, word := range words {
		v, err := parse(word)
		if err != nil {
			return nil, b.fail(key, fmt.Sprintf("value %d, %.40q, cannot be read", i, word))
		}
		out[i] = v
	}
	return out, nil
}

// optional is list for what a prediction does not need; absent counts as zero.
func optional[T any](b *textBlock, key string, n int, parse func(string) (T, error)) ([]T, error) {
	if strings.TrimSpace(b.values[key]) == "" {
		return make([]T, n), nil
	}
	return list(b, key, n, parse)
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func parseFloat32(s string) (float32, error) {
	v, err := strconv.ParseFloat(s, 64)
	return float32(v), err
}

func parseInt32(s string) (int32, error) {
	v, err := strconv.ParseInt(s, 10, 32)
	return int32(v), err
}

func parseUint32(s string) (uint32, error) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err
}

func parseUint8(s string) (uint8, error) {
	v, err := strconv.ParseUint(s, 10, 8)
	return uint8(v), err
}

func parseCount(s string) (int, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && !(v >= 0 && v <= math.MaxInt32) {
		err = strconv.ErrRange
	}
	return int(v), err
}

func readTree(b *textBlock, features int) (*tree, error) {
	leaves, err := b.count("num_leaves", 1, maxModelBytes)
	if err != nil {
		return nil, err
	}
	// The longest lists come first: a false count fails on them before anything
	// of that size is made.
	t := &tree{shrinkage: 1}
	if t.leafValue, err = list(b, "leaf_value", leaves, parseFloat); err != nil {
		return nil, err
	}
	if !t.hasFiniteValues() {
		return nil, b.fail("leaf_value", "holds a value that is not finite")
	}
	if text, ok := b.values["shrinkage"]; ok {
		if t.shrinkage, err = parseFloat(strings.TrimSpace(text)); err != nil {
			return nil, b.fail("shrinkage", "is not a number")
		}
	} else if b.tree >= 0 {
		return nil, b.fail("shrinkage", "missing: the tree is truncated")
	}
	if err := t.readNodes(b, leaves-1); err != nil {
		return nil, err
	}
	if err := t.readStatistics(b, leaves); err != nil {
		return nil, err
	}
	if err := t.readCategories(b); err != nil {
		return nil, err
	}
	if err := t.readLinear(b, features); err != nil {
		return nil, err
	}
	return t, t.check(b, features)
}

func (t *tree) readNodes(b *textBlock, nodes int) (err error) {
	if t.feature, err = list(b, "split_feature", nodes, parseInt32); err != nil {
		return err
	}
	if t.threshold, err = list(b, "threshold", nodes, parseFloat); err != nil {
		return err
	}
	if t.decision, err = list(b, "decision_type", nodes, parseUint8); err != nil {
		return err
	}
	if t.left, err = list(b, "left_child", nodes, parseInt32); err != nil {
		return err
	}
	t.right, err = list(b, "right_child", nodes, parseInt32)
	return err
}

func (t *tree) readStatistics(b *textBlock, leaves int) (err error) {
	if t.gain, err = optional(b, "split_gain", leaves-1, parseFloat32); err != nil {
		return err
	}
	if t.leafWeight, err = optional(b, "leaf_weight", leaves, parseFloat); err != nil {
		return err
	}
	if t.leafCount, err = optional(b, "leaf_count", leaves, parseCount); err != nil {
		return err
	}
	if t.nodeValue, err = optional(b, "internal_value", leaves-1, parseFloat); err != nil {
		return err
	}
	if t.nodeWeight, err = optional(b, "internal_weight", leaves-1, parseFloat); err != nil {
		return err
	}
	t.nodeCount, err = optional(b, "internal_count", leaves-1, parseCount)
	return err
}

func (t *tree) readCategories(b *textBlock) error {
	sets, err := b.count("num_cat", 0, len(t.feature))
	if err != nil || sets == 0 {
		return err
	}
	if t.catBoundaries, err = list(b, "cat_boundaries", sets+1, parseInt32); err != nil {
		return err
	}
	words := len(strings.Fields(b.values["cat_threshold"]))
	if t.catThreshold, err = list(b, "cat_threshold", words, parseUint32); err != nil {
		return err
	}
	if t.catBoundaries[0] != 0 || int(t.catBoundaries[sets]) != words {
		return b.fail("cat_boundaries", fmt.Sprintf("do not span the %d words of cat_threshold", words))
	}
	for i := range sets {
		if t.catBoundaries[i] > t.catBoundaries[i+1] {
			return b.fail("cat_boundaries", "are not in rising order")
		}
	}
	return nil
}

// check makes sure that a prediction ends and stays within the arrays.
func (t *tree) check(b *textBlock, features int) error {
	for i, feature := range t.feature {
		if feature < 0 || int(feature) >= features {
			return b.fail("split_feature", fmt.Sprintf("node %d splits on feature %d of %d", i, feature, features))
		}
		if math.IsNaN(t.threshold[i]) {
			return b.fail("threshold", fmt.Sprintf("node %d has NaN", i))
		}
		if t.decision[i]>>decisionMissing > uint8(missingNaN) {
			return b.fail("decision_type", fmt.Sprintf("node %d has the unknown type %d", i, t.decision[i]))
		}
		if t.decision[i]&decisionCategorical != 0 {
			set := t.threshold[i]
			if set != math.Trunc(set) || set < 0 || set >= float64(len(t.catBoundaries)-1) {
				return b.fail("threshold", fmt.Sprintf("node %d names category set %v of %d", i, set, max(0, len(t.catBoundaries)-1)))
			}
		}
	}
	return t.checkShape(b)
}

// checkShape walks from the root and must meet every node and leaf once.
func (t *tree) checkShape(b *textBlock) error {
	if len(t.feature) == 0 {
		return nil
	}
	nodeSeen, leafSeen := make([]bool, len(t.feature)), make([]bool, len(t.leafValue))
	nodeSeen[0] = true
	met := 1
	open := []int32{0}
	for len(open) > 0 {
		node := open[len(open)-1]
		open = open[:len(open)-1]
		for _, child := range [2]int32{t.left[node], t.right[node]} {
			seen, at := nodeSeen, int(child)
			if child < 0 {
				seen, at = leafSeen, int(^child)
			}
			if at >= len(seen) {
				return b.fail("left_child", fmt.Sprintf("node %d has the child %d, which does not exist", node, child))
			}
			if seen[at] {
				return b.fail("left_child", fmt.Sprintf("the child %d of node %d is met twice: the nodes do not form a tree", child, node))
			}
			seen[at] = true
			met++
			if child >= 0 {
				open = append(open, child)
			}
		}
	}
	if met != len(nodeSeen)+len(leafSeen) {
		return b.fail("left_child", "some nodes cannot be reached from the root")
	}
	return nil
}
