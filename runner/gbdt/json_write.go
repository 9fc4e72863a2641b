package gbdt

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// jsonModel is LightGBM's JSON dump of a model.
type jsonModel struct {
	Name         string                     `json:"name"`
	Version      string                     `json:"version"`
	NumClass     int                        `json:"num_class"`
	PerIteration int                        `json:"num_tree_per_iteration"`
	LabelIndex   int                        `json:"label_index"`
	MaxFeature   int                        `json:"max_feature_idx"`
	Objective    string                     `json:"objective,omitempty"`
	Average      bool                       `json:"average_output"`
	FeatureNames []string                   `json:"feature_names"`
	Monotone     []int                      `json:"monotone_constraints"`
	Infos        map[string]jsonFeatureInfo `json:"feature_infos"`
	Trees        []jsonTree                 `json:"tree_info"`
	Importances  map[string]int             `json:"feature_importances"`
	Categories   json.RawMessage            `json:"pandas_categorical"`
}

type jsonFeatureInfo struct {
	Min    float64 `json:"min_value"`
	Max    float64 `json:"max_value"`
	Values []int   `json:"values"`
}

type jsonTree struct {
	Index     int       `json:"tree_index"`
	Leaves    int       `json:"num_leaves"`
	Sets      int       `json:"num_cat"`
	Shrinkage float64   `json:"shrinkage"`
	Root      *jsonNode `json:"tree_structure"`
}

// jsonNode is an inner node, or a leaf: then it has no children, and, alone in
// its tree, no number.
type jsonNode struct {
	Split        *int            `json:"split_index,omitempty"`
	Feature      *int            `json:"split_feature,omitempty"`
	Gain         *float64        `json:"split_gain,omitempty"`
	Threshold    json.RawMessage `json:"threshold,omitempty"` // a number, or categories as "1||5"
	Decision     string          `json:"decision_type,omitempty"`
	DefaultLeft  *bool           `json:"default_left,omitempty"`
	Missing      string          `json:"missing_type,omitempty"`
	Value        *float64        `json:"internal_value,omitempty"`
	Weight       *float64        `json:"internal_weight,omitempty"`
	Count        *int            `json:"internal_count,omitempty"`
	Left         *jsonNode       `json:"left_child,omitempty"`
	Right        *jsonNode       `json:"right_child,omitempty"`
	Leaf         *int            `json:"leaf_index,omitempty"`
	LeafValue    *float64        `json:"leaf_value,omitempty"`
	LeafWeight   *float64        `json:"leaf_weight,omitempty"`
	LeafCount    *int            `json:"leaf_count,omitempty"`
	Constant     *float64        `json:"leaf_const,omitempty"`
	LeafFeatures []int32         `json:"leaf_features,omitzero"` // empty for a constant leaf of a linear tree
	Coefficients []float64       `json:"leaf_coeff,omitzero"`
}

var missingNames = []string{"None", "Zero", "NaN"}

// maxJSONDepth is the deepest tree that a JSON dump can hold: deeper nesting
// could not be read back.
const maxJSONDepth = 4000

// WriteJSON writes the model as LightGBM's JSON dump.
func (m *Model) WriteJSON(w io.Writer) error {
	if m.hasFloat32Sets() {
		return fmt.Errorf("gbdt: write JSON: %w", errXGBoostSets)
	}
	names := textNames(m.featureNames)
	out := jsonModel{
		Name: "tree", Version: "v4", NumClass: m.numClass, PerIteration: m.outputs, MaxFeature: len(names) - 1, Objective: m.objective,
		Average: m.average, FeatureNames: names, Monotone: []int{}, Infos: map[string]jsonFeatureInfo{}, Importances: map[string]int{},
		Categories: json.RawMessage("null"),
	}
	for i, count := range m.FeatureImportance("split") {
		if count > 0 {
			out.Importances[names[i]] = int(count)
		}
		if info, ok := jsonInfo(m.featureInfos[i]); ok {
			out.Infos[names[i]] = info
		}
	}
	for i, t := range m.trees {
		if depth := t.depth(); depth > maxJSONDepth {
			return fmt.Errorf("gbdt: write JSON: tree %d is %d levels deep, more than %d", i, depth, maxJSONDepth)
		}
		out.Trees = append(out.Trees, jsonTree{i, t.numLeaves(), max(0, len(t.catBoundaries)-1), t.shrinkage, t.json(t.root())})
	}
	if err := json.NewEncoder(w).Encode(&out); err != nil {
		return fmt.Errorf("gbdt: write JSON: %w", err)
	}
	return nil
}

// jsonInfo is a feature's info; ok is false where there is none.
func jsonInfo(text string) (info jsonFeatureInfo, ok bool) {
	info.Values = []int{}
	if inside, found := strings.CutPrefix(text, "["); found {
		low, high, _ := strings.Cut(strings.TrimSuffix(inside, "]"), ":")
		var errLow, errHigh error
		info.Min, errLow = strconv.ParseFloat(low, 64)
		info.Max, errHigh = strconv.ParseFloat(high, 64)
		return info, errLow == nil && errHigh == nil && finite(info.Min) && finite(info.Max)
	}
	for _, word := range strings.Split(text, ":") {
		code, err := strconv.Atoi(word)
		if err != nil {
			return info, false
		}
		info.Values = append(info.Values, code)
	}
	info.Min, info.Max = float64(slices.Min(info.Values)), float64(slices.Max(info.Values))
	return info, true
}

// root is the number of the root: a node, or the only leaf.
func (t *tree) root() int32 {
	if len(t.feature) == 0 {
		return ^int32(0)
	}
	return 0
}

func (t *tree) json(at int32) *jsonNode {
	if at < 0 {
		leaf := int(^at)
		n := &jsonNode{LeafValue: &t.leafValue[leaf], LeafCount: &t.leafCount[leaf]}
		if len(t.feature) > 0 {
			n.Leaf, n.LeafWeight = &leaf, &t.leafWeight[leaf]
		}
		if t.linear != nil {
			m := &t.linear[leaf]
			n.Constant, n.LeafFeatures, n.Coefficients = &m.constant, append([]int32{}, m.features...), append([]float64{}, m.coefficients...)
		}
		return n
	}
	index, feature, gain := int(at), int(t.feature[at]), float64(t.gain[at])
	left := t.decision[at]&decisionDefaultLeft != 0
	n := &jsonNode{
		Split: &index, Feature: &feature, Gain: &gain, Decision: "<=", DefaultLeft: &left, Missing: missingNames[t.decision[at]>>decisionMissing&3],
		Value: &t.nodeValue[at], Weight: &t.nodeWeight[at], Count: &t.nodeCount[at], Left: t.json(t.left[at]), Right: t.json(t.right[at]),
	}
	if t.decision[at]&decisionCategorical != 0 {
		n.Decision = "=="
		n.Threshold = json.RawMessage(strconv.Quote(t.categoryList(int(t.threshold[at]))))
	} else {
		n.Threshold = json.RawMessage(strconv.FormatFloat(clampInf(t.threshold[at]), 'g', -1, 64))
	}
	return n
}

// categoryList are the categories of a set as "1||5".
func (t *tree) categoryList(set int) string {
	var codes []string
	for i, word := range t.catThreshold[t.catBoundaries[set]:t.catBoundaries[set+1]] {
		for bit := range 32 {
			if word>>bit&1 != 0 {
				codes = append(codes, strconv.Itoa(i*32+bit))
			}
		}
	}
	return strings.Join(codes, "||")
}

// depth is the number of nodes on the longest path from the root.
func (t *tree) depth() int {
	type place struct {
		node  int32
		depth int
	}
	deepest := 0
	for open := []place{{t.root(), 0}}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if at.node < 0 {
			deepest = max(deepest, at.depth)
			continue
		}
		open = append(open, place{t.left[at.node], at.depth + 1}, place{t.right[at.node], at.depth + 1})
	}
	return deepest
}
