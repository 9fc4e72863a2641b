package gbdt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func lightGBMText(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "lightgbm_"+name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each kind of damage is refused, and said to be where it is.
func TestReadTextRefusesDamage(t *testing.T) {
	text := lightGBMText(t, "binary")
	for _, c := range []struct {
		name, old, new string
		tree           int
		key            string
	}{
		{"no model", "tree\n", "forest\n", -1, ""},
		{"an unknown version", "version=v4", "version=v9", -1, "version"},
		{"an unknown objective", "objective=binary", "objective=magic", -1, "objective"},
		{"no sigmoid", "sigmoid:1", "sigmoid:x", -1, "objective"},
		{"a billion classes", "num_class=1", "num_class=1000000000", -1, "num_class"},
		{"a billion trees an iteration", "num_tree_per_iteration=1", "num_tree_per_iteration=1000000000", -1, "num_tree_per_iteration"},
		{"a billion features", "max_feature_idx=6", "max_feature_idx=1000000000", -1, "max_feature_idx"},
		{"a name too few", "feature_names=Column_0 ", "feature_names=", -1, "feature_names"},
		{"a key twice", "num_class=1", "num_class=1\nnum_class=1", -1, "num_class"},
		{"a billion leaves", "num_leaves=8", "num_leaves=1000000000", 0, "leaf_value"},
		{"a negative number of leaves", "num_leaves=8", "num_leaves=-8", 0, "num_leaves"},
		{"a billion category sets", "num_cat=0", "num_cat=1000000000", 0, "num_cat"},
		{"a list too long", "left_child=", "left_child=1 ", 0, "left_child"},
		{"a threshold that is no number", "threshold=-", "threshold=x", 0, "threshold"},
		{"a linear tree", "is_linear=0", "is_linear=1", 0, "leaf_const"},
		{"the wrong tree", "Tree=0", "Tree=3", 0, ""},
		{"no end", "end of trees", "end of", 3, "shrinkage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			damaged := strings.Replace(text, c.old, c.new, 1)
			if damaged == text {
				t.Fatalf("%q is not in the text", c.old)
			}
			_, err := ReadText(strings.NewReader(damaged))
			var bad *FormatError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a *FormatError", err)
			}
			if c.key != "shrinkage" && (bad.Tree != c.tree || bad.Key != c.key) {
				t.Errorf("got %v, want tree %d and key %q", err, c.tree, c.key)
			}
		})
	}
}

// small is a tree of three leaves whose lines can be replaced.
func small(replace map[string]string) string {
	lines := []string{"tree", "version=v3", "num_class=1", "num_tree_per_iteration=1", "max_feature_idx=1", "objective=regression",
		"feature_names=a b", "feature_infos=[0:1] [0:1]", "", "Tree=0", "num_leaves=3", "num_cat=0", "split_feature=0 1",
		"threshold=0.5 2", "decision_type=2 2", "left_child=1 -1", "right_child=-3 -2", "leaf_value=1 2 3", "shrinkage=1", "", "end of trees"}
	for i, text := range lines {
		key, _, _ := strings.Cut(text, "=")
		if value, ok := replace[key]; ok {
			lines[i] = key + "=" + value
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestReadTextRefusesTreesThatAreNone(t *testing.T) {
	m, err := ReadText(strings.NewReader(small(nil)))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 1)
	for _, c := range [][3]float64{{0, 0, 1}, {0, 3, 2}, {1, 0, 3}} {
		if m.PredictRow(c[:2], out); out[0] != c[2] {
			t.Errorf("%v gives %v, want %v", c[:2], out[0], c[2])
		}
	}
	for name, replace := range map[string]map[string]string{
		"a cycle through the root":    {"left_child": "1 0"},
		"a node below itself":         {"left_child": "1 1"},
		"an island":                   {"left_child": "-1 1"},
		"a leaf twice":                {"right_child": "-3 -3"},
		"a child beyond the nodes":    {"left_child": "7 -1"},
		"a child beyond the leaves":   {"right_child": "-9 -2"},
		"the smallest integer":        {"right_child": "-2147483648 -2"},
		"a feature that is not there": {"split_feature": "0 2"},
		"a negative feature":          {"split_feature": "-1 1"},
		"a NaN threshold":             {"threshold": "nan 2"},
		"an infinite leaf":            {"leaf_value": "1 inf 3"},
		"a NaN leaf":                  {"leaf_value": "1 nan 3"},
		"a decision of no kind":       {"decision_type": "14 2"},
		"a category without sets":     {"decision_type": "1 2", "threshold": "0 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadText(strings.NewReader(small(replace)))
			var bad *FormatError
			if !errors.As(err, &bad) || bad.Tree != 0 {
				t.Errorf("got %v, want a *FormatError of tree 0", err)
			}
		})
	}
}

// Whatever ReadText takes, predicts and writes itself again.
func FuzzReadText(f *testing.F) {
	for _, name := range []string{"binary", "regression", "rf", "stump", "multiclass"} {
		text := lightGBMText(f, name)
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/3]))
	}
	f.Add([]byte(small(nil)))
	f.Add([]byte(small(map[string]string{"left_child": "1 0"})))
	f.Add([]byte(small(map[string]string{"num_leaves": "1000000000"})))
	f.Add([]byte(small(map[string]string{"threshold": "nan 2"})))
	f.Add([]byte(small(map[string]string{"num_class": "999999999"})))
	f.Add([]byte(small(map[string]string{"right_child": "-2147483648 -2"})))
	f.Add([]byte(small(map[string]string{"split_feature": "-1 1"})))
	f.Add([]byte(deepText(100)))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadText(bytes.NewReader(text))
		if err != nil {
			return
		}
		row, out := make([]float64, m.NumFeatures()), make([]float64, m.NumOutputs())
		for _, v := range []float64{0, -3, 7.5, math.NaN(), math.Inf(1), 1e12} {
			for i := range row {
				row[i] = v
			}
			m.PredictRow(row, out)
		}
		m.FeatureImportance("gain")
		var again bytes.Buffer
		if err := m.WriteText(&again); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadText(&again); err != nil {
			t.Fatalf("the text written of a model that was read: %v", err)
		}
	})
}

func TestWriteTextKeepsNamesApart(t *testing.T) {
	features, label := usable()
	features[0].Name, features[1].Name = "flow rate", "flow_rate"
	p := DefaultParams()
	p.Objective, p.NumIterations = Binary, 2
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := m.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	again, err := ReadText(&text)
	if err != nil {
		t.Fatal(err)
	}
	if names := again.FeatureNames(); names[0] != "flow_rate" || names[1] != "flow_rate_1" {
		t.Errorf("got %q", names)
	}
}
