package gbdt

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxJSONCategoryWords bounds the bit sets of all trees: a few characters of a
// dump may stand for a long one.
const maxJSONCategoryWords = 1 << 26

// ReadJSON reads LightGBM's JSON dump, written by this package or by LightGBM's
// dump_model. What is inconsistent is a *FormatError, as with [ReadText].
func ReadJSON(r io.Reader) (*Model, error) {
	limited := &io.LimitedReader{R: r, N: maxModelBytes + 1}
	var in jsonModel
	if err := json.NewDecoder(limited).Decode(&in); err != nil {
		if limited.N <= 0 {
			err = fmt.Errorf("longer than %d bytes", maxModelBytes)
		}
		return nil, fmt.Errorf("gbdt: read JSON model: %w", err)
	}
	m := &Model{objective: in.Objective, numClass: in.NumClass, outputs: in.PerIteration, average: in.Average, featureNames: in.FeatureNames}
	head := textBlock{tree: -1}
	switch {
	case in.Name != "tree":
		return nil, head.fail("name", fmt.Sprintf("%.40q: this is no dump of a LightGBM model", in.Name))
	case in.NumClass < 1 || in.NumClass > maxClassLimit:
		return nil, head.fail("num_class", fmt.Sprintf("%d is not from 1 to %d", in.NumClass, maxClassLimit))
	case in.PerIteration < 1 || in.PerIteration > maxClassLimit:
		return nil, head.fail("num_tree_per_iteration", fmt.Sprintf("%d is not from 1 to %d", in.PerIteration, maxClassLimit))
	case len(in.FeatureNames) == 0 || len(in.FeatureNames) != in.MaxFeature+1:
		return nil, head.fail("feature_names", fmt.Sprintf("%d names for %d features", len(in.FeatureNames), in.MaxFeature+1))
	case len(in.Trees)%in.PerIteration != 0:
		return nil, head.fail("tree_info", fmt.Sprintf("%d trees are no multiple of num_tree_per_iteration %d", len(in.Trees), in.PerIteration))
	case strings.ContainsAny(in.Objective, "\r\n"):
		return nil, head.fail("objective", "has more than one line")
	}
	for _, name := range in.FeatureNames {
		m.featureInfos = append(m.featureInfos, infoText(in.Infos, name))
	}
	var err error
	if m.transform, err = parseTransform(m.objective, m.outputs); err != nil {
		return nil, head.fail("objective", err.Error())
	}
	room := maxJSONCategoryWords
	for i := range in.Trees {
		t, err := treeFromJSON(&in.Trees[i], &textBlock{tree: i}, len(m.featureNames), &room)
		if err != nil {
			return nil, err
		}
		m.trees = append(m.trees, t)
	}
	m.bestIteration = m.NumIterations()
	return m, m.compile()
}

func infoText(infos map[string]jsonFeatureInfo, name string) string {
	info, ok := infos[name]
	switch {
	case !ok:
		return "none"
	case len(info.Values) > 0:
		codes := make([]string, len(info.Values))
		for i, code := range info.Values {
			codes[i] = strconv.Itoa(code)
		}
		return strings.Join(codes, ":")
	}
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', 17, 64) }
	return "[" + exact(info.Min) + ":" + exact(info.Max) + "]"
}

// treeFromJSON gives nodes and leaves the numbers that the dump names.
func treeFromJSON(in *jsonTree, b *textBlock, features int, room *int) (*tree, error) {
	if in.Root == nil {
		return nil, b.fail("tree_structure", "missing")
	}
	nodes, leaves := 0, 0
	in.Root.count(&nodes, &leaves)
	if leaves != nodes+1 {
		return nil, b.fail("tree_structure", "a node has only one child")
	}
	t := &tree{
		feature: make([]int32, nodes), threshold: make([]float64, nodes), decision: make([]uint8, nodes), left: make([]int32, nodes),
		right: make([]int32, nodes), gain: make([]float32, nodes), nodeValue: make([]float64, nodes), nodeWeight: make([]float64, nodes),
		nodeCount: make([]int, nodes), leafValue: make([]float64, leaves), leafWeight: make([]float64, leaves), leafCount: make([]int, leaves),
		shrinkage: in.Shrinkage,
	}
	f := jsonFiller{t: t, b: b, features: features, room: room, seen: map[int32]bool{}}
	root, err := f.fill(in.Root)
	if err != nil {
		return nil, err
	}
	if root != t.root() {
		return nil, b.fail("split_index", "the root is not node 0")
	}
	if !t.hasFiniteValues() {
		return nil, b.fail("leaf_value", "holds a value that is not finite")
	}
	if err := t.checkLinear(b, features); err != nil {
		return nil, err
	}
	return t, t.check(b, features)
}

func (n *jsonNode) count(nodes, leaves *int) {
	if n.Left == nil && n.Right == nil {
		*leaves++
		return
	}
	*nodes++
	for _, child := range []*jsonNode{n.Left, n.Right} {
		if child != nil {
			child.count(nodes, leaves)
		}
	}
}

type jsonFiller struct {
	t        *tree
	b        *textBlock
	features int
	room     *int // words that category sets may still take, of all trees
	seen     map[int32]bool
	leaves   int // that were met
}

// take checks a number and that no other node has it.
func (f *jsonFiller) take(key string, number *int, n int, leaf bool) (int32, error) {
	at := 0
	if number != nil {
		at = *number
	} else if n > 1 {
		return 0, f.b.fail(key, "missing")
	}
	if at < 0 || at >= n {
		return 0, f.b.fail(key, fmt.Sprintf("%d is not from 0 to %d", at, n-1))
	}
	place := int32(at)
	if leaf {
		place = ^place
	}
	if f.seen[place] {
		return 0, f.b.fail(key, fmt.Sprintf("%d is given twice", at))
	}
	f.seen[place] = true
	return place, nil
}

func (f *jsonFiller) fill(n *jsonNode) (int32, error) {
	t := f.t
	if n.Left == nil {
		at, err := f.take("leaf_index", n.Leaf, len(t.leafValue), true)
		if err != nil {
			return 0, err
		}
		if n.LeafValue == nil {
			return 0, f.b.fail("leaf_value", "missing")
		}
		f.leaves++
		t.leafValue[^at], t.leafWeight[^at], t.leafCount[^at] = *n.LeafValue, orZero(n.LeafWeight), max(0, orZero(n.LeafCount))
		return at, f.linear(n, int(^at))
	}
	at, err := f.take("split_index", n.Split, len(t.feature), false)
	if err != nil {
		return 0, err
	}
	if n.Feature == nil || *n.Feature < 0 || *n.Feature >= f.features {
		return 0, f.b.fail("split_feature", fmt.Sprintf("node %d splits on no feature from 0 to %d", at, f.features-1))
	}
	missing := slices.Index(missingNames, n.Missing)
	if missing < 0 {
		return 0, f.b.fail("missing_type", fmt.Sprintf("%.40q is not known", n.Missing))
	}
	t.feature[at], t.decision[at] = int32(*n.Feature), uint8(missing)<<decisionMissing
	if n.DefaultLeft != nil && *n.DefaultLeft {
		t.decision[at] |= decisionDefaultLeft
	}
	t.gain[at], t.nodeValue[at], t.nodeWeight[at], t.nodeCount[at] = float32(orZero(n.Gain)), orZero(n.Value), orZero(n.Weight), max(0, orZero(n.Count))
	if err := f.threshold(n, at); err != nil {
		return 0, err
	}
	if t.left[at], err = f.fill(n.Left); err != nil {
		return 0, err
	}
	t.right[at], err = f.fill(n.Right)
	return at, err
}

// linear takes over a leaf's linear model.
func (f *jsonFiller) linear(n *jsonNode, leaf int) error {
	if n.Constant == nil {
		if f.t.linear != nil || len(n.LeafFeatures) > 0 {
			return f.b.fail("leaf_const", "some leaves have one and some have not")
		}
		return nil
	}
	if f.t.linear == nil {
		if f.leaves > 1 {
			return f.b.fail("leaf_const", "some leaves have one and some have not")
		}
		f.t.linear = make([]leafModel, len(f.t.leafValue))
	}
	if len(n.LeafFeatures) != len(n.Coefficients) {
		return f.b.fail("leaf_coeff", fmt.Sprintf("leaf %d has %d features and %d coefficients", leaf, len(n.LeafFeatures), len(n.Coefficients)))
	}
	f.t.linear[leaf] = leafModel{*n.Constant, n.LeafFeatures, n.Coefficients}
	return nil
}

func (f *jsonFiller) threshold(n *jsonNode, at int32) error {
	switch n.Decision {
	case "<=":
		if err := json.Unmarshal(n.Threshold, &f.t.threshold[at]); err != nil {
			return f.b.fail("threshold", fmt.Sprintf("of node %d is no number", at))
		}
		return nil
	case "==":
	default:
		return f.b.fail("decision_type", fmt.Sprintf("%.40q is neither <= nor ==", n.Decision))
	}
	var text string
	if err := json.Unmarshal(n.Threshold, &text); err != nil {
		return f.b.fail("threshold", fmt.Sprintf("of node %d is no list of categories", at))
	}
	var set []uint32
	for _, word := range strings.Split(text, "||") {
		code, err := strconv.Atoi(word)
		if err != nil || code < 0 || code > maxCategory {
			return f.b.fail("threshold", fmt.Sprintf("of node %d holds %.40q, which is no category from 0 to %d", at, word, maxCategory))
		}
		for len(set) <= code/32 {
			set = append(set, 0)
		}
		set[code/32] |= 1 << (code % 32)
	}
	if *f.room -= len(set); *f.room < 0 {
		return f.b.fail("threshold", fmt.Sprintf("the model's category sets take more than %d words", maxJSONCategoryWords))
	}
	t := f.t
	if len(t.catBoundaries) == 0 {
		t.catBoundaries = []int32{0}
	}
	t.decision[at] |= decisionCategorical
	t.threshold[at] = float64(len(t.catBoundaries) - 1)
	t.catThreshold = append(t.catThreshold, set...)
	t.catBoundaries = append(t.catBoundaries, int32(len(t.catThreshold)))
	return nil
}

func orZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
