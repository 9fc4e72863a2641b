package gbdt

import (
	"errors"
	"math"
)

// decisionFloat32Set is the bit of a decision on a category as XGBoost makes it:
// the value is rounded to float32, and a missing one goes to the default side.
// No file of LightGBM can have it.
const decisionFloat32Set = 1 << 4

var errXGBoostSets = errors.New("the model is XGBoost's and has splits on categories, which LightGBM's files cannot hold exactly")

// maxXGBoostCategory is the largest category of XGBoost.
const maxXGBoostCategory = 1<<24 - 1

// below is the largest float64 that rounds to a float32 less than condition: x <=
// below(c) is float32(x) < c for every number x and every c but NaN and -Inf, to
// which nothing is less.
//
// Rounding never falls where x rises, so that one threshold divides the numbers.
// It lies half-way between c and its predecessor, which float64 holds exactly;
// half-way itself goes to the one of the two with the even last bit.
func below(condition float32) float64 {
	if math.IsInf(float64(condition), 1) {
		return math.Nextafter(overflow32, 0)
	}
	previous := math.Nextafter32(condition, float32(math.Inf(-1)))
	if math.IsInf(float64(previous), -1) {
		return -overflow32
	}
	half := (float64(previous) + float64(condition)) / 2
	if float32(half) < condition {
		return half
	}
	return math.Nextafter(half, math.Inf(-1))
}

// overflow32 is the least number that rounds to an infinite float32.
const overflow32 float64 = 0x1p128 - 0x1p103

// xgboostNodes are the lists of a tree in the file; all have an element a node,
// leaves included.
type xgboostNodes struct {
	o                                     xgboostObject
	left, right, feature, condition       []float64
	defaultLeft, kind, gain, weight, base []float64
	sets                                  map[int][]float64 // categories of the nodes that have some
}

// xgboostTree reads a tree. room is how many words category sets may still take.
func xgboostTree(o xgboostObject, features int, room *int) (*tree, error) {
	n, err := readXGBoostNodes(o)
	if err != nil {
		return nil, err
	}
	t := &tree{shrinkage: 1}
	// A place is a node of the file, and where its number in our tree belongs.
	type place struct {
		at     int
		parent int32
		left   bool
	}
	seen := make([]bool, len(n.left))
	for open := []place{{0, -1, false}}; len(open) > 0; {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[p.at] {
			return nil, o.fail("left_children", "node %d is met twice: the nodes do not form a tree", p.at)
		}
		seen[p.at] = true
		left, right, err := n.children(p.at)
		if err != nil {
			return nil, err
		}
		var number int32
		if left < 0 {
			number = ^int32(len(t.leafValue))
			err = n.addLeaf(t, p.at)
		} else {
			number = int32(len(t.feature))
			var swapped bool
			if swapped, err = n.addNode(t, p.at, features, room); swapped {
				left, right = right, left
			}
			open = append(open, place{right, number, false}, place{left, number, true})
		}
		if err != nil {
			return nil, err
		}
		if p.parent >= 0 && p.left {
			t.left[p.parent] = number
		} else if p.parent >= 0 {
			t.right[p.parent] = number
		}
	}
	return t, nil
}

func readXGBoostNodes(o xgboostObject) (*xgboostNodes, error) {
	param, err := o.object("tree_param")
	if err != nil {
		return nil, err
	}
	nodes, err := param.count("num_nodes", 1, maxModelBytes)
	if err != nil {
		return nil, err
	}
	if param.fields["size_leaf_vector"] != nil {
		if _, err := param.count("size_leaf_vector", 0, 1); err != nil {
			return nil, o.fail("size_leaf_vector", "%v: trees with several outputs (multi_strategy multi_output_tree) cannot be read", param.fields["size_leaf_vector"])
		}
	}
	n := &xgboostNodes{o: o}
	// The first list is in the file, so that a false count fails on it before
	// anything of that size is made.
	for _, list := range []struct {
		to       *[]float64
		key      string
		optional bool
	}{
		{&n.left, "left_children", false}, {&n.right, "right_children", false}, {&n.feature, "split_indices", false},
		{&n.condition, "split_conditions", false}, {&n.defaultLeft, "default_left", false}, {&n.kind, "split_type", true},
		{&n.gain, "loss_changes", true}, {&n.weight, "sum_hessian", true}, {&n.base, "base_weights", true},
	} {
		if *list.to, err = o.numbersOf(list.key, nodes, list.optional); err != nil {
			return nil, err
		}
	}
	return n, n.readSets()
}

// readSets finds the categories of each node that splits on some.
func (n *xgboostNodes) readSets() error {
	n.sets = map[int][]float64{}
	if n.o.fields["categories_nodes"] == nil {
		return nil
	}
	nodes, err := n.o.numbers("categories_nodes")
	if err != nil {
		return err
	}
	all, err := n.o.numbers("categories")
	if err != nil {
		return err
	}
	from, err := n.o.numbersOf("categories_segments", len(nodes), false)
	if err != nil {
		return err
	}
	sizes, err := n.o.numbersOf("categories_sizes", len(nodes), false)
	if err != nil {
		return err
	}
	used := 0
	for i := range nodes {
		node, err := n.o.whole("categories_nodes", nodes[i], 0, len(n.left)-1)
		if err != nil {
			return err
		}
		start, err := n.o.whole("categories_segments", from[i], 0, len(all))
		if err != nil {
			return err
		}
		size, err := n.o.whole("categories_sizes", sizes[i], 0, len(all)-start)
		if err != nil {
			return err
		}
		if used += size; used > len(all) {
			return n.o.fail("categories_sizes", "add up to more than the %d categories", len(all))
		}
		if _, twice := n.sets[node]; twice {
			return n.o.fail("categories_nodes", "node %d is given twice", node)
		}
		n.sets[node] = all[start : start+size]
	}
	return nil
}

// children are the nodes below a node; left is -1 for a leaf.
func (n *xgboostNodes) children(at int) (left, right int, err error) {
	if n.left[at] == -1 {
		return -1, -1, nil
	}
	if left, err = n.o.whole("left_children", n.left[at], 0, len(n.left)-1); err != nil {
		return 0, 0, err
	}
	right, err = n.o.whole("right_children", n.right[at], 0, len(n.left)-1)
	return left, right, err
}

func (n *xgboostNodes) addLeaf(t *tree, at int) error {
	value := float64(float32(n.condition[at]))
	if !finite(value) {
		return n.o.fail("split_conditions", "leaf %d has the value %v", at, value)
	}
	t.leafValue = append(t.leafValue, value)
	t.leafWeight = append(t.leafWeight, n.weight[at])
	t.leafCount = append(t.leafCount, 0)
	return nil
}

// addNode appends an inner node; swapped tells that its left child is XGBoost's
// right one.
func (n *xgboostNodes) addNode(t *tree, at, features int, room *int) (swapped bool, err error) {
	feature, err := n.o.whole("split_indices", n.feature[at], 0, features-1)
	if err != nil {
		return false, err
	}
	kind, err := n.o.whole("split_type", n.kind[at], 0, 1)
	if err != nil {
		return false, err
	}
	side, err := n.o.whole("default_left", n.defaultLeft[at], 0, 1)
	if err != nil {
		return false, err
	}
	decision := uint8(missingNaN) << decisionMissing
	var threshold float64
	condition := float32(n.condition[at])
	switch {
	case kind == 1:
		// XGBoost's set is of those that go right.
		swapped, decision = true, decision|decisionCategorical|decisionFloat32Set
		if threshold, err = n.addSet(t, at, room); err != nil {
			return false, err
		}
	case condition != condition:
		return false, n.o.fail("split_conditions", "node %d has NaN", at)
	case math.IsInf(float64(condition), -1):
		// Nothing is less: all go right.
		swapped, threshold = true, math.Inf(1)
	default:
		threshold = below(condition)
	}
	if (side == 1) != swapped {
		decision |= decisionDefaultLeft
	}
	t.feature = append(t.feature, int32(feature))
	t.threshold = append(t.threshold, threshold)
	t.decision = append(t.decision, decision)
	t.left, t.right = append(t.left, 0), append(t.right, 0)
	t.gain = append(t.gain, float32(n.gain[at]))
	t.nodeValue = append(t.nodeValue, n.base[at])
	t.nodeWeight = append(t.nodeWeight, n.weight[at])
	t.nodeCount = append(t.nodeCount, 0)
	return swapped, nil
}

// addSet appends a node's set of categories and gives its number.
func (n *xgboostNodes) addSet(t *tree, at int, room *int) (float64, error) {
	categories, ok := n.sets[at]
	if !ok {
		return 0, n.o.fail("categories_nodes", "node %d splits on categories and has none", at)
	}
	var set []uint32
	for _, v := range categories {
		category, err := n.o.whole("categories", v, 0, maxXGBoostCategory)
		if err != nil {
			return 0, err
		}
		if missing := category/32 + 1 - len(set); missing > 0 {
			if *room -= missing; *room < 0 {
				return 0, n.o.fail("categories", "the model's category sets take more than %d words", maxJSONCategoryWords)
			}
			set = append(set, make([]uint32, missing)...)
		}
		set[category/32] |= 1 << (category % 32)
	}
	if len(t.catBoundaries) == 0 {
		t.catBoundaries = []int32{0}
	}
	t.catThreshold = append(t.catThreshold, set...)
	t.catBoundaries = append(t.catBoundaries, int32(len(t.catThreshold)))
	return float64(len(t.catBoundaries) - 2), nil
}

// xgboostCategory is the category that XGBoost takes a number for, or -1, which
// is in no set.
func xgboostCategory(v float64) float64 {
	category := float32(v)
	if category < 0 { // -0.5, too, would count as 0 where fractions are cut off
		return -1
	}
	return float64(category)
}

// hasFloat32Sets tells whether the model has splits that LightGBM's files cannot hold.
func (m *Model) hasFloat32Sets() bool {
	for _, t := range m.trees {
		for _, decision := range t.decision {
			if decision&decisionFloat32Set != 0 {
				return true
			}
		}
	}
	return false
}
